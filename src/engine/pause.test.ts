import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { AppError } from '../shared/errors/appError'
import { loadEngine } from './denoise/engine'
import { jobFor, settingsFor, voice, writeSmallModel, writeWav } from './denoise/engine.testkit'
import { JobHold, PauseGate } from './pause'
import type { EngineEvent, EngineSettings } from './protocol'
import { EngineServer } from './serve'

let folder = ''
let model: EngineSettings['model']
let wav = ''
let parts = 0

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stillwave-pause-'))
  model = await writeSmallModel(folder)
  wav = join(folder, 'a.wav')
  await writeWav(wav, 16000, [voice(16000 * 5, 16000, 1), voice(16000 * 5, 16000, 2)])
})
afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
})

type Of<T extends EngineEvent['type']> = Extract<EngineEvent, { type: T }>

/** The server with the real engine, in this process. */
class Bench {
  readonly events: EngineEvent[] = []
  readonly server: EngineServer
  private wake: () => void = () => undefined

  constructor(changes: Partial<EngineSettings> = {}) {
    this.server = new EngineServer((event) => {
      this.events.push(event)
      this.wake()
    }, loadEngine)
    void this.server.handle({
      type: 'start',
      generation: 1,
      settings: settingsFor(model, { chunkSec: 0.1, overlapSec: 0.02, ...changes })
    })
  }

  send(type: 'pause' | 'resume'): void {
    void this.server.handle({ type })
  }

  denoise(jobId: string): void {
    // A part file must not be there yet.
    const partPath = join(folder, `${++parts}.${jobId}.part`)
    void this.server.handle({ type: 'denoise', job: { ...jobFor(wav, jobId), partPath } })
  }

  count(type: EngineEvent['type']): number {
    return this.events.filter((event) => event.type === type).length
  }

  async next<T extends EngineEvent['type']>(type: T, wanted: (event: Of<T>) => boolean = () => true): Promise<Of<T>> {
    for (;;) {
      const found = this.events.find((event): event is Of<T> => event.type === type && wanted(event as Of<T>))
      if (found !== undefined) return found
      await new Promise<void>((resolve) => {
        this.wake = resolve
      })
    }
  }
}

const benches: Bench[] = []
afterEach(async () => {
  for (const bench of benches.splice(0)) await bench.server.shutdown()
})
function bench(changes: Partial<EngineSettings> = {}): Bench {
  const one = new Bench(changes)
  benches.push(one)
  return one
}

async function undisturbed(changes: Partial<EngineSettings>): Promise<string> {
  const one = bench(changes)
  one.denoise('plain')
  return (await one.next('done')).sha256
}

describe('pause', () => {
  it.each([
    ['carried', 1],
    ['carried', 2],
    ['overlap', 2]
  ] as const)('holds a file (%s, batch %i) and gives the same bytes after it', async (joinKind, batch) => {
    const plain = await undisturbed({ join: joinKind, batch })
    const one = bench({ join: joinKind, batch })
    one.denoise('held')
    await one.next('progress', (event) => event.audioSecDone > 1)
    one.send('pause')
    await sleep(300)
    const [progress, beats] = [one.count('progress'), one.count('heartbeat')]
    await sleep(1200)
    expect(one.count('progress')).toBe(progress)
    expect(one.count('done')).toBe(0)
    expect(one.count('heartbeat')).toBeGreaterThan(beats)
    one.send('resume')
    const done = await one.next('done')
    expect(done.sha256).toBe(plain)
  })

  it('holds the first pass too, and what was held is no processing time', async () => {
    const plain = await undisturbed({})
    const one = bench()
    await one.next('ready')
    one.denoise('early')
    one.send('pause')
    const asked = performance.now()
    await sleep(1500)
    expect(one.count('progress')).toBe(0)
    one.send('resume')
    const done = await one.next('done')
    expect(done.sha256).toBe(plain)
    const elapsedSec = (performance.now() - asked) / 1000
    expect(done.timings.wallSec).toBeLessThan(elapsedSec - 1.3)
    expect(done.timings.wallSec).toBeGreaterThan(done.timings.modelSec / 2)
  })

  it('begins no file while paused, and begins it on resume', async () => {
    const one = bench()
    one.send('pause')
    await one.next('ready')
    one.denoise('later')
    await sleep(200)
    expect(one.count('started')).toBe(0)
    one.send('resume')
    await one.next('done')
  })

  it('cancels at once while paused, running and waiting jobs, with nothing left of them', async () => {
    const one = bench()
    one.denoise('running')
    one.denoise('waiting')
    await one.next('progress', (event) => event.audioSecDone > 0.5)
    one.send('pause')
    await sleep(100)
    const asked = performance.now()
    for (const jobId of ['running', 'waiting']) {
      void one.server.handle({ type: 'cancel', jobId })
      expect(await one.next('failed', (event) => event.jobId === jobId)).toMatchObject({
        error: { code: 'E_CANCELLED' }
      })
    }
    expect(performance.now() - asked).toBeLessThan(500)
    expect((await readdir(folder)).filter((name) => name.includes('running.part'))).toEqual([])
  })

  it('shuts down at once while paused', async () => {
    const one = bench()
    one.denoise('running')
    await one.next('progress', (event) => event.audioSecDone > 0.5)
    one.send('pause')
    await sleep(100)
    const asked = performance.now()
    expect(await one.server.handle({ type: 'shutdown' })).toBe('closed')
    expect(performance.now() - asked).toBeLessThan(500)
    expect((await one.next('failed')).error.code).toBe('E_CANCELLED')
  })
})

describe('JobHold', () => {
  it('counts a job as held once all of its channels stand (would count a run that ended after Pause as a pause)', async () => {
    const gate = new PauseGate()
    const hold = new JobHold(gate, new AbortController().signal)
    gate.pause()
    const first = hold.checkpoint()
    await sleep(200)
    const second = hold.checkpoint()
    await sleep(100)
    gate.resume()
    await Promise.all([first, second])
    expect(hold.heldSec).toBeGreaterThan(0.08)
    expect(hold.heldSec).toBeLessThan(0.19)
  })

  it('throws the reason of a cancel, before, while and without a pause', async () => {
    const [gate, controller] = [new PauseGate(), new AbortController()]
    const hold = new JobHold(gate, controller.signal)
    await hold.checkpoint()
    gate.pause()
    const held = hold.checkpoint()
    controller.abort(new AppError('E_CANCELLED'))
    await expect(held).rejects.toMatchObject({ code: 'E_CANCELLED' })
    gate.resume()
    await expect(hold.checkpoint()).rejects.toMatchObject({ code: 'E_CANCELLED' })
  })
})
