import { NO_SOUND } from '../audio/dsp/soundMeter'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { AppError } from '../shared/errors/appError'
import { EngineEvent } from './protocol'
import { EngineServer } from './serve'
import type { Engine, JobHooks, ModelFacts } from './serve'
import type { DenoiseResult } from './denoise/pipeline'

const settings = {
  model: { onePassPath: 'm.onnx', statefulPath: null, onePassSha256: null, statefulSha256: null },
  fullModel: null,
  device: 'cpu',
  join: 'carried',
  chunkSec: 0.5,
  overlapSec: 0.5,
  batch: 2,
  threads: 1,
  ffmpegPath: null
}
const start = { type: 'start', generation: 7, settings }
const denoise = (jobId: string): unknown => ({
  type: 'denoise',
  job: {
    jobId,
    inputPath: `${jobId}.wav`,
    partPath: 'out.part',
    outputContainer: null,
    residualGain: 0,
    isUrgent: false
  }
})
const result: DenoiseResult = {
  frames: 1,
  durationSec: 1,
  sampleRateHz: 1,
  channels: 1,
  sha256: 'x',
  extension: '.wav',
  warnings: [],
  sound: { before: NO_SOUND, after: NO_SOUND },
  modelSec: 0,
  isFromKept: false
}

const facts: ModelFacts = {
  ...{ fileName: 'm.onnx', sizeBytes: 9, sha256: 'ab', isVerified: false, graph: 'onePass', precision: 'fp32' },
  ...{ device: 'cpu', fallbackFiles: 0, staysDown: false },
  ...{
    runs: 3,
    lanes: 2,
    modelSec: 1,
    laneSec: 2,
    largestRunSec: 1,
    buffersInUse: 4,
    bytesInUse: 40,
    buffersGivenBack: 5,
    bytesGivenBack: 50
  }
}

interface Held {
  readonly hooks: JobHooks
  readonly resolve: (result: DenoiseResult) => void
  readonly reject: (error: unknown) => void
}

/** A server whose engine leaves every job to the test. */
function held(): { server: EngineServer; events: EngineEvent[]; jobs: Map<string, Held>; released: () => boolean } {
  const events: EngineEvent[] = []
  const jobs = new Map<string, Held>()
  let wasReleased = false
  const engine: Engine = {
    device: 'cpu',
    join: 'carried',
    threads: 1,
    facts,
    denoise: (job, hooks) =>
      new Promise<DenoiseResult>((resolve, reject) => {
        hooks.signal.addEventListener('abort', () => {
          reject(hooks.signal.reason as Error)
        })
        jobs.set(job.jobId, { hooks, resolve, reject })
      }),
    release: async () => {
      wasReleased = true
    }
  }
  const server = new EngineServer(
    (event) => events.push(EngineEvent.parse(event)),
    async () => engine
  )
  return { server, events, jobs, released: () => wasReleased }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const of = (events: EngineEvent[], type: EngineEvent['type']): EngineEvent[] => events.filter((e) => e.type === type)
const servers: EngineServer[] = []
afterEach(async () => {
  vi.restoreAllMocks()
  for (const server of servers.splice(0)) await server.shutdown()
})

async function started(): Promise<ReturnType<typeof held>> {
  const all = held()
  servers.push(all.server)
  await all.server.handle(start)
  await turn()
  return all
}

describe('EngineServer', () => {
  it('starts as many files as it takes to fill the lanes (would catch all files opened at once)', async () => {
    const { server, jobs } = await started()
    for (const id of ['a', 'b', 'c', 'd']) await server.handle(denoise(id))
    expect([...jobs.keys()]).toEqual(['a'])
    jobs.get('a')!.hooks.onChannels(1)
    expect([...jobs.keys()]).toEqual(['a', 'b'])
    jobs.get('b')!.hooks.onChannels(2)
    expect([...jobs.keys()]).toEqual(['a', 'b'])
    jobs.get('a')!.resolve(result)
    await turn()
    expect([...jobs.keys()]).toEqual(['a', 'b'])
    jobs.get('b')!.resolve(result)
    await turn()
    expect([...jobs.keys()]).toEqual(['a', 'b', 'c'])
  })

  it('carries its generation on every message and limits progress to 10 a second', async () => {
    const { server, events, jobs } = await started()
    await server.handle(denoise('a'))
    for (let i = 0; i < 1000; i++) {
      jobs.get('a')!.hooks.onProgress({ fraction: i / 1000, audioSecDone: 0, audioSec: null })
    }
    expect(of(events, 'progress').length).toBeLessThanOrEqual(2)
    expect(new Set(events.map((event) => event.generation))).toEqual(new Set([7]))
  })

  it('fails one job and runs the next', async () => {
    vi.spyOn(console, 'error').mockReturnValue()
    const { server, events, jobs } = await started()
    await server.handle(denoise('a'))
    await server.handle(denoise('b'))
    jobs.get('a')!.reject(new AppError('E_CORRUPT', { path: 'a.wav' }))
    await turn()
    expect(of(events, 'failed')[0]).toMatchObject({ jobId: 'a', error: { code: 'E_CORRUPT' } })
    jobs.get('b')!.resolve(result)
    await turn()
    expect(of(events, 'done')[0]).toMatchObject({ jobId: 'b', frames: 1 })
  })

  it('cancels a waiting and a running job, and knows no job of that name without harm', async () => {
    const { server, events } = await started()
    await server.handle(denoise('a'))
    await server.handle(denoise('b'))
    for (const jobId of ['b', 'a', 'unknown']) await server.handle({ type: 'cancel', jobId })
    await turn()
    expect(of(events, 'failed')).toMatchObject([
      { jobId: 'b', error: { code: 'E_CANCELLED' } },
      { jobId: 'a', error: { code: 'E_CANCELLED' } }
    ])
  })

  it('keeps jobs until the model is loaded, and fails them with its reason where it cannot be', async () => {
    const events: EngineEvent[] = []
    const server = new EngineServer(
      (event) => events.push(event),
      () => Promise.reject(new AppError('E_DEVICE_UNAVAILABLE', { device: 'cuda', detail: 'no such provider' }))
    )
    servers.push(server)
    await server.handle(denoise('early'))
    expect(events).toEqual([])
    await server.handle(start)
    await turn()
    await server.handle(denoise('late'))
    expect(events.map((event) => event.type)).toEqual(['unavailable', 'failed', 'failed'])
    expect(events.every((event) => 'error' in event && event.error.code === 'E_DEVICE_UNAVAILABLE')).toBe(true)
  })

  it('ends in order: jobs first, then the session (would catch a release under a run)', async () => {
    const { server, events, released } = await started()
    await server.handle(denoise('a'))
    await server.handle(denoise('b'))
    expect(await server.handle({ type: 'shutdown' })).toBe('closed')
    expect(of(events, 'failed').map((event) => 'jobId' in event && event.jobId)).toEqual(['b', 'a'])
    expect(released()).toBe(true)
  })

  it('answers a message that it does not understand', async () => {
    vi.spyOn(console, 'error').mockReturnValue()
    const { server, events } = await started()
    await server.handle({ type: 'denoise', job: { jobId: 'x', inputPath: 5 } })
    expect(of(events, 'failed')[0]).toMatchObject({ jobId: 'x', error: { code: 'E_INTERNAL' } })
    await server.handle('nonsense')
    expect(events.at(-1)?.type).toBe('unavailable')
  })
})
