import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { toAppError } from '../../shared/errors/appError'
import { EngineCrash, EngineUnavailable, describeExit } from './engineErrors'
import { EngineHost } from './engineHost'
import { HOST_LIMITS } from './engineProcess'
import { FakeEngineFolder, fakeSettings } from './fakeEngine.testkit'
import { forkTransport } from './forkTransport'

/** Real child processes; deadlines shortened so that a hang is found in a second. */
const LIMITS = { ...HOST_LIMITS, cancelMs: 200, shutdownMs: 300, silentSec: 0.6, silentAtStartSec: 20, tickMs: 50 }

let folder: FakeEngineFolder
let host: EngineHost

beforeEach(() => {
  folder = new FakeEngineFolder()
  host = new EngineHost(() => forkTransport(folder.enginePath), LIMITS)
})

afterEach(async () => {
  await host.shutdown()
  folder.remove()
})

const failure = async (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'resolved',
    (error: unknown) => error
  )
const code = async (promise: Promise<unknown>): Promise<string> => toAppError(await failure(promise)).code
const until = async (holds: () => boolean): Promise<void> => {
  for (let waited = 0; !holds(); waited++) {
    if (waited > 500) throw new Error(`never came: ${holds.toString()}`)
    await sleep(10)
  }
}
const starts = (): number => readFileSync(folder.logPath, 'utf8').match(/start/g)?.length ?? 0
const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

