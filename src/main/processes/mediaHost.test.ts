import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { toAppError } from '../../shared/errors/appError'
import { FakeMediaFolder } from './fakeMedia.testkit'
import { mediaForkTransport } from './forkTransport'
import { MediaHost, MediaUnavailable } from './mediaHost'
import { MEDIA_LIMITS } from './mediaProcess'

/** Real child processes; deadlines shortened so that a hang is found in a second. */
const LIMITS = { ...MEDIA_LIMITS, shutdownMs: 300, silentSec: 1.5, silentAtStartSec: 20, tickMs: 50, restMs: 1500 }

let folder: FakeMediaFolder
let host: MediaHost

beforeEach(() => {
  folder = new FakeMediaFolder()
  host = new MediaHost(() => mediaForkTransport(folder.mediaPath), LIMITS)
})
afterEach(async () => {
  await host.close()
  folder.remove()
})

const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'resolved',
    (error: unknown) => error
  )
const starts = (): number => folder.log.filter((line) => line === 'start').length

describe('MediaHost', () => {
  it('starts when something is asked, and answers each with its own', async () => {
    expect(host.pid).toBeUndefined()
    const [good, bad] = await Promise.all([host.probe('/a/ok.wav'), host.probe('/a/bad.wav')])
    expect(good).toMatchObject({ ok: true, info: { format: 'WAV' } })
    expect(bad).toEqual({ ok: false, error: { code: 'E_CORRUPT', data: {} } })
    expect(starts()).toBe(1)
  })

  it('answers thousands, a window of them at a time', async () => {
    const probes = await Promise.all(Array.from({ length: 3000 }, (_, i) => host.probe(`/a/ok-${i}.wav`)))
    expect(probes.every((probe) => probe.ok)).toBe(true)
  })

  it('blames only the file that ends it twice, and runs the others again (one bad file failed its whole batch)', async () => {
    const names = ['ok-1', 'ok-2', 'crash', 'ok-3', 'ok-4']
    const probes = await Promise.all(names.map((name) => host.probe(`/a/${name}`)))
    expect(probes.map((probe) => probe.ok)).toEqual([true, true, false, true, true])
    expect(probes[2]).toMatchObject({
      error: { code: 'E_MEDIA_CRASH', data: { path: '/a/crash', detail: 'exit code 139: segmentation fault' } }
    })
    expect(await host.probe('/a/ok-5')).toMatchObject({ ok: true })
    expect(folder.log.filter((line) => line === 'probe crash')).toHaveLength(2)
  })

  it.each(['hang', 'garbage'])('ends a process that does not answer (%s), and says so of the file', async (name) => {
    const probe = await host.probe(`/a/${name}.wav`)
    expect(probe).toMatchObject({ ok: false, error: { code: name === 'hang' ? 'E_TIMEOUT' : 'E_MEDIA_CRASH' } })
    expect(await host.probe('/a/ok.wav')).toMatchObject({ ok: true })
  })

  it('does not count an idle hour as silence', async () => {
    await host.probe('/a/ok.wav')
    await sleep(2500)
    expect(await host.probe('/a/slow.wav')).toMatchObject({ ok: true })
    expect(starts()).toBe(1)
  })

  it('gives a process that cannot be started a rest after three tries, and tries again after it', async () => {
    host.setFfmpeg('dies')
    const [first, second] = await Promise.all([failure(host.probe('/a/ok.wav')), failure(host.ffmpeg())])
    expect(first).toBeInstanceOf(MediaUnavailable)
    expect(second).toBeInstanceOf(MediaUnavailable)
    expect(toAppError(first).data.detail).toContain('exit code 3')
    expect(starts()).toBe(3)
    expect(await failure(host.probe('/a/ok.wav'))).toBeInstanceOf(MediaUnavailable)
    expect(starts()).toBe(3)
    await sleep(1600)
    expect(await failure(host.probe('/a/ok.wav'))).toBeInstanceOf(MediaUnavailable)
    expect(starts()).toBe(6)
    host.setFfmpeg(null)
    expect(await host.probe('/a/ok.wav')).toMatchObject({ ok: true })
  })

  it('reports a program that is not there instead of waiting for it', async () => {
    const nowhere = new MediaHost(() => mediaForkTransport(`${folder.root}/none.js`), LIMITS)
    expect(await failure(nowhere.probe('/a/ok.wav'))).toBeInstanceOf(MediaUnavailable)
    await nowhere.close()
  })

  it('cancels what waits and what is under way; neither is answered later', async () => {
    await host.probe('/a/ok.wav')
    const abort = new AbortController()
    const many = Array.from({ length: 100 }, (_, i) => failure(host.probe(`/a/sleepy-${i}`, abort.signal)))
    const kept = host.probe('/a/ok-kept')
    await sleep(50)
    abort.abort()
    const codes = (await Promise.all(many)).map((thrown) => toAppError(thrown).code)
    expect(new Set(codes)).toEqual(new Set(['E_CANCELLED']))
    expect(await kept).toMatchObject({ ok: true })
    const sent = folder.log.filter((line) => line.startsWith('probe sleepy'))
    expect(sent.length).toBeLessThanOrEqual(64)
    expect(folder.log.filter((line) => line === 'cancel')).toHaveLength(sent.length)
    expect(await failure(host.probe('/a/ok', abort.signal))).toMatchObject({ code: 'E_CANCELLED' })
  })

  it('tells which ffmpeg there is, after each setting, and again to a process started after a crash', async () => {
    const seen: unknown[] = []
    const stop = host.onFfmpeg(({ ffmpeg }) => seen.push(ffmpeg?.path ?? null))
    expect(await host.ffmpeg()).toEqual({ ffmpeg: null, encoders: [], error: null })
    host.setFfmpeg('/opt/ffmpeg')
    expect(await host.ffmpeg()).toEqual({
      ffmpeg: { path: '/opt/ffmpeg', version: '7', origin: 'setting', lacks: [] },
      encoders: [],
      error: null
    })
    await host.probe('/a/crash.wav')
    await host.probe('/a/ok.wav')
    expect(seen.slice(0, 2)).toEqual([null, '/opt/ffmpeg'])
    expect(folder.log.filter((line) => line.startsWith('configure')).at(-1)).toBe('configure /opt/ffmpeg')
    stop()
  })

  it('closes: nothing is left running, what was asked is cancelled, and nothing starts again', async () => {
    await host.probe('/a/ok.wav')
    const pid = host.pid!
    const open = failure(host.probe('/a/sleepy.wav'))
    await host.close()
    expect(await open).toMatchObject({ code: 'E_CANCELLED' })
    expect(() => process.kill(pid, 0)).toThrow('ESRCH')
    expect(await failure(host.probe('/a/ok.wav'))).toMatchObject({ code: 'E_CANCELLED' })
    host.setFfmpeg(null)
    await sleep(100)
    expect(starts()).toBe(1)
  })

  it('closes a process that hears nothing, by force', async () => {
    const open = failure(host.probe('/a/hang.wav'))
    await sleep(300)
    const startedMs = performance.now()
    await host.close()
    expect(performance.now() - startedMs).toBeLessThan(1500)
    expect(await open).toMatchObject({ code: 'E_CANCELLED' })
  })
})
