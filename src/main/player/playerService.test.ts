import { mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { toAppError } from '../../shared/errors/appError'
import type { ClipProgress, PlayerClip } from '../../shared/ipc/playerViews'
import type { Job, JobStatus } from '../../shared/jobs/job'
import { emptyQueue } from '../../shared/jobs/reduceQueue'
import { DEFAULT_APP_SETTINGS } from '../../shared/settings/appSettings'
import { QueueStore } from '../jobs/queueStore'
import { identityOf } from '../jobs/sourceIdentity'
import { FakeClips } from './fakeClips.testkit'
import { PlayerService } from './playerService'
import type { PreviewFiles } from './previewFiles'

let root: string
let media: FakeClips
let store: QueueStore
let told: ClipProgress[]
let previews: Map<string, PreviewFiles>
let service: PlayerService

beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'stillwave-player-'))
  media = new FakeClips()
  store = new QueueStore(emptyQueue('test'))
  told = []
  previews = new Map()
  service = newService()
})
afterEach(async () => {
  await service.close()
  rmSync(root, { recursive: true, force: true })
})

function newService(): PlayerService {
  return new PlayerService({
    store,
    media,
    previews: { filesOf: (id) => previews.get(id) ?? null },
    cacheFolder: path.join(root, 'cache'),
    settings: () => DEFAULT_APP_SETTINGS,
    mediaUrl: (token) => `app://stillwave/media/${token}`,
    push: (event) => {
      if (event.topic === 'clip') told.push(event.progress)
    }
  })
}

const at = (name: string): string => path.join(root, name)
const file = (name: string, text = name): string => {
  writeFileSync(at(name), text)
  return at(name)
}
const done = (outputPath: string): JobStatus => ({
  kind: 'done',
  result: {
    outputPath,
    warnings: [],
    durationSec: 1,
    sampleRateHz: 16_000,
    channels: 1,
    processingSec: 1,
    peakRssBytes: 1
  }
})

/** Puts a file into the list as if it had come this far. */
async function job(name: string, status: JobStatus, outputPath: string | null = null): Promise<string> {
  const inputPath = file(name)
  const identity = identityOf(await stat(inputPath, { bigint: true }))
  const added: Job = {
    id: `id of ${name}`,
    inputPath,
    root,
    relativePath: name,
    explicit: true,
    identity,
    outputPath,
    settingsKey: 'k',
    probe: null,
    status
  }
  store = new QueueStore({ ...store.state, jobs: [...store.state.jobs, added] })
  await service.close()
  service = newService()
  return added.id
}

const open = (jobId: string, previewId: string | null = null): Promise<PlayerClip> =>
  service.handlers['player.open']({ jobId, previewId })
const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'resolved',
    (error: unknown) => toAppError(error)
  )
const get = (url: string, headers: Record<string, string> = {}): Promise<Response> =>
  service.serve(new Request(url, { headers }))
const statusOf = async (url: string): Promise<number> => (await get(url)).status
const PENDING: JobStatus = { kind: 'pending', attempts: 0 }
const RUNNING: JobStatus = { kind: 'running', attempts: 1 }

