import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { loadEngine } from './denoise/engine'
import { jobFor, settingsFor, voice, writeSmallModel, writeWav } from './denoise/engine.testkit'
import type { EngineEvent, EngineSettings } from './protocol'
import { EngineServer } from './serve'

let folder = ''
let model: EngineSettings['model']
let parts = 0
const RATE = 16000
const FILES = ['mono.wav', 'stereo.wav', 'other.wav']
/** The first two in the suite, all in the long form. */
const EVERY_JOIN = [
  ['carried', 3],
  ['overlap', 1],
  ['carried', 1],
  ['overlap', 3]
] as const

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stillwave-urgent-'))
  model = await writeSmallModel(folder)
  await writeWav(join(folder, 'mono.wav'), RATE, [voice(RATE * 10, RATE, 1)])
  await writeWav(join(folder, 'stereo.wav'), RATE, [voice(RATE * 5, RATE, 2), voice(RATE * 5, RATE, 3)])
  await writeWav(join(folder, 'other.wav'), RATE, [voice(RATE * 2, RATE, 4)])
  await writeWav(join(folder, 'urgent.wav'), RATE, [voice(RATE * 1.5, RATE, 5), voice(RATE * 1.5, RATE, 6)])
})
afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
})

type Of<T extends EngineEvent['type']> = Extract<EngineEvent, { type: T }>

/** The server with the real engine, in this process. */
class Bench {
  readonly events: EngineEvent[] = []
  readonly server: EngineServer
  private waiting: (() => void)[] = []

  constructor(changes: Partial<EngineSettings> = {}) {
    this.server = new EngineServer((event) => {
      this.events.push(event)
      for (const wake of this.waiting.splice(0)) wake()
    }, loadEngine)
    const settings = settingsFor(model, { chunkSec: 0.1, overlapSec: 0.02, ...changes })
    void this.server.handle({ type: 'start', generation: 1, settings })
  }

  denoise(name: string, isUrgent = false): void {
    const partPath = join(folder, `${++parts}.part`)
    void this.server.handle({ type: 'denoise', job: { ...jobFor(join(folder, name), name), partPath, isUrgent } })
  }

  of<T extends EngineEvent['type']>(type: T): Of<T>[] {
    return this.events.filter((event): event is Of<T> => event.type === type)
  }

  async until<T>(look: () => T | undefined): Promise<T> {
    for (;;) {
      const found = look()
      if (found !== undefined) return found
      await new Promise<void>((resolve) => {
        this.waiting.push(resolve)
      })
    }
  }

  done(name: string): Promise<Of<'done'>> {
    return this.until(() => this.of('done').find(({ jobId }) => jobId === name))
  }

  /** Some of a file's audio is through. */
  async inWork(name: string): Promise<void> {
    await this.until(() => this.of('progress').find((event) => event.jobId === name && event.audioSecDone > 0))
  }
}

const benches: Bench[] = []
afterEach(async () => {
  for (const one of benches.splice(0)) await one.server.shutdown()
})
function bench(changes: Partial<EngineSettings> = {}): Bench {
  const one = new Bench(changes)
  benches.push(one)
  return one
}

