import { randomBytes } from 'node:crypto'
import path from 'node:path'
import { AppError } from '../../shared/errors/appError'
import type { Handlers, RequestOf } from '../../shared/ipc/contract'
import { TILE_COLUMNS, TILE_HOP, type PlayerClip, type Signal } from '../../shared/ipc/playerViews'
import type { PushEvent } from '../../shared/ipc/views'
import type { Job } from '../../shared/jobs/job'
import type { AppSettings } from '../../shared/settings/appSettings'
import type { OutputSettings } from '../../shared/settings/jobSettings'
import type { QueueStore } from '../jobs/queueStore'
import { assertUnchanged } from '../jobs/sourceIdentity'
import type { MediaHost } from '../processes/mediaHost'
import { sealFile } from './fileSeal'
import { mediaRefusal, mediaResponse, mediaTokenOf, methodRefusal } from './mediaRequest'
import { OpenClip, type ClipPlan } from './openClip'
import type { PreviewFiles } from './previewFiles'
import { StreamCount } from './streamCount'

export type PlayerRoute = 'player.open' | 'player.close' | 'player.peaks' | 'player.tile' | 'player.loudness'

export interface PlayerOptions {
  readonly store: QueueStore
  readonly media: Pick<MediaHost, 'openClip'>
  /** Previews that are done, by their id. */
  readonly previews: { filesOf(previewId: string): PreviewFiles | null }
  readonly cacheFolder: string
  readonly settings: () => AppSettings
  readonly mediaUrl: (token: string) => string
  readonly push: (event: PushEvent) => void
}

/** Clips open at a time; the one that was not used for longest makes room. */
const MAX_CLIPS = 4
/** Bodies under way at a time, each with a block at most: more than a player and its drawing need. */
const MAX_STREAMS = 32
/** Of a token: nobody guesses it (RELIABILITY S23). */
const TOKEN_BYTES = 16
const BYTES_PER_MB = 1e6

/** Clips that the window has open: their tokens, and what the media process answers for them. */
export class PlayerService {
  readonly handlers: Pick<Handlers, PlayerRoute>
  /** By token, in the order of their last use. */
  private readonly clips = new Map<string, OpenClip>()
  private readonly streams = new StreamCount(MAX_STREAMS)
  /** Ends what is being opened for the present page. */
  private page = new AbortController()
  private isClosed = false
  private readonly unsubscribe: () => void

  constructor(private readonly options: PlayerOptions) {
    this.handlers = {
      'player.open': (request) => this.open(request),
      'player.close': ({ token }) => {
        this.drop(token, new AppError('E_CANCELLED'), false)
        return Promise.resolve(null)
      },
      'player.peaks': async ({ token, signal, ...range }) => {
        const clip = await this.clip(token, signal)
        assertRange(range, clip.frames)
        return clip.media.peaks(signal, range)
      },
      'player.tile': async ({ token, signal, ...tile }) => {
        const clip = await this.clip(token, signal)
        const firstFrame = tile.index * TILE_COLUMNS * TILE_HOP * 2 ** tile.level
        if (firstFrame >= clip.frames) throw new AppError('E_BAD_REQUEST', { detail: 'a tile past the end' })
        return clip.media.tile(signal, tile)
      },
      'player.loudness': async ({ token, ...range }) => {
        const clip = await this.clip(token, 'original')
        assertRange(range, clip.frames)
        return clip.media.loudness(range)
      }
    }
    this.unsubscribe = options.store.subscribe((event) => {
      if (event.type === 'jobsRemoved') this.jobsRemoved(new Set(event.jobIds))
    })
  }

  /** Answers a request for `/media/TOKEN`, with byte-exact ranges. 404: no such token (any more); 410: another file is there now. */
  async serve(request: Request): Promise<Response> {
    const refusal = methodRefusal(request.method)
    if (refusal !== null) return refusal
    const clip = this.used(mediaTokenOf(request.url) ?? '')
    if (clip === null) return mediaRefusal(404)
    try {
      await clip.assertReadable()
    } catch {
      // Why, the window was told by a push.
      return mediaRefusal(410)
    }
    if (this.streams.isFull) return mediaRefusal(503, { 'retry-after': '1' })
    return mediaResponse(request, this.streams.counted(clip.body(request.signal)))
  }

  /** The page that had them is gone, or loads anew: nobody knows its tokens any more. */
  closeAll(): void {
    this.page.abort(new AppError('E_CANCELLED'))
    this.page = new AbortController()
    for (const token of [...this.clips.keys()]) this.drop(token, new AppError('E_CANCELLED'), false)
  }

