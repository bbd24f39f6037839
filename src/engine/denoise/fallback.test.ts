import { access, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { plainWav } from '../../shared/wav/plainWav'
import { openSource } from '../../audio/io/openSource'
import { formulaStateDict } from '../model/formulaWeights'
import type { EngineSettings, ModelFiles } from '../protocol'
import type { Engine } from '../serve'
import { loadEngine } from './engine'
import { jobFor, settingsFor, unhurried, voice, writeWav } from './engine.testkit'
import type { DenoiseResult } from './pipeline'
import { writeModelPair } from './spoiled.testkit'

/** Whole files through FP16 graphs that overflow where it is loud, with FP32 behind them. */

const weights = formulaStateDict({ channels: 4, cascade: 1 })
let folder = ''
const models: Record<'half' | 'spoiledHalf' | 'full' | 'spoiledFull', ModelFiles> = {} as never
const engines: Engine[] = []

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stillwave-fallback-'))
  const at = (name: string): string => join(folder, `${name}.onnx`)
  const spoiling = { value: NaN, above: 1 }
  models.half = await writeModelPair(at('half'), weights, { isHalf: true })
  models.spoiledHalf = await writeModelPair(at('spoiledHalf'), weights, { isHalf: true, spoiling })
  models.full = await writeModelPair(at('full'), weights)
  models.spoiledFull = await writeModelPair(at('spoiledFull'), weights, { spoiling })
})
afterAll(async () => {
  for (const engine of engines) await engine.release()
  await rm(folder, { recursive: true, force: true })
})

async function engineOf(model: ModelFiles, changes: Partial<EngineSettings>): Promise<Engine> {
  const engine = await loadEngine(settingsFor(model, changes))
  engines.push(engine)
  return engine
}

const run = (engine: Engine, input: string, id = 'job'): Promise<DenoiseResult> =>
  engine.denoise(jobFor(input, id), unhurried())

/** A quiet voice; where it is loud, with one sample before its last half second that is over 1 at the model's level. */
async function recording(name: string, isLoud: boolean, seconds = 1.5): Promise<string> {
  const path = join(folder, `${name}.wav`)
  const samples = voice(16000 * seconds, 16000).map((x) => x / 8)
  if (isLoud) samples[samples.length - 9000] = 0.9
  await writeWav(path, 16000, [samples])
  return path
}

async function samplesOf(path: string): Promise<number[]> {
  const source = await openSource(path, { ffmpegPath: null })
  const samples: number[] = []
  for (let block = await source.read(4096); block !== null; block = await source.read(4096)) samples.push(...block[0]!)
  await source.close()
  return samples
}

function snrDb(wanted: readonly number[], given: readonly number[]): number {
  expect(given.length).toBe(wanted.length)
  let [power, difference] = [0, 0]
  wanted.forEach((x, i) => {
    power += x * x
    difference += (x - given[i]!) ** 2
  })
  return 10 * Math.log10(power / difference)
}

