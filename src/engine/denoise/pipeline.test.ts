import { access, appendFile, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openSource } from '../../audio/io/openSource'
import { AppError } from '../../shared/errors/appError'
import type { EngineSettings, FileJob } from '../protocol'
import type { Engine, JobHooks } from '../serve'
import { loadEngine } from './engine'
import { jobFor, settingsFor, transparentWeights, unhurried, voice, writeSmallModel, writeWav } from './engine.testkit'
import { withSpokenCode } from './pipeline'
import type { DenoiseResult } from './pipeline'

let folder = ''
let model: EngineSettings['model']
const engines: Engine[] = []

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stillwave-pipeline-'))
  model = await writeSmallModel(folder)
})
afterAll(async () => {
  for (const engine of engines) await engine.release()
  await rm(folder, { recursive: true, force: true })
})

async function engineWith(changes: Partial<EngineSettings> = {}): Promise<Engine> {
  const engine = await loadEngine(settingsFor(model, changes))
  engines.push(engine)
  return engine
}

function run(engine: Engine, job: FileJob, hooks: Partial<JobHooks> = {}): Promise<DenoiseResult> {
  return engine.denoise(job, { ...unhurried(), ...hooks })
}

async function readAll(path: string): Promise<Float32Array[]> {
  const source = await openSource(path, { ffmpegPath: null })
  const parts: number[][] = Array.from({ length: source.format.channels }, () => [])
  for (let block = await source.read(4096); block !== null; block = await source.read(4096)) {
    block.forEach((samples, channel) => parts[channel]!.push(...samples))
  }
  await source.close()
  return parts.map((samples) => Float32Array.from(samples))
}

let files = 0
async function wav(rate: number, channels: readonly Float32Array[]): Promise<string> {
  const path = join(folder, `in${files++}.wav`)
  await writeWav(path, rate, channels)
  return path
}

async function floatWav(rate: number, samples: Float32Array): Promise<string> {
  const path = await wav(rate, [samples.map(() => 0)])
  const head = (await readFile(path)).subarray(0, 44)
  const bytes = samples.byteLength
  head.writeUInt32LE(36 + bytes, 4)
  head.writeUInt16LE(3, 20)
  head.writeUInt32LE(rate * 4, 28)
  head.writeUInt16LE(4, 32)
  head.writeUInt16LE(32, 34)
  head.writeUInt32LE(bytes, 40)
  await writeFile(path, Buffer.concat([head, Buffer.from(samples.buffer)]))
  return path
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false
  )

describe.each(['carried', 'overlap'] as const)('denoiseFile, %s', (joinKind) => {
  it.each([
    [16000, 1, 1],
    [16000, 1, 1600],
    [16000, 2, 16001],
    [16000, 1, 40_123],
    [8000, 1, 12_345],
    [44100, 2, 50_001],
    [48000, 1, 1],
    [48000, 2, 4_801],
    [11025, 1, 9_999]
  ])('gives back %i Hz, %i channels, %i frames exactly', async (rate, channels, frames) => {
    const engine = await engineWith({ join: joinKind })
    expect(engine.join).toBe(joinKind)
    const input = await wav(
      rate,
      Array.from({ length: channels }, (_, c) => voice(frames, rate, c + 1))
    )
    const job = jobFor(input, joinKind)
    const result = await run(engine, job)
    expect(result).toMatchObject({ frames, sampleRateHz: rate, channels, extension: '.wav', warnings: [] })
    const out = await readAll(job.partPath)
    expect(out.map((channel) => channel.length)).toEqual(Array.from({ length: channels }, () => frames))
    if (frames > 1) for (const channel of out) expect(channel.some((x) => x !== 0)).toBe(true)
  })
})