describe('player.open', () => {
  it.each([
    ['waits', PENDING],
    ['runs', RUNNING],
    ['failed', { kind: 'failed', error: { code: 'E_CORRUPT', data: {} } }]
  ] as const)(
    'gives the original alone of a file that %s (a half-written result was played)',
    async (_what, status) => {
      const clip = await open(await job('a.wav', status, file('a.clean.wav')))
      expect(clip).toMatchObject({ signals: ['original'], name: 'a.wav', kind: 'file', offsetSec: 0, dataOffset: 44 })
      expect(media.specs[0]).toMatchObject({ originalPath: at('a.wav'), cleanPath: null, window: null })
      expect(media.specs[0]?.cacheLimitBytes).toBe(DEFAULT_APP_SETTINGS.cacheLimitMb * 1e6)
    }
  )

  it('gives all three signals of a file that is done, or was there already', async () => {
    const result = file('elsewhere.wav')
    expect((await open(await job('a.wav', done(result), at('planned.wav')))).signals).toEqual([
      'original',
      'clean',
      'removed'
    ])
    expect((await open(await job('b.wav', { kind: 'skipped' }, result))).signals).toHaveLength(3)
    expect(media.specs.map(({ cleanPath }) => cleanPath)).toEqual([result, result])
  })

  it('names a result that has vanished', async () => {
    const opened = failure(open(await job('a.wav', done(at('gone.wav')))))
    expect(await opened).toMatchObject({ code: 'E_IO', data: { path: at('gone.wav') } })
  })

  it('does not put a result beside a source that is another by now', async () => {
    const id = await job('a.wav', done(file('clean.wav')))
    file('a.wav', 'other content')
    expect(await failure(open(id))).toMatchObject({ code: 'E_SOURCE_CHANGED', data: { path: at('a.wav') } })
  })

  it('opens a preview that is done, at its place in the file, and no other file with it', async () => {
    const id = await job('a.wav', PENDING)
    const other = await job('b.wav', PENDING)
    const window = { startFrame: 8, frames: 50 }
    const files = { originalPath: file('p1.wav'), cleanPath: file('p2.wav'), window, startSec: 12.5 }
    previews.set('p', { jobId: id, ...files })
    expect(await open(id, 'p')).toMatchObject({ kind: 'preview', offsetSec: 12.5, name: 'a.wav' })
    expect(media.specs[0]).toMatchObject({ originalPath: at('p1.wav'), cleanPath: at('p2.wav'), window })
    expect(await failure(open(other, 'p'))).toMatchObject({ code: 'E_IO' })
    expect(await failure(open(id, 'none'))).toMatchObject({ code: 'E_IO' })
  })

  it('refuses a file that changes while it is opened', async () => {
    const id = await job('a.wav', PENDING)
    media.onOpen = () => {
      file('a.wav', 'swapped while it was opened')
    }
    expect(await failure(open(id))).toMatchObject({ code: 'E_SOURCE_CHANGED' })
    expect(media.openClips).toBe(0)
  })

  it('gives tokens of 128 bits, and each only once', async () => {
    const id = await job('a.wav', PENDING)
    const tokens = [(await open(id)).token, (await open(id)).token]
    expect(new Set(tokens).size).toBe(2)
    for (const token of tokens) expect(Buffer.from(token, 'base64url')).toHaveLength(16)
  })

  it('tells of the reading, with the token', async () => {
    const { token, progress } = await open(await job('a.wav', PENDING))
    expect(progress).toEqual({ token, fraction: 0.25, readyFrames: 10, error: null })
    media.tell({ fraction: 1, readyFrames: 100, error: null })
    expect(told).toEqual([{ token, fraction: 1, readyFrames: 100, error: null }])
  })
})

describe('what is asked of an open clip', () => {
  it('is answered by the media process', async () => {
    const { token, frames } = await open(await job('a.wav', PENDING))
    const range = { token, startFrame: 0, endFrame: frames }
    await service.handlers['player.peaks']({ ...range, signal: 'original', bins: 4 })
    await service.handlers['player.loudness'](range)
    await service.handlers['player.tile']({ token, signal: 'original', level: 24, index: 0 })
    expect(media.asked).toEqual(['peaks original 0 100000 4', 'loudness 0 100000', 'tile original 24 0'])
  })

  it.each([
    [5, 5],
    [6, 5],
    [0, 100_001]
  ])('has frames %d to %d in it', async (startFrame, endFrame) => {
    const { token } = await open(await job('a.wav', PENDING))
    const range = { token, startFrame, endFrame }
    const peaks = service.handlers['player.peaks']({ ...range, signal: 'original', bins: 4 })
    expect(await failure(peaks)).toMatchObject({ code: 'E_BAD_REQUEST' })
    expect(await failure(service.handlers['player.loudness'](range))).toMatchObject({ code: 'E_BAD_REQUEST' })
  })

  it('has no signals and tiles that are not there', async () => {
    const { token } = await open(await job('a.wav', PENDING))
    const peaks = { token, startFrame: 0, endFrame: 1, bins: 1 }
    for (const signal of ['clean', 'removed'] as const) {
      expect(await failure(service.handlers['player.peaks']({ ...peaks, signal }))).toMatchObject({
        code: 'E_BAD_REQUEST'
      })
    }
    const tile = service.handlers['player.tile']({ token, signal: 'original', level: 0, index: 7 })
    expect(await failure(tile)).toMatchObject({ code: 'E_BAD_REQUEST' })
    expect(media.asked).toEqual([])
  })
})