describe('an urgent job', () => {
  it.each(process.env.STILLWAVE_LONG === '1' ? EVERY_JOIN : EVERY_JOIN.slice(0, 2))(
    'goes in at once and alone, and every file has the bytes it has without it (%s, batch %i)',
    async (joinKind, batch) => {
      const plain = bench({ join: joinKind, batch })
      for (const name of FILES) plain.denoise(name)
      const wanted = await Promise.all(FILES.map(async (name) => (await plain.done(name)).sha256))
      const alone = bench({ join: joinKind, batch })
      alone.denoise('urgent.wav')
      const wantedUrgent = (await alone.done('urgent.wav')).sha256

      const one = bench({ join: joinKind, batch })
      for (const name of FILES) one.denoise(name)
      await one.inWork('mono.wav')
      const before = one.of('done')
      one.denoise('urgent.wav', true)
      const urgent = await one.done('urgent.wav')
      expect(urgent.sha256).toBe(wantedUrgent)
      expect(one.of('done')).toEqual([...before, urgent])
      expect(before.map(({ jobId }) => jobId)).not.toContain('mono.wav')
      expect(await Promise.all(FILES.map(async (name) => (await one.done(name)).sha256))).toEqual(wanted)
    }
  )

  it('does not wait for lanes that are held (50 ms a run)', async () => {
    const alone = bench({ batch: 3 })
    alone.denoise('urgent.wav', true)
    const { timings: free } = await alone.done('urgent.wav')
    const one = bench({ batch: 3 })
    for (const name of FILES) one.denoise(name)
    await one.inWork('mono.wav')
    one.denoise('urgent.wav', true)
    const { timings } = await one.done('urgent.wav')
    // 15 runs a channel and the survey's: a stall for each would be two seconds and more.
    expect(timings.wallSec).toBeLessThan(free.wallSec * 2 + 0.5)
  })

  it('goes in while the others are paused, who stay so after it; what they wait is no work of theirs', async () => {
    const one = bench()
    one.denoise('mono.wav')
    await one.inWork('mono.wav')
    const begun = performance.now()
    void one.server.handle({ type: 'pause' })
    one.denoise('urgent.wav', true)
    await one.done('urgent.wav')
    const progress = (): number => one.of('progress').filter(({ jobId }) => jobId === 'mono.wav').length
    const before = progress()
    await sleep(500)
    expect(progress()).toBe(before)
    const heldSec = (performance.now() - begun) / 1000
    void one.server.handle({ type: 'resume' })
    const { timings } = await one.done('mono.wav')
    const wallSec = (performance.now() - begun) / 1000
    expect(timings.wallSec).toBeGreaterThan(0)
    expect(wallSec).toBeGreaterThan(heldSec)
    const plain = bench()
    plain.denoise('mono.wav')
    const { timings: free } = await plain.done('mono.wav')
    expect(timings.wallSec).toBeLessThan(free.wallSec * 2 + 0.3)
  })

  it('is cancelled, or the held ones are, at once; a cancelled one lets the others go on', async () => {
    const one = bench()
    one.denoise('mono.wav')
    one.denoise('other.wav')
    await one.inWork('mono.wav')
    one.denoise('urgent.wav', true)
    await one.until(() => one.of('started').find(({ jobId }) => jobId === 'urgent.wav'))
    void one.server.handle({ type: 'cancel', jobId: 'mono.wav' })
    await one.until(() => one.of('failed').find(({ jobId }) => jobId === 'mono.wav'))
    expect(one.of('done')).toEqual([])
    void one.server.handle({ type: 'cancel', jobId: 'urgent.wav' })
    await one.done('other.wav')
    expect(one.of('failed').map(({ jobId, error }) => `${jobId} ${error.code}`)).toEqual([
      'mono.wav E_CANCELLED',
      'urgent.wav E_CANCELLED'
    ])
  })

  it('leaves the heart beating with the facts of the session', async () => {
    const one = bench({ batch: 3 })
    for (const name of FILES) one.denoise(name)
    for (const name of FILES) await one.done(name)
    const facts = await one.until(() => one.of('heartbeat').at(-1)?.facts ?? undefined)
    expect(facts).toMatchObject({
      fileName: 'small.stateful.onnx',
      isVerified: false,
      graph: 'stateful',
      precision: 'fp32'
    })
    const last = await one.until(() => one.of('heartbeat').find((beat) => beat.facts?.files === 3)?.facts ?? undefined)
    expect(last.runs).toBeGreaterThan(30)
    expect(last.buffersInUse).toBeGreaterThan(0)
    expect(last.lanes).toBeGreaterThanOrEqual(1)
  })
})