describe.each(['carried', 'overlap'] as const)('a file that FP16 is not good for, %s', (kind) => {
  const asked = { join: kind, chunkSec: 0.5, overlapSec: 0.1 }

  it('runs in FP16 and says so, within 45 dB of FP32 (would catch FP32 in its place, or a small FP16 model called FP32)', async () => {
    const half = await engineOf(models.half, { ...asked, fullModel: models.full })
    expect(half.facts).toMatchObject({ precision: 'fp16', device: 'cpu', fallbackFiles: 0, staysDown: false })
    const input = await recording(`fine-${kind}`, true)
    // At 16 bits each has a dither of its own, which is most of what lies between them.
    const inFloats = (engine: Engine, id: string): Promise<DenoiseResult> => {
      const output = { format: 'wav32f', quality: 'standard' } as const
      return engine.denoise({ ...jobFor(input, id), output }, unhurried())
    }
    const [inHalf, inFull] = [await inFloats(half, 'h'), await inFloats(await engineOf(models.full, asked), 'f')]
    expect([inHalf.warnings, inFull.warnings]).toEqual([[], []])
    expect(inHalf.sha256).not.toBe(inFull.sha256)
    const [a, b] = [await samplesOf(jobFor(input, 'f').partPath), await samplesOf(jobFor(input, 'h').partPath)]
    expect(snrDb(a, b)).toBeGreaterThan(45)
  })

  it('is finished in FP32 with a warning, the next one begins in FP16 again (would catch NaN in a file, and NaN frozen into its gates)', async () => {
    const engine = await engineOf(models.spoiledHalf, { ...asked, fullModel: models.full })
    // The short one goes wrong in its survey, the long one in its last second, which no excerpt has.
    const lengths = kind === 'carried' ? ([1.5, 9] as const) : ([1.5] as const)
    for (const seconds of lengths) {
      const name = `${seconds}-${kind}`
      const input = await recording(`loud-${name}`, true, seconds)
      const quiet = await run(engine, await recording(`quiet-${name}`, false))
      expect(quiet.warnings).toEqual([])
      expect(engine.facts.precision).toBe('fp16')
      const result = await run(engine, input)
      expect(result.warnings).toEqual(['W_PRECISION_FALLBACK'])
      expect(engine.facts.precision).toBe('fp32')
      const sound = await engineOf(models.full, asked)
      await run(sound, input, 'sound')
      const [wanted, given] = [
        await samplesOf(jobFor(input, 'sound').partPath),
        await samplesOf(jobFor(input).partPath)
      ]
      // Two quiet files of 16 bits: their dither is 40 dB below them.
      expect(snrDb(wanted, given)).toBeGreaterThan(35)
    }
    expect(engine.facts).toMatchObject({ fallbackFiles: lengths.length, staysDown: false })
  })

  it('fails with a code of its own where FP32 is no better, and the next file is fine (would catch E_INTERNAL, a part file left, an engine lost)', async () => {
    const engine = await engineOf(models.spoiledHalf, { ...asked, fullModel: models.spoiledFull })
    const input = await recording(`bad-${kind}`, true)
    await expect(run(engine, input)).rejects.toMatchObject({ code: 'E_MODEL_OUTPUT' })
    await expect(access(jobFor(input).partPath)).rejects.toThrow()
    expect((await run(engine, await recording(`after-${kind}`, false))).warnings).toEqual([])
    expect(engine.facts).toMatchObject({ precision: 'fp16', fallbackFiles: 0 })
  })
})

describe('FP32 files that are gone', () => {
  it('says what is missing where FP32 is gone, and the next file is fine', async () => {
    const missing = { ...models.full, onePassPath: join(folder, 'no.onnx'), statefulPath: join(folder, 'no.onnx') }
    const engine = await engineOf(models.spoiledHalf, { fullModel: missing })
    await expect(run(engine, await recording('gone', true))).rejects.toMatchObject({ code: 'E_MODEL_MISSING' })
    expect((await run(engine, await recording('still', false))).warnings).toEqual([])
  })
})

describe('a source with samples that are no numbers', () => {
  /** A float WAV of one channel at 16 kHz. */
  async function floatWav(name: string, samples: Float32Array): Promise<string> {
    const path = join(folder, `${name}.wav`)
    const shape = { sampleRateHz: 16_000, frames: samples.length, float: true }
    await writeFile(
      path,
      plainWav(shape, (frame) => samples[frame]!)
    )
    return path
  }

  it('is read as if they were silent, and is no fault of the model (would catch a good model blamed, and NaN carried to the end)', async () => {
    const engine = await engineOf(models.half, { fullModel: models.full })
    const samples = voice(48_000, 16000)
    samples.set([NaN, Infinity, -Infinity], 20_000)
    const zeroed = samples.map((x) => (Number.isFinite(x) ? x : 0))
    const [odd, plain] = [await floatWav('odd', samples), await floatWav('plain', zeroed)]
    const [result, expected] = [await run(engine, odd), await run(engine, plain)]
    expect(result).toMatchObject({ warnings: [], sha256: expected.sha256 })
    expect((await samplesOf(jobFor(odd).partPath)).every(Number.isFinite)).toBe(true)
    expect(engine.facts).toMatchObject({ precision: 'fp16', fallbackFiles: 0 })
  })
})