describe('denoiseFile', () => {
  it.each([16000, 8000, 48000, 44100, 22050])(
    'gives %i Hz back in time and at its level where the mask is 1 (would catch a delay or gain that is not undone)',
    async (rate) => {
      const transparent = await writeSmallModel(folder, transparentWeights(), 'transparent')
      for (const joinKind of ['carried', 'overlap'] as const) {
        const engine = await loadEngine(settingsFor(transparent, { join: joinKind, chunkSec: 0.3, overlapSec: 0.1 }))
        engines.push(engine)
        const noisy = voice(rate * 3 + 77, rate)
        const job = jobFor(await wav(rate, [noisy]), 'time')
        await run(engine, job)
        const clean = (await readAll(job.partPath))[0]!
        expect(clean.length).toBe(noisy.length)
        // What the resampler's transition band holds of the noise may differ; a lag of one sample of the tone would be -30 dB.
        const difference = clean.map((x, i) => x - noisy[i]!)
        const db = 20 * Math.log10(rms(difference) / rms(noisy))
        expect(db).toBeLessThan(rate === 16000 ? -70 : -25)
      }
    }
  )

  it.each([44_100, 48_000])(
    'says of %i Hz that its samples are too large, where they overflow on the way out of the model (the writer said E_INTERNAL)',
    async (rate) => {
      const transparent = await writeSmallModel(folder, transparentWeights(), 'large')
      const engine = await loadEngine(settingsFor(transparent))
      engines.push(engine)
      // A square wave at float32's end: whatever rounds its corners goes beyond it.
      const square = Float32Array.from({ length: rate }, (_, n) => (n % 100 < 50 ? 3.4e38 : -3.4e38))
      const input = await floatWav(rate, square)
      const job = jobFor(input, 'large')
      await expect(run(engine, job)).rejects.toMatchObject({
        code: 'E_CORRUPT',
        data: { detail: 'its samples are too large to count with' }
      })
      expect(await exists(job.partPath)).toBe(false)
    }
  )

  it('scales with its source (would catch a level that depends on anything but the file)', async () => {
    const engine = await engineWith()
    const noisy = voice(40_000, 16000)
    const jobs = [noisy, noisy.map((x) => x / 4)].map(async (samples, i) =>
      jobFor(await wav(16000, [samples]), `s${i}`)
    )
    const [loud, quiet] = await Promise.all(jobs)
    await run(engine, loud!)
    await run(engine, quiet!)
    const [a, b] = [(await readAll(loud!.partPath))[0]!, (await readAll(quiet!.partPath))[0]!]
    const worst = a.reduce((most, x, i) => Math.max(most, Math.abs(x / 4 - b[i]!)), 0)
    expect(worst).toBeLessThan(4 / 32768)
  })

  it('writes the same bytes alone and beside other files', async () => {
    const inputs: string[] = []
    for (const seed of [1, 2, 3]) inputs.push(await wav(16000, [voice(30_000 + 9000 * seed, 16000, seed)]))
    const alone = await engineWith()
    const beside = await engineWith({ batch: 2 })
    const hashes: string[] = []
    for (const input of inputs) hashes.push((await run(alone, jobFor(input, 'alone'))).sha256)
    const together = await Promise.all(inputs.map((input) => run(beside, jobFor(input, 'beside'))))
    expect(together.map((result) => result.sha256)).toEqual(hashes)
  })

  it('keeps a silent file silent without running the model, and a silent channel beside a loud one', async () => {
    const engine = await engineWith()
    const silent = jobFor(await wav(16000, [new Float32Array(50_000)]), 'silent')
    expect((await run(engine, silent)).modelSec).toBe(0)
    expect((await readAll(silent.partPath))[0]).toEqual(new Float32Array(50_000))
    const half = jobFor(await wav(48000, [new Float32Array(50_000), voice(50_000, 48000)]), 'half')
    await run(engine, half)
    const [left, right] = await readAll(half.partPath)
    expect(left).toEqual(new Float32Array(50_000))
    expect(rms(right!)).toBeGreaterThan(0.001)
  })

  it('denoises dual mono once, and as each channel would be alone; not what differs in one sample', async () => {
    const engine = await engineWith()
    const one = voice(40_000, 16000)
    const other = one.slice()
    other[39_999]! += 0.01
    const mono = jobFor(await wav(16000, [one]), 'mono')
    const dual = jobFor(await wav(16000, [one, one.slice()]), 'dual')
    const almost = jobFor(await wav(16000, [one, other]), 'almost')
    const laneSec: number[] = []
    for (const job of [mono, dual, almost]) {
      const before = engine.facts.laneSec
      await run(engine, job)
      laneSec.push(engine.facts.laneSec - before)
    }
    const alone = (await readAll(mono.partPath))[0]!
    for (const channel of await readAll(dual.partPath)) {
      expect(channel.every((x, i) => Math.abs(x - alone[i]!) < 4 / 32768)).toBe(true)
    }
    expect(laneSec[1]).toBeCloseTo(laneSec[0]!, 6)
    expect(laneSec[2]).toBeCloseTo(2 * laneSec[0]!, 6)
  })

  it('stops when cancelled and leaves no part file', async () => {
    const engine = await engineWith({ chunkSec: 0.1 })
    const controller = new AbortController()
    const job = jobFor(await wav(16000, [voice(16000 * 60, 16000)]), 'cancel')
    const running = run(engine, job, {
      signal: controller.signal,
      onProgress: ({ audioSecDone }) => {
        if (audioSecDone > 0.5) controller.abort(new AppError('E_CANCELLED'))
      }
    })
    await expect(running).rejects.toMatchObject({ code: 'E_CANCELLED' })
    expect(await exists(job.partPath)).toBe(false)
  })

  it('notices a source that grows or shrinks under it', async () => {
    const engine = await engineWith({ chunkSec: 0.1 })
    for (const change of [(path: string) => appendFile(path, 'more'), (path: string) => truncate(path, 20_000)]) {
      const job = jobFor(await wav(16000, [voice(16000 * 5, 16000)]), 'changed')
      const changes: Promise<void>[] = []
      const running = run(engine, job, {
        onProgress: ({ audioSecDone }) => {
          if (audioSecDone > 0 && changes.length === 0) changes.push(change(job.inputPath))
        }
      })
      await expect(running).rejects.toMatchObject({ code: 'E_SOURCE_CHANGED' })
      await Promise.all(changes)
      expect(changes.length).toBe(1)
      expect(await exists(job.partPath)).toBe(false)
    }
  })

  it('reports progress that only grows and ends at 1', async () => {
    const engine = await engineWith({ chunkSec: 0.2 })
    const fractions: number[] = []
    const job = jobFor(await wav(16000, [voice(50_000, 16000)]), 'progress')
    await run(engine, job, { onProgress: ({ fraction }) => fractions.push(fraction) })
    expect(fractions).toEqual([...fractions].sort((a, b) => a - b))
    expect(fractions.at(-1)).toBe(1)
    expect(fractions.length).toBeGreaterThan(10)
  })

  it('says E_MODEL_DAMAGED for a model of another hash or one cut short, E_MODEL_MISSING for none', async () => {
    const bad = { ...model, statefulSha256: '0'.repeat(64) }
    await expect(loadEngine(settingsFor(bad))).rejects.toMatchObject({ code: 'E_MODEL_DAMAGED' })
    const cut = join(folder, 'cut.onnx')
    await writeCut(model.statefulPath!, cut)
    await expect(loadEngine(settingsFor({ ...model, statefulPath: cut }))).rejects.toMatchObject({
      code: 'E_MODEL_DAMAGED'
    })
    const none = { ...model, statefulPath: join(folder, 'none.onnx') }
    await expect(loadEngine(settingsFor(none))).rejects.toMatchObject({ code: 'E_MODEL_MISSING' })
  })

  it('never takes the CPU for a device that is not there', async () => {
    await expect(loadEngine(settingsFor(model, { device: 'coreml' }))).rejects.toMatchObject({
      code: 'E_DEVICE_UNAVAILABLE'
    })
  })
})

