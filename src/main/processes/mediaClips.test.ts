import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { toAppError, type AppError } from '../../shared/errors/appError'
import { FakeMediaFolder } from './fakeMedia.testkit'
import { mediaForkTransport } from './forkTransport'
import type { ClipSpec, MediaClip, ReadingProgress } from './mediaClip'
import { MediaHost } from './mediaHost'
import { MEDIA_LIMITS } from './mediaProcess'

/** Real child processes; what a clip does with them is in its name. */
const LIMITS = { ...MEDIA_LIMITS, shutdownMs: 300, silentSec: 1.5, silentAtStartSec: 20, tickMs: 50, restMs: 1500 }

let folder: FakeMediaFolder
let host: MediaHost
let told: ReadingProgress[]

beforeEach(() => {
  folder = new FakeMediaFolder()
  host = new MediaHost(() => mediaForkTransport(folder.mediaPath), LIMITS)
  told = []
})
afterEach(async () => {
  await host.close()
  folder.remove()
})

const spec = (name: string): ClipSpec => ({
  originalPath: `/a/${name}`,
  ...{ originalTrack: null, cleanPath: null, cleanTrack: null },
  window: null,
  cacheFolder: '/c',
  cacheLimitBytes: 1e9
})
const open = (name: string, signal?: AbortSignal): Promise<MediaClip> =>
  host.openClip(spec(name), (progress) => told.push(progress), signal)
const failure = async (promise: Promise<unknown>): Promise<AppError | 'resolved'> =>
  promise.then(
    () => 'resolved' as const,
    (error: unknown) => toAppError(error)
  )
const count = (line: string): number => folder.log.filter((other) => other === line).length
const PART = { startFrame: 0, endFrame: 9 }