  close(): Promise<void> {
    this.isClosed = true
    this.unsubscribe()
    this.closeAll()
    return Promise.resolve()
  }

  private async open({ jobId, previewId }: RequestOf<'player.open'>): Promise<PlayerClip> {
    if (this.isClosed) throw new AppError('E_CANCELLED')
    const { media, cacheFolder, settings, mediaUrl, push } = this.options
    const { signal } = this.page
    const job = this.options.store.job(jobId)
    if (!job) throw new AppError('E_IO', { detail: 'this file is no longer in the list' })
    const plan = previewId === null ? await planOf(job, this.outputOf(job)) : await this.planOfPreview(job, previewId)
    const token = randomBytes(TOKEN_BYTES).toString('base64url')
    const clip = await OpenClip.open(
      {
        token,
        plan,
        media,
        cache: { cacheFolder, cacheLimitBytes: settings().cacheLimitMb * BYTES_PER_MB },
        tell: (progress) => {
          push({ topic: 'clip', progress })
        }
      },
      signal
    )
    if (!this.options.store.job(jobId)) {
      clip.close(new AppError('E_CANCELLED'))
      throw new AppError('E_IO', { detail: 'this file is no longer in the list' })
    }
    this.makeRoom()
    this.clips.set(token, clip)
    return clip.view(mediaUrl)
  }

  private async planOfPreview(job: Job, previewId: string): Promise<ClipPlan> {
    const files = this.options.previews.filesOf(previewId)
    if (files?.jobId !== job.id) throw new AppError('E_IO', { detail: 'there is no such preview of this file' })
    const { originalPath, cleanPath, window, startSec } = files
    return {
      jobId: job.id,
      name: path.basename(job.inputPath),
      kind: 'preview',
      offsetSec: startSec,
      original: await sealFile(originalPath),
      clean: await sealFile(cleanPath),
      ...{ originalTrack: null, cleanTrack: null, window }
    }
  }

  private outputOf({ settingsKey }: Job): OutputSettings | null {
    return this.options.store.state.settings[settingsKey]?.output ?? null
  }

  /** An open clip that has the signal, its files still those that were opened. */
  private async clip(token: string, signal: Signal): Promise<OpenClip> {
    const clip = this.used(token)
    if (clip === null) throw new AppError('E_CLIP_CLOSED')
    if (signal !== 'original' && !clip.hasClean) throw new AppError('E_BAD_REQUEST', { detail: `no ${signal} yet` })
    await clip.assertReadable()
    return clip
  }

  private used(token: string): OpenClip | null {
    const clip = this.clips.get(token)
    if (!clip) return null
    this.clips.delete(token)
    this.clips.set(token, clip)
    return clip
  }

  private makeRoom(): void {
    for (const token of this.clips.keys()) {
      if (this.clips.size < MAX_CLIPS) return
      this.drop(token, new AppError('E_CLIP_CLOSED'), true)
    }
  }

  private jobsRemoved(jobIds: ReadonlySet<string>): void {
    for (const { token, jobId } of [...this.clips.values()]) {
      if (jobIds.has(jobId)) this.drop(token, new AppError('E_CLIP_CLOSED'), true)
    }
  }

  private drop(token: string, why: AppError, isTold: boolean): void {
    const clip = this.clips.get(token)
    this.clips.delete(token)
    clip?.close(why, isTold)
  }
}

/** The source, and beside it the result of a file that is done: only what has its last name, never a part being written. */
async function planOf(job: Job, output: OutputSettings | null): Promise<ClipPlan> {
  const result = resultOf(job)
  // A result belongs to the source as it was.
  const original = await sealFile(job.inputPath)
  if (result !== null) await assertUnchanged(original.realPath, job.identity)
  const originalTrack = output?.audioTrack ?? null
  // In the original's place it has its number; beside it, or alone, it is the default one.
  const cleanTrack = output?.video === 'replace' ? originalTrack : null
  return {
    jobId: job.id,
    name: path.basename(job.inputPath),
    kind: 'file',
    offsetSec: 0,
    original,
    clean: result === null ? null : await sealFile(result),
    ...{ originalTrack, cleanTrack, window: null }
  }
}

function resultOf({ status, outputPath }: Job): string | null {
  if (status.kind === 'done') return status.result.outputPath
  return status.kind === 'skipped' ? outputPath : null
}

function assertRange(
  { startFrame, endFrame }: { readonly startFrame: number; readonly endFrame: number },
  frames: number
): void {
  if (startFrame < endFrame && endFrame <= frames) return
  throw new AppError('E_BAD_REQUEST', { detail: `frames ${startFrame} to ${endFrame} of ${frames}` })
}
