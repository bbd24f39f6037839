import type { Signal } from '../../shared/ipc/playerViews'
import type { HeardFile } from './heardFile'
import { signalsOf } from './measures'

/** A signal's samples, [channels][frames]. */
export interface SignalSamples {
  readonly signal: Signal
  readonly planar: readonly Float32Array[]
}

/** The part of one file or of a pair that is a clip. Frames count from the clip's first; around it is silence. */
export class ClipFiles {
  readonly sampleRateHz: number
  readonly channels: 1 | 2
  readonly isPair: boolean

  constructor(
    readonly original: HeardFile,
    readonly clean: HeardFile | null,
    readonly startFrame: number,
    readonly frames: number
  ) {
    this.sampleRateHz = original.sampleRateHz
    this.channels = original.channels
    this.isPair = clean !== null
  }

  fileOf(signal: 'original' | 'clean'): HeardFile | null {
    return signal === 'original' ? this.original : this.clean
  }

  /** Frames from the first on that can be read without waiting. */
  get readyFrames(): number {
    const files = this.clean === null ? [this.original] : [this.original, this.clean]
    const ready = files.map(({ state }) => (state.isWhole ? this.frames : state.readyFrames - this.startFrame))
    return Math.max(0, Math.min(this.frames, ...ready))
  }

  /** One file's frames; silence before and after the clip. */
  async readFile(
    signal: 'original' | 'clean',
    startFrame: number,
    count: number,
    abort: AbortSignal
  ): Promise<Float32Array[]> {
    const out = Array.from({ length: this.channels }, () => new Float32Array(count))
    const from = Math.max(0, startFrame)
    const to = Math.min(this.frames, startFrame + count)
    if (to <= from) return out
    const inside = out.map((channel) => channel.subarray(from - startFrame, to - startFrame))
    await this.fillFrom(signal, from, inside, abort)
    return out
  }

  /** One file's frames from `startFrame` on into arrays of one length, all of them inside the clip. */
  fillFrom(
    signal: 'original' | 'clean',
    startFrame: number,
    out: readonly Float32Array[],
    abort: AbortSignal
  ): Promise<void> {
    return this.fileOf(signal)!.read(this.startFrame + startFrame, out, abort)
  }

  async readSignal(signal: Signal, startFrame: number, count: number, abort: AbortSignal): Promise<Float32Array[]> {
    if (signal !== 'removed') return this.readFile(signal, startFrame, count, abort)
    const [original, clean] = await this.readBoth(startFrame, count, abort)
    return differenceOf(original, clean)
  }

  /** All signals. */
  async read(startFrame: number, count: number, abort: AbortSignal): Promise<SignalSamples[]> {
    if (!this.isPair) return [{ signal: 'original', planar: await this.readFile('original', startFrame, count, abort) }]
    const [original, clean] = await this.readBoth(startFrame, count, abort)
    const planar = [original, clean, differenceOf(original, clean)]
    return signalsOf(true).map((signal, index) => ({ signal, planar: planar[index]! }))
  }

  async close(): Promise<void> {
    await Promise.all([this.original.close(), this.clean?.close()])
  }

  private readBoth(startFrame: number, count: number, abort: AbortSignal): Promise<[Float32Array[], Float32Array[]]> {
    return Promise.all([
      this.readFile('original', startFrame, count, abort),
      this.readFile('clean', startFrame, count, abort)
    ])
  }
}

function differenceOf(original: readonly Float32Array[], clean: readonly Float32Array[]): Float32Array[] {
  return original.map((samples, channel) => {
    const less = clean[channel]!
    const removed = new Float32Array(samples.length)
    for (let i = 0; i < removed.length; i++) removed[i] = samples[i]! - less[i]!
    return removed
  })
}
