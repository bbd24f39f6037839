import { createHash } from 'node:crypto'
import { AppError, type ErrorPayload } from '../../shared/errors/appError'
import type { ClipProgress, PlayerClip } from '../../shared/ipc/playerViews'
import type { ClipSpec, MediaClip, ReadingProgress } from '../processes/mediaClip'
import type { MediaHost } from '../processes/mediaHost'
import { assertSealed, type FileSeal } from './fileSeal'
import type { MediaBody } from './mediaRequest'
import { VirtualWav } from './virtualWav'

/** What is opened, and what the window is told of it. */
export interface ClipPlan {
  readonly jobId: string
  readonly name: string
  readonly kind: PlayerClip['kind']
  readonly offsetSec: number
  readonly original: FileSeal
  readonly clean: FileSeal | null
  /** Of files with several tracks of sound, from 1; null: the default one. */
  readonly originalTrack: number | null
  readonly cleanTrack: number | null
  readonly window: ClipSpec['window']
}

export interface OpenClipOptions {
  readonly token: string
  readonly plan: ClipPlan
  readonly media: Pick<MediaHost, 'openClip'>
  readonly cache: Pick<ClipSpec, 'cacheFolder' | 'cacheLimitBytes'>
  readonly tell: (progress: ClipProgress) => void
}

/** One clip of the window: the media process's, sealed to the files that it was opened from. */
export class OpenClip {
  private clip: MediaClip | null = null
  private wav: VirtualWav | null = null
  private progress: ReadingProgress = { fraction: 0, readyFrames: 0, error: null }
  private error: AppError | null = null
  private readonly over = new AbortController()
  private isTold = false

  private constructor(private readonly options: OpenClipOptions) {}

  /** Rejects with what `openClip` of the media host does, and with `E_SOURCE_CHANGED` where a file changed meanwhile. */
  static async open(options: OpenClipOptions, signal: AbortSignal): Promise<OpenClip> {
    const opened = new OpenClip(options)
    const { plan, media, cache } = options
    const { original, clean, window, originalTrack, cleanTrack } = plan
    const paths = { originalPath: original.realPath, cleanPath: clean?.realPath ?? null }
    const spec = { ...paths, originalTrack, cleanTrack, window, ...cache }
    const clip = await media.openClip(spec, opened.onProgress, signal)
    opened.clip = clip
    try {
      // The process opened paths: they still were these files.
      await opened.assertFiles()
      opened.wav = new VirtualWav(clip.facts, clean === null ? 1 : 2, (first, frames, abort) =>
        clip.read(first, frames, abort)
      )
      signal.throwIfAborted()
    } catch (thrown) {
      opened.close(new AppError('E_CANCELLED'))
      throw thrown
    }
    return opened
  }

  get token(): string {
    return this.options.token
  }

  get jobId(): string {
    return this.options.plan.jobId
  }

  get frames(): number {
    return this.media.facts.frames
  }

  get hasClean(): boolean {
    return this.options.plan.clean !== null
  }

  get media(): MediaClip {
    if (this.clip === null) throw new AppError('E_CLIP_CLOSED')
    return this.clip
  }

  /** What the window is told; from here on it is told of progress as well. */
  view(mediaUrl: (token: string) => string): PlayerClip {
    const { token, plan } = this.options
    const { sampleRateHz, frames, channels, sourceChannels, header } = this.media.facts
    this.isTold = true
    return {
      token,
      jobId: plan.jobId,
      name: plan.name,
      kind: plan.kind,
      sampleRateHz,
      frames,
      channels,
      sourceChannels,
      signals: this.hasClean ? ['original', 'clean', 'removed'] : ['original'],
      offsetSec: plan.offsetSec,
      url: mediaUrl(token),
      dataOffset: header.byteLength,
      progress: { token, ...this.progress }
    }
  }

  /** Throws where the files are no longer those that were opened: for good, and the window is told of it. */
  async assertReadable(): Promise<void> {
    if (this.error === null) {
      try {
        await this.assertFiles()
      } catch (thrown) {
        this.fail(thrown instanceof AppError ? thrown : new AppError('E_IO', {}, thrown))
      }
    }
    if (this.error !== null) throw this.error
  }

  /** The bytes of its WAV, until `signal` ends or the clip is closed. */
  body(signal: AbortSignal): MediaBody {
    const { wav } = this
    if (wav === null) throw new AppError('E_CLIP_CLOSED')
    const until = AbortSignal.any([signal, this.over.signal])
    return {
      sizeBytes: wav.sizeBytes,
      etag: this.etag(),
      stream: (start, end, onOver = () => undefined) => wav.stream(start, end, until, onOver)
    }
  }

  /** Streams under way fail; `why` is told to the window where it did not ask for it. */
  close(why: AppError, isTold = false): void {
    this.over.abort(why)
    this.clip?.close()
    if (isTold) this.tell(why.toPayload())
    this.isTold = false
    this.error ??= why
  }

  private readonly onProgress = (progress: ReadingProgress): void => {
    this.progress = progress
    this.tell(progress.error)
  }

  private fail(error: AppError): void {
    if (this.error !== null) return
    this.error = error
    this.over.abort(error)
    this.clip?.close()
    this.tell(error.toPayload())
  }

  private tell(error: ErrorPayload | null): void {
    this.progress = { ...this.progress, error }
    if (this.isTold) this.options.tell({ token: this.token, ...this.progress })
  }

  private async assertFiles(): Promise<void> {
    const { original, clean } = this.options.plan
    await Promise.all([original, ...(clean ? [clean] : [])].map(assertSealed))
  }

  private etag(): string {
    const { original, clean, window } = this.options.plan
    const text = JSON.stringify([original.identity, clean?.identity ?? null, window])
    return `"${createHash('sha256').update(text).digest('base64url')}"`
  }
}
