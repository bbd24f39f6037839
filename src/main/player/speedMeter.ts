import type { DoneEvent, ProgressEvent } from '../processes/engineProcess'

/** Less than this tells nothing. */
const MIN_SPAN_SEC = 0.25

/**
 * How fast a short piece was denoised, as a long file would be: what comes before its first second (two passes, the survey of the
 * gates) weighs little there, and half of a preview. A piece that is done too soon is measured as a whole.
 */
export class SpeedMeter {
  private first: { readonly atSec: number; readonly audioSec: number } | null = null

  constructor(private readonly nowSec: () => number = () => performance.now() / 1000) {}

  onProgress({ audioSecDone }: ProgressEvent): void {
    if (audioSecDone > 0) this.first ??= { atSec: this.nowSec(), audioSec: audioSecDone }
  }

  /** Seconds of audio a second; to be called as soon as the piece is done. */
  read({ durationSec, timings }: DoneEvent): number {
    const { first } = this
    const spanSec = first === null ? 0 : this.nowSec() - first.atSec
    if (first !== null && spanSec >= MIN_SPAN_SEC) return (durationSec - first.audioSec) / spanSec
    return durationSec / Math.max(timings.wallSec, 1e-3)
  }
}
