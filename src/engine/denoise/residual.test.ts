import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodeFile } from '../../audio/io/testing/fixtures'
import type { EngineSettings } from '../protocol'
import type { Engine } from '../serve'
import { loadEngine } from './engine'
import { newRecombiner } from './recombine'
import { withResidual } from './residual'
import { jobFor, settingsFor, unhurried, voice, writeSmallModel, writeWav } from './engine.testkit'

let folder = ''
let model: EngineSettings['model']

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stillwave-residual-'))
  model = await writeSmallModel(folder)
})
afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
})

/** One step of the 16-bit files that are written. */
const LSB_16 = 1 / 32768

async function denoised(engine: Engine, path: string, residualGain: number): Promise<Float32Array[]> {
  const job = { ...jobFor(path, `g${residualGain}`), residualGain }
  await engine.denoise(job, unhurried())
  return (await decodeFile(job.partPath)).channels
}

function largest(a: readonly Float32Array[], of: (x: number, channel: number, i: number) => number): number {
  let most = 0
  for (const [channel, samples] of a.entries()) {
    for (let i = 0; i < samples.length; i++) most = Math.max(most, Math.abs(of(samples[i]!, channel, i)))
  }
  return most
}

it('leaves everything as it is where nothing is left in (would catch a rounding that changes every output)', () => {
  const recombiner = newRecombiner({
    ...{ sampleRateHz: 48_000, modelRateHz: 16_000, frames: 100 },
    ...{ above8k: 'keep', residualGain: 0 }
  })
  expect(withResidual(recombiner, 0)).toBe(recombiner)
})

describe.each(['carried', 'overlap'] as const)('what is left in, %s', (joinKind) => {
  it.each([
    [8000, 1, 8_765],
    [16000, 1, 40_123],
    [48000, 2, 120_017],
    [44100, 2, 99_999]
  ])(
    '%i Hz, %i channels: 1 gives the source, 0.3 lies on the line between (would catch a lag, or channels exchanged)',
    async (rate, count, frames) => {
      const engine = await loadEngine(settingsFor(model, { join: joinKind, chunkSec: 0.4, overlapSec: 0.1 }))
      const path = join(folder, `${joinKind}-${rate}.wav`)
      await writeWav(
        path,
        rate,
        Array.from({ length: count }, (_, c) => voice(frames, rate, c + 1))
      )
      const source = (await decodeFile(path)).channels
      const clean = await denoised(engine, path, 0)
      expect(largest(clean, (x, c, i) => x - source[c]![i]!)).toBeGreaterThan(100 * LSB_16)
      const whole = await denoised(engine, path, 1)
      expect(whole.map((samples) => samples.length)).toEqual(source.map(() => frames))
      // TPDF dither: up to one and a half steps.
      expect(largest(whole, (x, c, i) => x - source[c]![i]!)).toBeLessThan(2 * LSB_16)
      const some = await denoised(engine, path, 0.3)
      const between = (x: number, c: number, i: number): number => x - (0.7 * clean[c]![i]! + 0.3 * source[c]![i]!)
      expect(largest(some, between)).toBeLessThan(4 * LSB_16)
      await engine.release()
    }
  )
})
