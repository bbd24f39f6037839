import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { plainWav } from '../../shared/wav/plainWav'
import type { PreviewView } from '../../shared/ipc/playerViews'
import type { SettingsPatch } from '../../shared/settings/appSettings'
import { CoreBench, isBuilt } from './core.testkit'

const isLongForm = process.env.STILLWAVE_LONG === '1'

/** A batch of real work twice over, which a busy machine takes its time for. */
vi.setConfig({ testTimeout: 180_000 })

const NAMES = ['a.wav', 'b.wav', 'c.wav']
const IN_THE_SAME_ENGINE = [
  { batch: 1, join: 'carried', own: false },
  { batch: 3, join: 'carried', own: false },
  { batch: 3, join: 'overlap', own: false }
] as const

let bench: CoreBench
/** Engines that were opened. */
let opened = 0
beforeEach(async () => {
  bench = new CoreBench()
  const { openEngine } = bench
  opened = 0
  bench.openEngine = () => {
    opened++
    return openEngine()
  }
  await bench.open()
})
afterEach(async () => {
  await bench.remove()
})

/** 16-bit noise at 16 kHz, of its own for each seed. */
function recording(
  name: string,
  shape: { readonly durationSec: number; readonly channels: number; readonly seed: number }
): string {
  const { durationSec, channels, seed } = shape
  let state = seed
  const wav = plainWav({ sampleRateHz: 16_000, channels, frames: Math.round(durationSec * 16_000) }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return (state / 2 ** 32 - 0.5) * 6000
  })
  const full = bench.at(name)
  mkdirSync(path.dirname(full), { recursive: true })
  writeFileSync(full, wav)
  return full
}

const views = (previewId: string): PreviewView[] =>
  bench.pushes.flatMap((push) =>
    push.topic === 'preview' && push.preview.previewId === previewId ? [push.preview] : []
  )
const stateOf = (previewId: string): PreviewView['state'] | undefined => views(previewId).at(-1)?.state
const finished = (): boolean => bench.pushes.some(({ topic }) => topic === 'finished')
const fraction = (): number =>
  bench.pushes.reduce((last, push) => (push.topic === 'progress' ? (push.batch?.fraction ?? last) : last), 0)
const patch = (job: SettingsPatch['job']): Promise<unknown> => bench.core.handlers['settings.patch']({ job })

async function start(name = 'a.wav', startSec: number | null = 3): Promise<string> {
  const { previewId } = await bench.core.handlers['preview.start']({ jobId: bench.id(name), startSec, lengthSec: 10 })
  return previewId
}

async function ended(previewId: string): Promise<PreviewView['state']> {
  await bench.until(() => (stateOf(previewId)?.kind ?? 'working') !== 'working')
  return stateOf(previewId)!
}

async function fill(durationSec: number): Promise<void> {
  for (const [n, name] of NAMES.entries()) recording(`in/${name}`, { durationSec, channels: 1 + (n % 2), seed: n + 1 })
  await bench.add(bench.at('in'))
}

function outputs(): string[] {
  return NAMES.map((name) => {
    const clean = bench.at('in', name.replace('.wav', '.clean.wav'))
    return createHash('sha256').update(readFileSync(clean)).digest('hex')
  })
}

async function batchAlone(): Promise<string[]> {
  await bench.core.handlers['queue.start']({})
  await bench.until(finished, 60_000)
  const hashes = outputs()
  for (const name of NAMES) writeFileSync(bench.at('in', name.replace('.wav', '.clean.wav')), '')
  await bench.core.handlers['queue.remove']({ jobIds: bench.core.queueState.jobs.map(({ id }) => id) })
  bench.pushes.length = 0
  return hashes
}