/** What may take the place of `a.wav`. */
const swaps = {
  linkToOther: (): void => {
    rmSync(at('a.wav'))
    symlinkSync(file('secret'), at('a.wav'))
  },
  linkToSame: (): void => {
    renameSync(at('a.wav'), at('moved.wav'))
    symlinkSync(at('moved.wav'), at('a.wav'))
  },
  sameSize: (): void => {
    renameSync(file('other', 'a.wav'), at('a.wav'))
  },
  otherContent: (): void => {
    file('a.wav', 'other content')
  }
}

describe('a media address', () => {
  it('serves header and samples, whole and in parts', async () => {
    const { url } = await open(await job('a.wav', PENDING))
    const all = Buffer.from(await (await get(url)).arrayBuffer())
    expect(all.equals(FakeClips.truth)).toBe(true)
    const part = await get(url, { range: 'bytes=41-70001' })
    expect(part.status).toBe(206)
    expect(Buffer.from(await part.arrayBuffer()).equals(FakeClips.truth.subarray(41, 70_002))).toBe(true)
  })

  it('that is unknown or guessed is 404, and so is one that was closed', async () => {
    const { url, token } = await open(await job('a.wav', PENDING))
    expect(await statusOf('app://stillwave/media/AAAAAAAAAAAAAAAAAAAAAA')).toBe(404)
    expect(await statusOf(`${url.slice(0, -1)}${url.endsWith('A') ? 'B' : 'A'}`)).toBe(404)
    expect(await statusOf(`app://stillwave/media/${encodeURIComponent(at('a.wav'))}`)).toBe(404)
    await service.handlers['player.close']({ token })
    await service.handlers['player.close']({ token })
    expect(await statusOf(url)).toBe(404)
    const asked = service.handlers['player.loudness']({ token, startFrame: 0, endFrame: 1 })
    expect(await failure(asked)).toMatchObject({ code: 'E_CLIP_CLOSED' })
    expect([media.openClips, told.length]).toEqual([0, 0])
  })

  it.each([
    ['a symlink to another file', swaps.linkToOther],
    ['a symlink to the same file', swaps.linkToSame],
    ['another file of the same size', swaps.sameSize],
    ['other content', swaps.otherContent]
  ])('does not serve %s that took the place of what was opened', async (_what, swap) => {
    const { url, token } = await open(await job('a.wav', PENDING))
    expect((await get(url, { range: 'bytes=0-3' })).status).toBe(206)
    swap()
    expect(await statusOf(url)).toBe(410)
    expect(told).toHaveLength(1)
    expect(told[0]).toMatchObject({ token, error: { code: 'E_SOURCE_CHANGED', data: { path: at('a.wav') } } })
    const asked = service.handlers['player.loudness']({ token, startFrame: 0, endFrame: 1 })
    expect(await failure(asked)).toMatchObject({ code: 'E_SOURCE_CHANGED' })
    // For good, and told once.
    expect(await statusOf(url)).toBe(410)
    expect(told).toHaveLength(1)
  })

  it('does not serve a result that was replaced or removed', async () => {
    const { url } = await open(await job('a.wav', done(file('clean.wav'))))
    rmSync(at('clean.wav'))
    expect(await statusOf(url)).toBe(410)
    expect(told[0]).toMatchObject({ error: { code: 'E_IO', data: { path: at('clean.wav') } } })
  })

  it('ends with its file in the list, with the page, and with the app', async () => {
    const id = await job('a.wav', PENDING)
    const removed = await open(id)
    store.dispatch({ type: 'jobsRemoved', jobIds: [id] })
    expect(await statusOf(removed.url)).toBe(404)
    expect(told).toMatchObject([{ token: removed.token, error: { code: 'E_CLIP_CLOSED' } }])
    const other = await open(await job('b.wav', PENDING))
    service.closeAll()
    expect(await statusOf(other.url)).toBe(404)
    expect(media.openClips).toBe(0)
    await service.close()
    expect(await failure(open('id of b.wav'))).toMatchObject({ code: 'E_CANCELLED' })
  })

  it('that is being opened for a page that is gone is not opened', async () => {
    const id = await job('a.wav', PENDING)
    media.onOpen = () => {
      service.closeAll()
    }
    expect(await failure(open(id))).toMatchObject({ code: 'E_CANCELLED' })
    expect(media.openClips).toBe(0)
  })

  it('makes room for the fifth: the one unused for longest goes, and the window is told', async () => {
    const id = await job('a.wav', PENDING)
    const clips = [await open(id), await open(id), await open(id), await open(id)]
    // The first is playing.
    await (await get(clips[0]!.url, { range: 'bytes=0-3' })).arrayBuffer()
    await open(id)
    const statuses = await Promise.all(clips.map(({ url }) => statusOf(url)))
    expect(statuses).toEqual([200, 404, 200, 200])
    expect(told).toMatchObject([{ token: clips[1]!.token, error: { code: 'E_CLIP_CLOSED' } }])
  })
})

