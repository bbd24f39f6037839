import type { Excerpt, FoundFfmpeg } from '../../media/protocol'
import { AppError, type ErrorPayload } from '../../shared/errors/appError'
import type { Probe } from '../../shared/jobs/job'
import type { ClipProgressListener, ClipSpec, MediaClip } from './mediaClip'
import { MediaClips, type ClipsOwner, type ExcerptWish } from './mediaClips'
import {
  MEDIA_LIMITS,
  MediaProcess,
  type ClipAnswer,
  type ConfiguredEvent,
  type MediaEnd,
  type MediaLimits
} from './mediaProcess'
import type { OpenMediaTransport } from './mediaTransport'
import { ProbeQueue } from './probeQueue'

/** There is no media process, and trying again at once would not help. */
export class MediaUnavailable extends AppError {
  constructor(detail: string) {
    super('E_INTERNAL', { detail: `the media process cannot be had: ${detail}` })
    this.name = 'MediaUnavailable'
  }
}

/** Which ffmpeg is in use; where one was set that does not work, why. */
export interface FfmpegStatus {
  readonly ffmpeg: FoundFfmpeg | null
  readonly encoders: readonly string[]
  readonly error: ErrorPayload | null
}

/** Crashes in a row that different files are to blame for, and crashes in a row at all, after which it is given a rest. */
const MAX_FAILURES = 3
const MAX_ENDS = 8

interface FfmpegWait {
  readonly resolve: (status: FfmpegStatus) => void
  readonly reject: (error: AppError) => void
}

/**
 * Owns the one media process: starts it when something is asked, and again by need after a crash; then the probes it had in its
 * hands run one by one, so that only the file that ends it is to blame. Nothing is posted from an exit listener.
 */
export class MediaHost {
  private process: MediaProcess | null = null
  private ffmpegPath: string | null = null
  /** The id of the `configure` that stands for the present setting; 0 before it was sent to this process. */
  private configureId = 0
  private status: FfmpegStatus | null = null
  private lastId = 0
  private readonly probes: ProbeQueue
  private readonly clips: MediaClips
  private ffmpegWaits: FfmpegWait[] = []
  private readonly listeners = new Set<(status: FfmpegStatus) => void>()
  private wantsFfmpeg = false
  private failures = 0
  private ends = 0
  private resting: { readonly untilMs: number; readonly error: MediaUnavailable } | null = null
  private closing: Promise<void> | null = null

  constructor(
    private readonly open: OpenMediaTransport,
    private readonly limits: MediaLimits = MEDIA_LIMITS
  ) {
    const owner: ClipsOwner = {
      newId: () => ++this.lastId,
      cancel: (id) => this.process?.cancel(id),
      closeClip: (clipId) => this.process?.closeClip(clipId),
      refusal: () => this.refusal(),
      pump: () => {
        this.pump()
      }
    }
    this.probes = new ProbeQueue(owner)
    this.clips = new MediaClips(owner)
  }

  get pid(): number | undefined {
    return this.process?.pid
  }

  /**
   * What a file is, or why it cannot be told. Rejects with `E_CANCELLED` (the signal, {@link close}) and
   * {@link MediaUnavailable}; a file that ends the process twice is answered with a typed error like any other bad file.
   */
  probe(path: string, signal?: AbortSignal): Promise<Probe> {
    const refusal = signal?.aborted ? new AppError('E_CANCELLED', { path }) : this.refusal()
    return refusal === null ? this.probes.add(path, signal) : Promise.reject(refusal)
  }

  /**
   * Opens a file, or a pair, for the player; past all probes that wait. It stays open over a crash of the process. Rejects like
   * {@link MediaClip}'s methods. `onProgress` tells of its reading, which begins anew in a new process.
   */
  openClip(spec: ClipSpec, onProgress: ClipProgressListener, signal?: AbortSignal): Promise<MediaClip> {
    return this.clips.open(spec, onProgress, signal)
  }

  /** Copies a part of a file into a WAV; rejects like {@link MediaClip}'s methods. */
  excerpt(wish: ExcerptWish, signal?: AbortSignal): Promise<Excerpt> {
    return this.clips.excerpt(wish, signal)
  }

  /** Which ffmpeg to use from now on; null looks beside the app and on PATH. What is found is told by {@link onFfmpeg}. */
  setFfmpeg(path: string | null): void {
    this.ffmpegPath = path
    this.status = null
    this.configureId = 0
    this.wantsFfmpeg = true
    // Somebody acts: that is worth a try.
    this.resting = null
    this.pump()
  }