describe.skipIf(!isBuilt())('a preview over the real engine and media process', () => {
  // In the same engine: e2e/window/previews.test.ts and src/engine/urgent.test.ts; here only in the long form.
  it.each([{ batch: 3, join: 'carried', own: true }, ...(isLongForm ? IN_THE_SAME_ENGINE : [])] as const)(
    'in mid-batch leaves every output byte-equal (batch $batch, $join, settings of its own: $own)',
    async (shape) => {
      const { batch, join, own } = shape
      await patch({ batch, join, output: { onExists: 'overwrite' } })
      await fill(20)
      const wanted = await batchAlone()
      expect(new Set(wanted).size).toBe(3)
      await bench.add(bench.at('in'))
      const engines = opened
      await bench.core.handlers['queue.start']({})
      await bench.until(() => fraction() > 0.1)
      if (own) await patch({ chunkSec: 0.5 })
      const previewId = await start()
      const state = await ended(previewId)
      expect(state).toMatchObject({ kind: 'done', startSec: 3, lengthSec: 10 })
      expect(bench.core.queueState.run.kind).toBe('running')
      expect(finished()).toBe(false)
      expect(opened - engines).toBe(own ? 1 : 0)
      await bench.until(finished, 60_000)
      expect(outputs()).toEqual(wanted)
      const files = bench.core.services.preview.filesOf(previewId)!
      expect(files).toMatchObject({ startSec: 3, window: { frames: 160_000 } })
      expect(readFileSync(files.cleanPath).length).toBeGreaterThan(160_000 * 2)
    }
  )

  it('opens an engine of its own where none is there, keeps it for the next, and measures how fast it was', async () => {
    await fill(20)
    const first = await ended(await start())
    expect(first.kind === 'done' && first.speed).toBeGreaterThan(0.1)
    const settings = bench.core.settings.job
    const { forecastSec } = await bench.core.preflight(settings)
    expect(forecastSec).toBeGreaterThan(0)
    expect(await ended(await start('b.wav', null))).toMatchObject({ kind: 'done', lengthSec: 10 })
    expect(opened).toBe(1)
  })

  it("takes the form's strength: at 0 nothing is taken away", async () => {
    await fill(15)
    await patch({ strengthPercent: 0 })
    const previewId = await start()
    await ended(previewId)
    const { originalPath, cleanPath } = bench.core.services.preview.filesOf(previewId)!
    const [original, clean] = [samplesOf(originalPath), samplesOf(cleanPath)]
    expect(clean.length).toBe(original.length)
    expect(clean.every((value, n) => Math.abs(value - original[n]!) < 1e-3)).toBe(true)
  })

  it('has all that its result will have: loudness, ceiling, channels, band, floor (a preview as loud as the source)', async () => {
    for (const [n, name] of ['a.wav', 'b.wav'].entries())
      recording(`in/${name}`, { durationSec: 4, channels: 2, seed: n + 1 })
    const output = { loudness: 'target', targetLufs: -24, truePeakDb: -9, channels: 'mono', format: 'wav32f' } as const
    await patch({ floorDb: 12, output: { ...output, above8k: 'remove' } })
    await bench.add(bench.at('in'))
    const previewId = await start('a.wav', 0)
    expect(await ended(previewId)).toMatchObject({ kind: 'done', startSec: 0, lengthSec: 4 })
    await bench.core.handlers['queue.start']({})
    await bench.until(finished, 60_000)
    const [preview, result] = [bench.core.services.preview.filesOf(previewId)!.cleanPath, bench.at('in/a.clean.wav')]
    const [heard, written] = [samplesOf(preview), samplesOf(result)]
    expect(heard).toHaveLength(4 * 16_000)
    expect(Math.max(...heard.map((value, at) => Math.abs(value - written[at]!)))).toBeLessThan(1e-6)
    const powers = [heard, samplesOf(bench.at('in/a.wav'))].map(
      (of) => of.reduce((sum, x) => sum + x * x, 0) / of.length
    )
    expect(powers[0]! / powers[1]!).not.toBeCloseTo(1, 1)
  })

  it('leaves a paused batch paused, with and without an engine of its own', async () => {
    await fill(60)
    await bench.core.handlers['queue.start']({})
    await bench.until(() => fraction() > 0.02)
    await bench.core.handlers['queue.pause']({})
    expect(await ended(await start())).toMatchObject({ kind: 'done' })
    await patch({ chunkSec: 0.5 })
    expect(await ended(await start())).toMatchObject({ kind: 'done' })
    const held = fraction()
    await new Promise((resolve) => setTimeout(resolve, 700))
    expect(fraction()).toBe(held)
    expect(bench.core.queueState.run.kind).toBe('paused')
    await bench.core.handlers['queue.resume']({})
    await bench.until(() => fraction() > held)
  })

  it('is one at a time: a new one ends the last; a cancel, and a file that goes, end it too; the batch goes on', async () => {
    await fill(60)
    await patch({ chunkSec: 1 })
    await bench.core.handlers['queue.start']({})
    await bench.until(() => fraction() > 0.01)
    await patch({ chunkSec: 0.5 })
    const first = await start()
    const second = await start('b.wav')
    expect(await ended(first)).toMatchObject({ kind: 'failed', error: { code: 'E_CANCELLED' } })
    await bench.core.handlers['preview.cancel']({ previewId: second })
    expect(await ended(second)).toMatchObject({ kind: 'failed', error: { code: 'E_CANCELLED' } })
    const third = await start('c.wav')
    await bench.core.handlers['queue.remove']({ jobIds: [bench.id('c.wav')] })
    expect(await ended(third)).toMatchObject({ kind: 'failed', error: { code: 'E_CANCELLED' } })
    const now = fraction()
    await bench.until(() => fraction() > now + 0.01)
    expect(readdirSync(path.join(bench.data, 'cache', 'previews'))).toEqual([])
    await expect(start('c.wav')).rejects.toThrow()
  })

  it('fails with a code where the file is gone, and the batch goes on', async () => {
    await fill(60)
    const full = recording('more/gone.wav', { durationSec: 20, channels: 1, seed: 9 })
    await bench.add(full)
    writeFileSync(full, 'RIFF')
    await bench.core.handlers['queue.start']({})
    await bench.until(() => fraction() > 0.02)
    const state = await ended(await start('gone.wav'))
    expect(state.kind).toBe('failed')
    expect(state.kind === 'failed' && state.error.code).not.toBe('E_INTERNAL')
    const now = fraction()
    await bench.until(() => fraction() > now)
  })

  it('survives the end of its engine: it fails with a code, and the batch goes on', async () => {
    await fill(60)
    await bench.core.handlers['queue.start']({})
    await bench.until(() => fraction() > 0.01)
    await patch({ chunkSec: 0.5 })
    const previewId = await start()
    await bench.until(() => bench.core.services.preview.enginePids.length > 0)
    process.kill(bench.core.services.preview.enginePids[0]!, 'SIGKILL')
    const state = await ended(previewId)
    // Killed while it loaded it is started once more.
    expect(state.kind === 'failed' ? state.error.code : 'done').toMatch(/^(?:E_ENGINE_CRASH|done)$/u)
    const now = fraction()
    await bench.until(() => fraction() > now)
  })

  it('does not keep the app from closing, nor leave anything of it', async () => {
    await fill(60)
    await patch({ chunkSec: 0.5 })
    await start()
    await bench.until(() => bench.core.services.preview.enginePids.length > 0)
    const pid = bench.core.services.preview.enginePids[0]!
    const begun = performance.now()
    await bench.close()
    expect(performance.now() - begun).toBeLessThan(3000)
    expect(existsSync(path.join(bench.data, 'cache', 'previews'))).toBe(false)
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(() => process.kill(pid, 0)).toThrow()
  })

  it('outlives a Start with other settings', async () => {
    await fill(15)
    await bench.core.handlers['queue.start']({})
    await bench.until(finished, 60_000)
    bench.pushes.length = 0
    const previewId = await start()
    await patch({ batch: 2 })
    recording('more/d.wav', { durationSec: 5, channels: 1, seed: 4 })
    await bench.add(bench.at('more'))
    await bench.core.handlers['queue.start']({})
    expect(await ended(previewId)).toMatchObject({ kind: 'done' })
    await bench.until(finished, 60_000)
    expect(bench.kinds()).toContain('d.wav:done')
  })
})

/** Samples of a WAV of floats or 16 bits, whatever stands between its header and them. */
function samplesOf(file: string): number[] {
  const bytes = readFileSync(file)
  const at = bytes.indexOf('data') + 8
  const size = bytes.readUInt32LE(at - 4)
  const isFloat = bytes.readUInt16LE(20) === 3 || bytes.readUInt16LE(bytes.indexOf('fmt ') + 8) !== 1
  const width = isFloat ? 4 : 2
  return Array.from({ length: Math.floor(size / width) }, (_, n) => {
    return isFloat ? bytes.readFloatLE(at + n * 4) : bytes.readInt16LE(at + n * 2) / 32768
  })
}
