import type { ClipFacts, MediaRequest } from '../../media/protocol'
import type { ErrorPayload } from '../../shared/errors/appError'
import type { Signal } from '../../shared/ipc/playerViews'
import type { ClipState, MediaClips, ValueOf } from './mediaClips'

/** What a clip is made of. */
export type ClipSpec = Omit<Extract<MediaRequest, { type: 'openClip' }>, 'type' | 'id' | 'clipId'>

export interface ReadingProgress {
  readonly fraction: number
  readonly readyFrames: number
  readonly error: ErrorPayload | null
}
export type ClipProgressListener = (progress: ReadingProgress) => void

export interface FrameRange {
  readonly startFrame: number
  readonly endFrame: number
}

/**
 * An open clip, whatever becomes of the media process. All methods reject with `E_CANCELLED` (the signal, {@link close}), with
 * what the process answered, with `MediaUnavailable`, and with `E_MEDIA_CRASH` or `E_TIMEOUT` where it ended the process twice.
 */
export class MediaClip {
  constructor(
    private readonly clips: MediaClips,
    private readonly state: ClipState,
    readonly facts: ClipFacts
  ) {}

  /** Interleaved float32 from `startFrame` on, `MAX_READ_FRAMES` at most; fewer frames only at the end. */
  read(startFrame: number, frames: number, signal?: AbortSignal): Promise<Uint8Array> {
    return this.clips.ask(this.state, 'samples', { type: 'readClip', startFrame, frames }, signal)
  }

  peaks(
    signal: Signal,
    { startFrame, endFrame, bins }: FrameRange & { readonly bins: number },
    abort?: AbortSignal
  ): Promise<ValueOf<'peaks'>> {
    return this.clips.ask(this.state, 'peaks', { type: 'peaks', signal, startFrame, endFrame, bins }, abort)
  }

  tile(
    signal: Signal,
    { level, index }: { readonly level: number; readonly index: number },
    abort?: AbortSignal
  ): Promise<ValueOf<'tile'>> {
    return this.clips.ask(this.state, 'tile', { type: 'tile', signal, level, index }, abort)
  }

  loudness({ startFrame, endFrame }: FrameRange, abort?: AbortSignal): Promise<ValueOf<'loudness'>> {
    return this.clips.ask(this.state, 'loudness', { type: 'loudness', startFrame, endFrame }, abort)
  }

  /** Gives back what it holds. */
  close(): void {
    this.clips.close(this.state)
  }
}