describe('clips of the media host', () => {
  it('open, read, tell of their reading, and close', async () => {
    const clip = await open('clip.wav')
    expect(clip.facts).toMatchObject({ frames: 1000, sampleRateHz: 16_000 })
    expect([...(await clip.read(7, 3))]).toEqual(Array(12).fill(7))
    expect(await clip.loudness(PART)).toMatchObject({ original: { lufs: -20 } })
    expect(told).toEqual([{ fraction: 1, readyFrames: 1000, error: null }])
    clip.close()
    expect(await failure(clip.read(0, 1))).toMatchObject({ code: 'E_CANCELLED' })
    await host.probe('/a/ok')
    expect(count('close clip')).toBe(1)
  })

  it('do not wait for the probes (a click that waited for ten thousand files)', async () => {
    await host.probe('/a/ok')
    const probes = Array.from({ length: 500 }, (_, i) => failure(host.probe(`/a/sleepy-${i}`)))
    const startedMs = performance.now()
    await (await open('clip.wav')).read(0, 10)
    expect(performance.now() - startedMs).toBeLessThan(1000)
    await host.close()
    await Promise.all(probes)
  })

  it('that cannot be read say why', async () => {
    expect(await failure(open('unreadable.wav'))).toMatchObject({ code: 'E_CORRUPT' })
  })

  it('say so where the process answers something else, instead of showing it', async () => {
    const clip = await open('clip.wav')
    expect(await failure(clip.tile('original', { level: 0, index: 0 }))).toMatchObject({ code: 'E_INTERNAL' })
    expect(await failure(clip.peaks('original', { ...PART, bins: 1 }))).toMatchObject({ code: 'E_INTERNAL' })
  })

  it('are opened again in the next process after a crash, and what was asked is asked again', async () => {
    const clip = await open('once.wav')
    expect([...(await clip.read(5, 1))]).toEqual([5, 5, 5, 5])
    expect([count('start'), count('open once'), count('read once')]).toEqual([2, 2, 2])
  })

  it('are opened again only when something is asked, where another file ended the process', async () => {
    const clip = await open('clip.wav')
    await host.probe('/a/crash')
    await host.probe('/a/ok')
    expect(count('open clip')).toBe(1)
    await clip.read(0, 1)
    expect(count('open clip')).toBe(2)
  })

  it('are blamed after two crashes in a row, and nobody else (a probe beside it was called damaged)', async () => {
    const clip = await open('fragile.wav')
    const other = await open('clip.wav')
    const slow = ['/a/slow-1', '/a/slow-2'].map((path) => host.probe(path))
    const error = await failure(clip.read(0, 1))
    expect(error).toMatchObject({ code: 'E_MEDIA_CRASH', data: { path: '/a/fragile.wav' } })
    expect((await Promise.all(slow)).every(({ ok }) => ok)).toBe(true)
    expect(count('read fragile')).toBe(2)
    expect(told.at(-1)).toMatchObject({ error: { code: 'E_MEDIA_CRASH' } })
    // It stays given up: asking on would end one process after the other.
    expect(await failure(clip.loudness(PART))).toMatchObject({ code: 'E_MEDIA_CRASH' })
    expect(await other.loudness(PART)).toMatchObject({ isExact: true })
    expect(count('start')).toBe(3)
  })

  it('are not blamed for a probe that ends the process beside them twice (a good file could not be played)', async () => {
    const clip = await open('patient.wav')
    const read = clip.read(0, 1)
    const probe = host.probe('/a/crash')
    expect(await read).toHaveLength(4)
    expect(await probe).toMatchObject({ ok: false, error: { code: 'E_MEDIA_CRASH', data: { path: '/a/crash' } } })
    expect(await clip.read(0, 1)).toHaveLength(4)
  })

  it('are blamed for what ends the process while it reads them unasked', async () => {
    await open('reading.wav')
    for (let waitedMs = 0; told.at(-1)?.error == null && waitedMs < 10_000; waitedMs += 50) await sleep(50)
    expect(told.at(-1)).toMatchObject({ error: { code: 'E_MEDIA_CRASH', data: { path: '/a/reading.wav' } } })
    expect(count('open reading')).toBe(2)
  })

  it('are another file where the next process finds another length', async () => {
    const clip = await open('grows.wav')
    expect(await failure(clip.read(0, 1))).toMatchObject({ code: 'E_SOURCE_CHANGED' })
  })

  it('end a process that does not answer, and say so', async () => {
    const clip = await open('never.wav')
    expect(await failure(clip.read(0, 1))).toMatchObject({ code: 'E_TIMEOUT' })
  })

  it('cancel what nobody waits for any more', async () => {
    const clip = await open('never.wav')
    const abort = new AbortController()
    const read = failure(clip.read(0, 1, abort.signal))
    await sleep(100)
    abort.abort()
    expect(await read).toMatchObject({ code: 'E_CANCELLED' })
    await host.probe('/a/ok')
    expect(count('cancel')).toBe(1)
    const aborted = AbortSignal.abort()
    expect(await failure(clip.read(0, 1, aborted))).toMatchObject({ code: 'E_CANCELLED' })
    expect(await failure(open('clip.wav', aborted))).toMatchObject({ code: 'E_CANCELLED' })
  })

  it('fail what is under way when they are closed, and when the host is', async () => {
    const [first, second] = [await open('never.wav'), await open('never.wav')]
    const reads = [failure(first.read(0, 1)), failure(second.read(0, 1))]
    first.close()
    expect(await reads[0]).toMatchObject({ code: 'E_CANCELLED' })
    await host.close()
    expect(await reads[1]).toMatchObject({ code: 'E_CANCELLED' })
    expect(await failure(second.read(0, 1))).toMatchObject({ code: 'E_CANCELLED' })
  })
})

describe('excerpts of the media host', () => {
  const wish = (name: string): Parameters<MediaHost['excerpt']>[0] => ({
    path: `/a/${name}`,
    track: null,
    startSec: null,
    lengthSec: 10,
    leadSec: 1,
    comparesLevels: false,
    tailSec: 1,
    outPath: '/c/out.wav'
  })

  it('tell what was cut out', async () => {
    expect(await host.excerpt(wish('clip.wav'))).toMatchObject({ startSec: 1, window: { frames: 9 } })
  })

  it('blame their file after two crashes', async () => {
    expect(await failure(host.excerpt(wish('fragile.wav')))).toMatchObject({
      code: 'E_MEDIA_CRASH',
      data: { path: '/a/fragile.wav' }
    })
    expect(count('excerpt fragile')).toBe(2)
  })
})
