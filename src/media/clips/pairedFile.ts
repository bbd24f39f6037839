import { greatestCommonDivisor, Resampler } from '../../audio/dsp/resampler'
import type { HeardFile, ReadState } from './heardFile'

/**
 * A result as it is laid beside its source, where it has another rate: resampled to the source's, sample for sample in time, so that
 * what was removed can be told, what lies over the result's band with it. Any part can be read: each read resamples what it needs.
 */
export class RateFile implements HeardFile {
  readonly path: string
  readonly stream: number
  readonly sourceChannels: number
  readonly channels: 1 | 2
  readonly frames: number
  /** Frames here, and of the file, after which both rates are in step. */
  private readonly up: number
  private readonly down: number
  /** Samples of the file on each side that one here is made of. */
  private readonly reach: number
  /** Holds the filter that all reads share. */
  private readonly resampler: Resampler

  constructor(
    private readonly file: HeardFile,
    readonly sampleRateHz: number
  ) {
    this.path = file.path
    this.stream = file.stream
    this.sourceChannels = file.sourceChannels
    this.channels = file.channels
    const divisor = greatestCommonDivisor(file.sampleRateHz, sampleRateHz)
    this.up = sampleRateHz / divisor
    this.down = file.sampleRateHz / divisor
    this.resampler = this.newResampler()
    this.reach = this.resampler.reach
    this.frames = this.scaled(file.frames)
  }

  get state(): ReadState {
    const { readyFrames, isWhole, failure } = this.file.state
    return { readyFrames: this.scaled(isWhole ? readyFrames : Math.max(0, readyFrames - this.reach)), isWhole, failure }
  }

  get onProgress(): (() => void) | null {
    return this.file.onProgress
  }

  set onProgress(tell: (() => void) | null) {
    this.file.onProgress = tell
  }

  async read(startFrame: number, out: readonly Float32Array[], signal: AbortSignal): Promise<void> {
    const count = out[0]!.length
    const { reach } = this
    const step = Math.floor(startFrame / this.up) - Math.ceil(reach / this.down)
    const [from, first] = [step * this.down, step * this.up]
    const end = Math.ceil(((startFrame + count) * this.down) / this.up) + reach
    const planar = out.map(() => new Float32Array(end - from))
    // Before the first sample there is silence.
    const before = Math.max(0, -from)
    await this.file.read(
      from + before,
      planar.map((samples) => samples.subarray(before)),
      signal
    )
    for (const [channel, samples] of planar.entries()) {
      const resampler = this.newResampler()
      const total = startFrame + count - first
      const head = resampler.push(samples).subarray(0, total)
      const tail = head.length === total ? new Float32Array(0) : resampler.finish(total)
      const skipped = startFrame - first
      out[channel]!.set(head.subarray(skipped))
      out[channel]!.set(tail.subarray(Math.max(0, skipped - head.length)), Math.max(0, head.length - skipped))
    }
  }

  close(): Promise<void> {
    return this.file.close()
  }

  private newResampler(): Resampler {
    return new Resampler({ fromHz: this.file.sampleRateHz, toHz: this.sampleRateHz })
  }

  private scaled(frames: number): number {
    return Math.round((frames / this.down) * this.up)
  }
}

/** A stereo source as its mono result was made of it: the mean of both channels. */
export class MonoFile implements HeardFile {
  readonly path: string
  readonly stream: number
  readonly sampleRateHz: number
  readonly sourceChannels: number
  readonly channels = 1
  readonly frames: number

  constructor(private readonly file: HeardFile) {
    this.path = file.path
    this.stream = file.stream
    this.sampleRateHz = file.sampleRateHz
    this.sourceChannels = file.sourceChannels
    this.frames = file.frames
  }

  get state(): ReadState {
    return this.file.state
  }

  get onProgress(): (() => void) | null {
    return this.file.onProgress
  }

  set onProgress(tell: (() => void) | null) {
    this.file.onProgress = tell
  }

  async read(startFrame: number, out: readonly Float32Array[], signal: AbortSignal): Promise<void> {
    const mix = out[0]!
    const planar = Array.from({ length: this.file.channels }, () => new Float32Array(mix.length))
    await this.file.read(startFrame, planar, signal)
    for (let i = 0; i < mix.length; i++) {
      let sum = 0
      for (const samples of planar) sum += samples[i]!
      mix[i] = sum / planar.length
    }
  }

  close(): Promise<void> {
    return this.file.close()
  }
}

/** What an exact length of one file says of another that is of the same recording. */
export interface KnownLength {
  readonly frames: number
  readonly sampleRateHz: number
}

/** Exact at the same rate, else to the nearest frame. */
export function framesAt({ frames, sampleRateHz }: KnownLength, rateHz: number): number {
  return Math.round((frames / sampleRateHz) * rateHz)
}