describe('EngineHost', () => {
  it('starts, denoises and remembers the highest memory', async () => {
    const status = await host.start(fakeSettings())
    expect(status.kind).toBe('ready')
    expect(await host.denoise(folder.job('ok'))).toMatchObject({ jobId: 'ok', extension: '.wav' })
    expect(host.peakRssBytes).toBe(9)
  })

  it.each(['crash', 'quit', 'garbage'])('calls %s a crash: exit code 0 without `done` is no success', async (name) => {
    await host.start(fakeSettings())
    expect(await failure(host.denoise(folder.job(name)))).toBeInstanceOf(EngineCrash)
  })

  it('names how the engine died (a report without a cause helps nobody)', async () => {
    await host.start(fakeSettings())
    const error = toAppError(await failure(host.denoise(folder.job('crash'))))
    expect(error.data.detail).toBe('exit code 139: segmentation fault')
    const lastWords = 'x.js:1\nthrow new TypeError("no")\n\nTypeError: no\n    at x.js:1:7\n\nNode.js v20.20.2'
    expect(describeExit(null, { code: 1, signal: null, lastWords })).toBe('exit code 1: TypeError: no')
  })

  it('works again after a crash, in a fresh process', async () => {
    await host.start(fakeSettings())
    await failure(host.denoise(folder.job('crash')))
    expect(await code(host.denoise(folder.job('corrupt')))).toBe('E_CORRUPT')
    expect(await host.denoise(folder.job('ok'))).toMatchObject({ generation: 2 })
    expect(starts()).toBe(2)
  })

  it('fails every job in flight with one crash, as retryable', async () => {
    await host.start(fakeSettings())
    const both = await Promise.all([
      failure(host.denoise(folder.job('polite'))),
      failure(host.denoise(folder.job('crash')))
    ])
    expect(both.map((error) => error instanceof EngineCrash && error.generation)).toEqual([1, 1])
  })

  it('ignores what an older generation says (a late `failed` must not end a new job)', async () => {
    await host.start(fakeSettings())
    expect(await host.denoise(folder.job('late'))).toMatchObject({ jobId: 'late' })
  })

  it('kills an engine that stops answering, blocked or stopped, and goes on', async () => {
    await host.start(fakeSettings())
    expect(await failure(host.denoise(folder.job('hang')))).toBeInstanceOf(EngineCrash)
    const stopped = failure(
      host.denoise(folder.job('polite'), { onProgress: () => process.kill(host.pid!, 'SIGSTOP') })
    )
    expect(await stopped).toMatchObject({ code: 'E_ENGINE_CRASH', data: { detail: 'silent, ended by signal SIGKILL' } })
    expect(await host.denoise(folder.job('ok'))).toMatchObject({ jobId: 'ok' })
  })

  it('leaves a long first run alone (progress of the first pass made a slow machine look dead)', async () => {
    await host.start({ ...fakeSettings(), chunkSec: 1 })
    expect(await host.denoise(folder.job('busy'))).toMatchObject({ jobId: 'busy', generation: 1 })
  })

  it('cancels a job by message', async () => {
    await host.start(fakeSettings())
    const abort = new AbortController()
    const cancelled = code(
      host.denoise(folder.job('polite'), {
        signal: abort.signal,
        onProgress: () => {
          abort.abort()
        }
      })
    )
    expect(await cancelled).toBe('E_CANCELLED')
    expect(await host.denoise(folder.job('ok'))).toMatchObject({ generation: 1 })
  })

  it('kills an engine that does not hear a cancel; its other jobs are victims, not suspects', async () => {
    await host.start(fakeSettings())
    const abort = new AbortController()
    const bystander = failure(host.denoise(folder.job('polite')))
    const deaf = code(host.denoise(folder.job('deaf'), { signal: abort.signal }))
    await sleep(150)
    const before = performance.now()
    abort.abort()
    expect(await deaf).toBe('E_CANCELLED')
    expect(performance.now() - before).toBeLessThan(500)
    expect(await bystander).toMatchObject({ deliberate: true })
    expect(await host.denoise(folder.job('ok'))).toMatchObject({ generation: 2 })
  })

  it('is unavailable after three starts in a row that fail, and starts no fourth', async () => {
    const status = await host.start(fakeSettings('dies'))
    expect(status).toMatchObject({ kind: 'unavailable', error: { code: 'E_INTERNAL' } })
    expect(await failure(host.denoise(folder.job('ok')))).toBeInstanceOf(EngineUnavailable)
    expect(starts()).toBe(3)
    expect((await host.start(fakeSettings())).kind).toBe('ready')
  })

  it('believes an engine that says it cannot work, at once', async () => {
    expect(await host.start(fakeSettings('missing'))).toMatchObject({
      kind: 'unavailable',
      error: { code: 'E_MODEL_MISSING' }
    })
    expect(starts()).toBe(1)
  })

  it('counts one file that crashes twice as one failure, three different ones in a row as the engine', async () => {
    await host.start(fakeSettings())
    for (const name of ['crash-a', 'crash-a', 'crash-b', 'crash-b']) await failure(host.denoise(folder.job(name)))
    expect(host.status.kind).toBe('stopped')
    await host.denoise(folder.job('ok'))
    for (const name of ['crash-a', 'crash-b', 'crash-c']) await failure(host.denoise(folder.job(name)))
    expect(host.status).toMatchObject({ kind: 'unavailable', error: { code: 'E_ENGINE_CRASH' } })
  })

  it('leaves a paused engine alone, however silent it is, and cancels in it', async () => {
    await host.start(fakeSettings())
    const held = host.denoise(folder.job('held'), {
      onProgress: () => {
        host.pause()
      }
    })
    await sleep(1500)
    expect(host.status.kind).toBe('ready')
    expect(host.isPaused).toBe(true)
    host.resume()
    expect(await held).toMatchObject({ jobId: 'held', generation: 1 })
    host.pause()
    const abort = new AbortController()
    const cancelled = code(
      host.denoise(folder.job('polite'), {
        signal: abort.signal,
        onProgress: () => {
          abort.abort()
        }
      })
    )
    expect(await cancelled).toBe('E_CANCELLED')
  })

  it('tells an engine that is started while paused to pause (its job would run on in a paused window)', async () => {
    await host.start(fakeSettings())
    host.pause()
    await failure(host.denoise(folder.job('crash')))
    const job = host.denoise(folder.job('held'))
    const log = (): string => readFileSync(folder.logPath, 'utf8')
    await until(() => log().includes('job held'))
    await sleep(300)
    expect(log().match(/start \d|pause|resume|job \w+/g)).toEqual([
      'start 1',
      'pause',
      'job crash',
      'start 2',
      'pause',
      'job held'
    ])
    host.resume()
    expect(await job).toMatchObject({ generation: 2 })
  })

  it('tells what the engine says of its session while it lives, and null at its end; sessions are counted', async () => {
    const told: (number | null)[] = []
    const stop = host.onFacts((facts) => told.push(facts?.runs ?? null))
    await host.start(fakeSettings())
    await until(() => told.length > 1)
    expect(host.sessionFacts).toMatchObject({ fileName: 'm.onnx', runs: 3, files: 2 })
    await host.shutdown()
    expect(told.at(-1)).toBeNull()
    expect(host.sessionFacts).toBeNull()
    expect(told.slice(0, -1).every((runs) => runs === 3)).toBe(true)
    stop()
    const { length } = told
    await host.start(fakeSettings())
    await sleep(200)
    expect(told).toHaveLength(length)
    expect(host.sessions).toBe(2)
  })

  it('is held for a preview and paused by a person apart from each other (a preview ended a pause)', async () => {
    const said = (): string[] => readFileSync(folder.logPath, 'utf8').match(/pause|resume/g) ?? []
    await host.start(fakeSettings())
    host.pause()
    host.hold()
    host.letGo()
    expect(host.isPaused).toBe(true)
    host.hold()
    host.resume()
    await host.denoise(folder.job('ok.wav'))
    expect(said()).toEqual(['pause'])
    host.letGo()
    await host.denoise(folder.job('ok-2.wav'))
    expect(said()).toEqual(['pause', 'resume'])
  })

  it('kills a paused engine that hangs in an urgent job (the preview would never end)', async () => {
    await host.start(fakeSettings())
    host.pause()
    expect(await code(host.denoise({ ...folder.job('hang.wav'), isUrgent: true }))).toBe('E_ENGINE_CRASH')
    host.resume()
  })

  it('is ready for the very settings that it was started with, and no others', async () => {
    expect(host.isReadyWith(fakeSettings())).toBe(false)
    await host.start(fakeSettings())
    expect(host.isReadyWith(fakeSettings())).toBe(true)
    expect(host.isReadyWith({ ...fakeSettings(), chunkSec: 3 })).toBe(false)
    await host.shutdown()
    expect(host.isReadyWith(fakeSettings())).toBe(false)
  })

  it('tells every change of its status, until asked no longer', async () => {
    const seen: string[] = []
    const stop = host.onStatus((status) => seen.push(status.kind))
    await host.start(fakeSettings())
    await failure(host.denoise(folder.job('crash')))
    await host.denoise(folder.job('ok'))
    await host.shutdown()
    expect(seen).toEqual(['starting', 'ready', 'stopped', 'starting', 'ready', 'stopped'])
    await host.start(fakeSettings('missing'))
    expect(seen.slice(6)).toEqual(['starting', 'unavailable'])
    stop()
    await host.start(fakeSettings())
    expect(seen).toHaveLength(8)
  })

  it('leaves no process behind on shutdown', async () => {
    await host.start(fakeSettings())
    const pid = host.pid!
    await host.shutdown()
    expect(isAlive(pid)).toBe(false)
    expect(host.status.kind).toBe('stopped')
  })

  it('is unavailable where the system gives no process (the window said "starting" for ever)', async () => {
    const poor = new EngineHost(() => {
      throw Object.assign(new Error('no handles'), { code: 'EMFILE' })
    })
    expect((await poor.start(fakeSettings())).kind).toBe('unavailable')
    expect(await failure(poor.denoise(folder.job('ok')))).toBeInstanceOf(EngineUnavailable)
    expect(poor.status.kind).toBe('unavailable')
  })

  it('reports an engine that is not there instead of waiting for it', async () => {
    const nowhere = new EngineHost(() => forkTransport(`${folder.root}/none.js`), LIMITS)
    expect(await nowhere.start(fakeSettings())).toMatchObject({ kind: 'unavailable', error: { code: 'E_INTERNAL' } })
  })
})