  /** What was found for the present setting, as soon as that is known. Rejects like {@link probe}. */
  ffmpeg(): Promise<FfmpegStatus> {
    if (this.status !== null) return Promise.resolve(this.status)
    const refusal = this.refusal()
    if (refusal !== null) return Promise.reject(refusal)
    this.wantsFfmpeg = true
    return new Promise((resolve, reject) => {
      this.ffmpegWaits.push({ resolve, reject })
      this.pump()
    })
  }

  /** Tells what was found, after each {@link setFfmpeg} and each start of the process; the answer ends that. */
  onFfmpeg(listener: (status: FfmpegStatus) => void): () => void {
    this.listeners.add(listener)
    return () => {
      this.listeners.delete(listener)
    }
  }

  /** Ends the process: by message, then by force. What was asked rejects with `E_CANCELLED`. */
  close(): Promise<void> {
    this.closing ??= (async () => {
      this.rejectAll(new AppError('E_CANCELLED'))
      await this.process?.shutdown()
    })()
    return this.closing
  }

  private refusal(): AppError | null {
    if (this.closing !== null) return new AppError('E_CANCELLED')
    if (this.resting !== null && performance.now() < this.resting.untilMs) return this.resting.error
    this.resting = null
    return null
  }

  /** Sends what there is room for; starts the process where something waits for it. */
  private pump(): void {
    if (this.closing !== null || this.resting !== null || !this.hasNeed()) return
    this.process ??= this.spawn()
    const { process } = this
    // One on its way out: its end comes first, and pumps again.
    if (!process.usable) return
    if (this.configureId === 0) {
      this.configureId = ++this.lastId
      process.ask({ type: 'configure', id: this.configureId, ffmpegPath: this.ffmpegPath })
    }
    // Until it has answered once nobody can be blamed for its end.
    if (this.status === null) return
    this.clips.pump(process)
    if (!this.clips.isOnTrial) this.probes.pump(process)
  }

  private hasNeed(): boolean {
    return this.probes.hasNeed || this.clips.hasNeed || this.wantsFfmpeg
  }

  private spawn(): MediaProcess {
    this.configureId = 0
    this.status = null
    return new MediaProcess(this.open(), this.limits, {
      onConfigured: (event) => {
        this.configured(event)
      },
      onAnswer: (event) => {
        this.answered(event)
      },
      onClipProgress: (event) => {
        this.clips.progressed(event)
        this.pump()
      },
      onEnd: (end) => {
        this.ended(end)
      }
    })
  }

  private configured(event: ConfiguredEvent): void {
    if (event.id !== this.configureId) return
    const status = { ffmpeg: event.ffmpeg, encoders: event.encoders, error: event.error }
    this.status = status
    this.wantsFfmpeg = false
    for (const wait of this.ffmpegWaits.splice(0)) wait.resolve(status)
    for (const listener of [...this.listeners]) listener(status)
    this.pump()
  }

  private answered(event: ClipAnswer): void {
    this.failures = 0
    this.ends = 0
    if (!this.probes.answered(event)) this.clips.answered(event)
    this.pump()
  }

  private ended(end: MediaEnd): void {
    const wasReady = this.status !== null
    this.process = null
    this.wantsFfmpeg ||= this.ffmpegWaits.length > 0
    if (this.closing !== null) return
    const { probes, clips } = this
    const isShared = clips.isBusy
    const isKnown = (isShared || probes.isBusy) && clips.isKnown && probes.isKnown
    this.ends++
    if (!isKnown) this.failures++
    probes.ended(end, { wasReady, isShared })
    clips.ended(end, wasReady)
    if (this.failures >= MAX_FAILURES || this.ends >= MAX_ENDS) this.rest(end)
    // Not from here: this is the old one's exit listener.
    else
      setImmediate(() => {
        this.pump()
      })
  }

  /** Three different troubles in a row are the process's own. */
  private rest(end: MediaEnd): void {
    const error = new MediaUnavailable(end.detail)
    this.resting = { untilMs: performance.now() + this.limits.restMs, error }
    this.failures = 0
    this.ends = 0
    this.wantsFfmpeg = false
    this.rejectAll(error)
  }

  private rejectAll(error: AppError): void {
    this.probes.rejectAll(error)
    this.clips.rejectAll(error)
    for (const { reject } of this.ffmpegWaits.splice(0)) reject(error)
  }
}