describe('withSpokenCode', () => {
  it.each(['bad allocation', 'std::bad_alloc', 'Failed to allocate memory for requested buffer of size 5'])(
    'reads "%s" as E_MEMORY',
    (detail) => {
      expect(withSpokenCode(new AppError('E_INTERNAL', { detail })).code).toBe('E_MEMORY')
    }
  )

  it('reads the words of a device that has gone as E_GPU_LOST, and memory first', () => {
    const lost = 'CUDA failure 719: unspecified launch failure ; GPU=0'
    expect(withSpokenCode(new AppError('E_INTERNAL', { detail: lost })).code).toBe('E_GPU_LOST')
    const full = 'CUDA failure 2: out of memory ; GPU=0'
    expect(withSpokenCode(new AppError('E_INTERNAL', { detail: `${full}; ${lost}` })).code).toBe('E_GPU_OOM')
  })

  it('leaves other errors as they are', () => {
    expect(withSpokenCode(new AppError('E_INTERNAL', { detail: 'a bug' })).code).toBe('E_INTERNAL')
    expect(withSpokenCode(new AppError('E_IO', { detail: 'bad allocation' })).code).toBe('E_IO')
  })
})

async function writeCut(from: string, to: string): Promise<void> {
  const bytes = await readFile(from)
  await appendFile(to, bytes.subarray(0, bytes.length / 2))
}

function rms(samples: Float32Array): number {
  return Math.sqrt(samples.reduce((sum, x) => sum + x * x, 0) / samples.length)
}