describe('main while it serves', () => {
  it('holds a block for each reader at most, for twenty readers at once, each of them right', async () => {
    const { url } = await open(await job('a.wav', PENDING))
    let given = 0
    const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => get(url, { range: `bytes=${i * 1001}-` })))
    await Promise.all(
      answers.map(async (answer, i) => {
        const parts: Uint8Array[] = []
        for await (const part of answer.body! as AsyncIterable<Uint8Array>) {
          given += part.byteLength
          parts.push(part)
          // What was read and has not reached a reader is what main holds.
          expect(media.readBytes - given).toBeLessThanOrEqual(20 * (1 << 18))
          await new Promise((resolve) => setTimeout(resolve, i % 3))
        }
        expect(Buffer.concat(parts).equals(FakeClips.truth.subarray(i * 1001))).toBe(true)
      })
    )
    expect(media.largestRead).toBeLessThanOrEqual(1 << 18)
  })

  it('refuses more readers than it has blocks for, and has room again when they have left', async () => {
    const { url } = await open(await job('a.wav', PENDING))
    const answers = await Promise.all(Array.from({ length: 33 }, () => get(url)))
    expect(answers.map(({ status }) => status).filter((status) => status === 503)).toHaveLength(1)
    const given = answers.filter(({ status }) => status === 200)
    await Promise.all(given.slice(0, 8).map((answer) => answer.body!.cancel()))
    await Promise.all(given.slice(8, 16).map((answer) => answer.arrayBuffer()))
    expect(await statusOf(url)).toBe(200)
  })

  it('cancels a read that waits when the page leaves', async () => {
    const { url } = await open(await job('a.wav', PENDING))
    media.isStuck = true
    const page = new AbortController()
    const answer = await service.serve(new Request(url, { signal: page.signal, headers: { range: 'bytes=44-' } }))
    const read = answer.arrayBuffer().then(
      () => 'read',
      () => 'ended'
    )
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(media.cancelledReads).toBe(0)
    page.abort()
    expect(await read).toBe('ended')
    expect(media.cancelledReads).toBe(1)
  })

  it('ends the bodies of a clip that is closed', async () => {
    const { url, token } = await open(await job('a.wav', PENDING))
    media.isStuck = true
    const read = failure((await get(url, { range: 'bytes=44-' })).arrayBuffer())
    await service.handlers['player.close']({ token })
    expect(await read).not.toBe('resolved')
    expect(media.openClips).toBe(0)
  })
})
