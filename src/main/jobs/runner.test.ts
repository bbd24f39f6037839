import { appendFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { EngineSettings } from '../../engine/protocol'
import type { ErrorPayload } from '../../shared/errors/appError'
import type { QueueState } from '../../shared/jobs/queue'
import { emptyQueue } from '../../shared/jobs/reduceQueue'
import { DEFAULT_JOB_SETTINGS, type JobSettings } from '../../shared/settings/jobSettings'
import { EngineHost } from '../processes/engineHost'
import { HOST_LIMITS } from '../processes/engineProcess'
import { FakeEngineFolder, fakeSettings } from '../processes/fakeEngine.testkit'
import { forkTransport } from '../processes/forkTransport'
import { planOutputs } from './outputPlan'
import { OutputClaims } from './outputClaims'
import { QueueRunner, type RunnerOptions } from './runner'
import { QueueStore } from './queueStore'
import { scanInputs } from './scanInputs'

let folder: FakeEngineFolder
let host: EngineHost

beforeEach(async () => {
  folder = new FakeEngineFolder()
  host = new EngineHost(() => forkTransport(folder.enginePath), { ...HOST_LIMITS, cancelMs: 200 })
  await host.start(fakeSettings())
})
afterEach(async () => {
  await host.shutdown()
  folder.remove()
})

interface Bench {
  readonly store: QueueStore
  readonly runner: QueueRunner
  readonly add: (names: readonly string[], settings?: Partial<JobSettings>) => Promise<void>
}

/** Files whose names say what the engine does with them (fakeEngine.testkit); their names are their jobs' ids. */
function bench(more: Partial<RunnerOptions> = {}): Bench {
  const store = new QueueStore(emptyQueue('epoch'))
  const claims = new OutputClaims()
  const runner = new QueueRunner({
    store,
    engine: host,
    claims,
    engineSettings: ({ batch }) => Promise.resolve({ ...fakeSettings(), batch }),
    modelHash: () => Promise.resolve('weights'),
    keepsWaiting: false,
    ...more
  })
  const add: Bench['add'] = async (names, changes = {}) => {
    const inputs = names.map((name) => path.join(folder.root, name))
    for (const input of inputs) writeFileSync(input, 'noisy')
    const { files } = await scanInputs(inputs, { recursive: true, outDir: null })
    await claims.addInputs(files)
    const settings = { ...DEFAULT_JOB_SETTINGS, ...changes }
    const items = files.map((file) => ({ ...file, id: path.basename(file.path) }))
    const planned = await planOutputs(items, { ...settings, claims, folders: [] })
    const jobs = planned.map(({ file, outputPath, error }) => {
      const { id, root, relativePath, explicit, identity } = file
      return { id, inputPath: file.path, root, relativePath, explicit, identity, outputPath, error }
    })
    store.dispatch({ type: 'jobsAdded', jobs, settingsKey: JSON.stringify(settings), settings })
  }
  return { store, runner, add }
}

interface Finished {
  readonly kinds: readonly string[]
  readonly state: QueueState
  readonly stopReason: ErrorPayload | null
  readonly left: readonly string[]
}

async function run(
  names: readonly string[],
  more: Partial<RunnerOptions> = {},
  settings: Partial<JobSettings> = {}
): Promise<Finished> {
  const { store, runner, add } = bench(more)
  await add(names, settings)
  const stopReason = await runner.run()
  return { kinds: kindsOf(store), state: store.state, stopReason, left: partsLeft() }
}
const kindsOf = (store: QueueStore): string[] => store.state.jobs.map((job) => job.status.kind)
const partsLeft = (): string[] => readdirSync(folder.root).filter((name) => name.endsWith('.part'))
const jobsRun = (): string[] =>
  readFileSync(folder.logPath, 'utf8')
    .split('\n')
    .flatMap((line) => (line.startsWith('job ') ? [line.slice(4)] : []))
const starts = (): number => readFileSync(folder.logPath, 'utf8').match(/start/g)?.length ?? 0

describe('QueueRunner', () => {
  it('goes on after a bad file and keeps the order', async () => {
    const { kinds, left } = await run(['ok-1.wav', 'corrupt.wav', 'ok-2.wav'])
    expect(kinds).toEqual(['done', 'failed', 'done'])
    expect(left).toEqual([])
  })

  it('retries a file that went down with the engine, in a fresh one (R2)', async () => {
    const { kinds, left } = await run(['once.wav', 'ok.wav'])
    expect(kinds).toEqual(['done', 'done'])
    expect(left).toEqual([])
    expect(starts()).toBe(3)
  })

  it('fails a poison file after two attempts and finishes the others, also with several in flight (R9)', async () => {
    const names = Array.from({ length: 100 }, (_, n) => (n === 6 ? 'crash.wav' : `${n < 9 ? 'slow' : 'ok'}-${n}.wav`))
    const { kinds, state, left } = await run(names, {}, { batch: 2 })
    expect(kinds).toEqual(names.map((name) => (name === 'crash.wav' ? 'failed' : 'done')))
    expect(state.jobs[6]?.status).toMatchObject({ error: { code: 'E_ENGINE_CRASH' } })
    expect([3, 4]).toContain(starts())
    expect(left).toEqual([])
  })

  it('stops after five crashes in a minute and says why', async () => {
    const { kinds, stopReason } = await run(['crash-1', 'ok-1', 'crash-2', 'ok-2', 'crash-3', 'ok-3'])
    expect(kinds).toEqual(['failed', 'done', 'failed', 'done', 'pending', 'pending'])
    expect(stopReason?.code).toBe('E_ENGINE_CRASH')
  })

  it('does not count crashes that lie far apart', async () => {
    let minutes = 0
    const names = ['crash-1', 'ok-1', 'crash-2', 'ok-2', 'crash-3', 'ok-3']
    const { kinds, stopReason } = await run(names, { nowSec: () => 60.5 * minutes++ })
    expect(kinds).toEqual(['failed', 'done', 'failed', 'done', 'failed', 'done'])
    expect(stopReason).toBe(null)
  })

  it('stops at a full disk: every other file would meet the same (R12)', async () => {
    const { kinds, stopReason } = await run(['ok.wav', 'full.wav', 'ok-2.wav'])
    expect(kinds).toEqual(['done', 'failed', 'pending'])
    expect(stopReason?.code).toBe('E_DISK_FULL')
  })

  it('gives the file back that met a full disk where it keeps its queue, and goes on once there is room', async () => {
    const { store, runner, add } = bench({ keepsWaiting: true })
    await add(['ok.wav', 'full.wav', 'ok-2.wav'])
    expect((await runner.run())?.code).toBe('E_DISK_FULL')
    expect(kindsOf(store)).toEqual(['done', 'pending', 'pending'])
    expect(store.state.jobs[1]?.status).toEqual({ kind: 'pending', attempts: 0 })
  })

  it('looks for room before each file, not only before the first, and goes on once there is some (R22: hours of work for a result that cannot fit)', async () => {
    let free = 1e9
    const { store, runner, add } = bench({ keepsWaiting: true, freeBytes: () => Promise.resolve(free) })
    await add(['ok.wav', 'ok-2.wav', 'ok-3.wav'])
    const info = { durationSec: 100, sampleRateHz: 48_000, channels: 2, bitDepth: 16 }
    const facts = { ...info, container: 'wav', codec: 'pcm_s16le' } as never
    const probe = { ok: true, info: facts } as const
    store.dispatch({ type: 'jobsProbed', probes: ['ok-2.wav', 'ok-3.wav'].map((jobId) => ({ jobId, probe })) })
    const neededBytes = 100 * 48_000 * 2 * 2
    free = neededBytes - 1
    const stopped = await runner.run()
    expect([stopped?.code, stopped?.data.detail]).toEqual(['E_DISK_FULL', 'it needs about 20 MB, 20 MB are free'])
    expect(kindsOf(store)).toEqual(['done', 'pending', 'pending'])
    free = neededBytes
    expect(await runner.run()).toBeNull()
    expect(kindsOf(store)).toEqual(['done', 'done', 'done'])
  })

  it('fails a file that is longer than its file system takes, and goes on (it came back and stopped every run)', async () => {
    const { kinds, stopReason } = await run(['toobig.wav', 'ok.wav'], { keepsWaiting: true })
    expect([kinds, stopReason]).toEqual([['failed', 'done'], null])
  })

  it('gives no output for a source that changed meanwhile (R16), and says that, not what it has become', async () => {
    const { state, left } = await run(['touch.wav', 'emptied.wav', 'deleted.wav'])
    for (const { status } of state.jobs)
      expect(status).toMatchObject({ kind: 'failed', error: { code: 'E_SOURCE_CHANGED' } })
    expect(readdirSync(folder.root).filter((name) => name.includes('clean'))).toEqual([])
    expect(left).toEqual([])
  })

  it('does not begin a source that changed since it was added', async () => {
    const { store, runner, add } = bench()
    await add(['ok.wav'])
    appendFileSync(path.join(folder.root, 'ok.wav'), 'more')
    await runner.run()
    expect(store.state.jobs[0]?.status).toMatchObject({ kind: 'failed', error: { code: 'E_SOURCE_CHANGED' } })
    expect(jobsRun()).toEqual([])
  })

  it.each(['polite.wav', 'deaf.wav'])('stops at once and leaves no part (%s, R38)', async (name) => {
    let before = 0
    const { store, runner, add } = bench({
      onProgress: () => {
        before = performance.now()
        runner.stop('return')
      }
    })
    await add([name, 'ok.wav'])
    await runner.run()
    expect(performance.now() - before).toBeLessThan(800)
    expect(kindsOf(store)).toEqual(['pending', 'pending'])
    expect(store.state.jobs[0]?.status).toEqual({ kind: 'pending', attempts: 0 })
    expect(partsLeft()).toEqual([])
  })

  it('cancels one running job and goes on; the innocent one beside it is run again without blame', async () => {
    const { store, runner, add } = bench({
      onProgress: ({ jobId }) => {
        if (jobId === 'deaf.wav') runner.abort([jobId], 'cancel')
      }
    })
    await add(['deaf.wav', 'slow.wav'], { batch: 2 })
    await runner.run()
    expect(kindsOf(store)).toEqual(['cancelled', 'done'])
    expect(partsLeft()).toEqual([])
  })

  it('follows the list as it is now: added, moved, removed and retried while it runs', async () => {
    const { store, runner, add } = bench()
    await add(['slow-1.wav', 'ok-2.wav', 'ok-3.wav', 'ok-4.wav', 'corrupt-5.wav'])
    const ended = runner.run()
    store.dispatch({ type: 'jobsMoved', jobIds: ['ok-4.wav'], beforeId: 'ok-2.wav' })
    store.dispatch({ type: 'jobsRemoved', jobIds: ['ok-3.wav'] })
    await add(['ok-6.wav'])
    await ended
    expect(jobsRun()).toEqual(['slow-1.wav', 'ok-4.wav', 'ok-2.wav', 'corrupt-5.wav', 'ok-6.wav'])
    store.dispatch({ type: 'jobsRetried', jobIds: ['corrupt-5.wav'] })
    await runner.run()
    expect(jobsRun().at(-1)).toBe('corrupt-5.wav')
  })

  it('starts the engine anew for other engine settings, never with both in flight', async () => {
    const { store, runner, add } = bench()
    await add(['slow-1.wav', 'slow-2.wav'], { batch: 4 })
    await add(['slow-3.wav'], { batch: 4, chunkSec: 2 })
    await add(['slow-4.wav'], { batch: 4, chunkSec: 2, strengthPercent: 50 })
    const together = new Set<string>()
    store.subscribe((_event, state) => {
      together.add(state.jobs.map((job) => (job.status.kind === 'running' ? job.id[5] : '')).join(''))
    })
    await runner.run()
    expect(kindsOf(store)).toEqual(Array(4).fill('done'))
    expect(starts()).toBe(3)
    expect([...together].filter((ids) => /[12].*[34]/.test(ids))).toEqual([])
    expect(together).toContain('12')
    expect(together).toContain('34')
  })

  it('holds: nothing begins and nothing ends until it goes on', async () => {
    const { store, runner, add } = bench()
    await add(['slow-1.wav', 'ok-2.wav'])
    const ended = runner.run()
    runner.hold(true)
    await expect.poll(() => kindsOf(store)[0]).toBe('done')
    expect(kindsOf(store)[1]).toBe('pending')
    runner.hold(false)
    await ended
    expect(kindsOf(store)[1]).toBe('done')
  })

  it('stops after the files in work, and takes that back', async () => {
    const { store, runner, add } = bench()
    await add(['slow-1.wav', 'ok-2.wav'])
    const first = runner.run()
    runner.setLast(true)
    await first
    expect(kindsOf(store)).toEqual(['done', 'pending'])
    await runner.run()
    expect(kindsOf(store)).toEqual(['done', 'done'])
  })

  it('gives a file back that found no engine when it keeps its queue, and fails it when it does not', async () => {
    const engineSettings = (): Promise<ReturnType<typeof fakeSettings>> => Promise.resolve(fakeSettings('missing'))
    const kept = await run(['ok-1.wav'], { engineSettings, keepsWaiting: true })
    expect([kept.kinds, kept.stopReason?.code]).toEqual([['pending'], 'E_MODEL_MISSING'])
    expect((await run(['ok-2.wav'], { engineSettings })).kinds).toEqual(['failed'])
  })

  it('marks files that another device did than the one asked for (done on the CPU without a word)', async () => {
    host.standIn = ({ device }) => Promise.resolve(device === 'cpu' ? null : fakeSettings())
    const engineSettings = (): Promise<EngineSettings> => Promise.resolve({ ...fakeSettings('dies'), device: 'webgpu' })
    const { state } = await run(['ok-1.wav', 'ok-2.wav'], { engineSettings })
    const warnings = state.jobs.map(({ status }) => (status.kind === 'done' ? status.result.warnings : null))
    expect(warnings).toEqual([['W_DEVICE_FALLBACK'], ['W_DEVICE_FALLBACK']])
    host.standIn = null
    const plain = await run(['ok-3.wav'])
    expect(plain.state.jobs[0]?.status).toMatchObject({ result: { warnings: [] } })
  })

  describe('a device that is lost (R26)', () => {
    const asked = (settings: JobSettings): Promise<EngineSettings> =>
      Promise.resolve({ ...fakeSettings(), device: settings.device })
    const warningsOf = ({ state }: Finished): unknown =>
      state.jobs.map(({ status }) => (status.kind === 'done' ? status.result.warnings : status.kind))
    const devices = (): string[] =>
      readFileSync(folder.logPath, 'utf8')
        .split('\n')
        .flatMap((line) => (line.startsWith('on ') ? [line.slice(3)] : []))
        .slice(1)

    it('costs a fresh process, and no file; the next loss is a first one again', async () => {
      const names = ['ok-1.wav', 'blink-2.wav', 'ok-3.wav', 'blink-4.wav', 'ok-5.wav']
      const end = await run(names, { engineSettings: asked }, { device: 'webgpu' })
      expect(warningsOf(end)).toEqual([[], [], [], [], []])
      expect(devices()).toEqual(['webgpu', 'webgpu', 'webgpu'])
      expect(end.left).toEqual([])
    })

    it('twice in a row, leaves the rest of the batch to the CPU with a warning; the next batch hopes again', async () => {
      const { store, runner, add } = bench({ engineSettings: asked })
      await add(['ok-1.wav', 'lost-2.wav', 'ok-3.wav'], { device: 'webgpu' })
      expect(await runner.run()).toBeNull()
      const fallback = ['W_DEVICE_FALLBACK']
      expect(warningsOf({ state: store.state } as Finished)).toEqual([[], fallback, fallback])
      expect(devices()).toEqual(['webgpu', 'webgpu', 'cpu'])
      await add(['ok-4.wav'], { device: 'webgpu' })
      await runner.run()
      expect(warningsOf({ state: store.state } as Finished)).toEqual([[], fallback, fallback, []])
      expect(devices().at(-1)).toBe('webgpu')
    })

    it('and cannot be had again, is left at once (a batch that stops at a driver that was reset)', async () => {
      let opened = 0
      const engineSettings = (settings: JobSettings): Promise<EngineSettings> => {
        const isGone = settings.device !== 'cpu' && ++opened > 1
        return Promise.resolve({ ...fakeSettings(isGone ? 'unavailable' : undefined), device: settings.device })
      }
      const end = await run(['lost-1.wav', 'ok-2.wav'], { engineSettings }, { device: 'webgpu' })
      expect(warningsOf(end)).toEqual([['W_DEVICE_FALLBACK'], ['W_DEVICE_FALLBACK']])
      expect(end.stopReason).toBeNull()
    })
  })

  it('starts no engine for files that are skipped', async () => {
    writeFileSync(path.join(folder.root, 'ok.clean.wav'), 'there')
    expect((await run(['ok.wav'])).kinds).toEqual(['skipped'])
    expect(starts()).toBe(1)
  })

  it('names an output after what was written', async () => {
    const { state } = await run(['aiff.wav'])
    expect(state.jobs[0]?.status).toMatchObject({ result: { outputPath: path.join(folder.root, 'aiff.clean.aiff') } })
  })
})
