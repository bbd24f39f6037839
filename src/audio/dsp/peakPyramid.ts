/** Frames of the finest bins; longer signals get coarser ones, by powers of two. */
const FINEST_BIN_FRAMES = 256
/** Bins of the finest level at most: 2 MiB with lowest and highest sample. */
const MAX_BINS = 2 ** 19
const FACTOR = 4
/** What full scale becomes. */
export const PEAK_FULL_SCALE = 32_767

interface Level {
  readonly binFrames: number
  readonly min: Int16Array
  readonly max: Int16Array
}

/** Lowest and highest value, full scale +-32767. */
export interface Extremes {
  min: number
  max: number
}

/** Lowest and highest sample of a signal, bin by bin, at several widths; its memory has a bound whatever the signal's length. */
export class PeakPyramid {
  readonly binFrames: number
  private readonly levels: readonly Level[]
  private filled = 0

  /** For a signal of `frames` samples. */
  constructor(readonly frames: number) {
    let binFrames = FINEST_BIN_FRAMES
    while (frames / binFrames > MAX_BINS) binFrames *= 2
    this.binFrames = binFrames
    const levels: Level[] = []
    for (let width = binFrames; levels.length === 0 || frames > width; width *= FACTOR) {
      const bins = Math.max(1, Math.ceil(frames / width))
      levels.push({
        binFrames: width,
        min: new Int16Array(bins).fill(PEAK_FULL_SCALE),
        max: new Int16Array(bins).fill(-PEAK_FULL_SCALE)
      })
    }
    this.levels = levels
  }

  /** Samples taken so far. */
  get filledFrames(): number {
    return this.filled
  }

  /** The finest level, to be kept; filled from outside it needs {@link rebuild}. */
  get finest(): { readonly min: Int16Array; readonly max: Int16Array } {
    return this.levels[0]!
  }

  /** Takes the next samples (full scale +-1), in pieces of any size. */
  push(samples: Float32Array): void {
    const count = Math.min(samples.length, this.frames - this.filled)
    for (let from = 0; from < count;) {
      const bin = Math.floor(this.filled / this.binFrames)
      const to = Math.min(count, from + (bin + 1) * this.binFrames - this.filled)
      const { min, max } = extremesOf(samples, from, to)
      this.widen(bin, min, max)
      this.filled += to - from
      from = to
    }
  }

  /** Makes the levels above anew, after the arrays of {@link finest} were filled for the whole signal. */
  rebuild(): void {
    const finest = this.levels[0]!
    for (const [index, level] of this.levels.entries()) {
      if (index === 0) continue
      const ratio = level.binFrames / finest.binFrames
      for (let bin = 0; bin < finest.min.length; bin++) {
        const at = Math.floor(bin / ratio)
        if (finest.min[bin]! < level.min[at]!) level.min[at] = finest.min[bin]!
        if (finest.max[bin]! > level.max[at]!) level.max[at] = finest.max[bin]!
      }
    }
    this.filled = this.frames
  }

  /** Widens `into` by frames `[from, to)`, rounded outwards to bins of at most half that length where there are such. */
  collect(from: number, to: number, into: Extremes): void {
    let level = this.levels[0]!
    for (const coarser of this.levels) if (coarser.binFrames * 2 <= to - from) level = coarser
    const last = Math.min(level.min.length, Math.ceil(to / level.binFrames))
    for (let bin = Math.floor(from / level.binFrames); bin < last; bin++) {
      if (level.min[bin]! < into.min) into.min = level.min[bin]!
      if (level.max[bin]! > into.max) into.max = level.max[bin]!
    }
  }

  private widen(finestBin: number, min: number, max: number): void {
    let bin = finestBin
    for (const level of this.levels) {
      const isWider = min < level.min[bin]! || max > level.max[bin]!
      if (!isWider) return
      if (min < level.min[bin]!) level.min[bin] = min
      if (max > level.max[bin]!) level.max[bin] = max
      bin = Math.floor(bin / FACTOR)
    }
  }
}

/** Lowest and highest of `samples[from..to)` at full scale +-32767, limited to it. */
export function extremesOf(samples: Float32Array, from: number, to: number): Extremes {
  let [min, max] = [Infinity, -Infinity]
  for (let i = from; i < to; i++) {
    const value = samples[i]!
    if (value < min) min = value
    if (value > max) max = value
  }
  return { min: toPeak(min), max: toPeak(max) }
}

/** A sample as it stands in peaks. */
export function toPeak(sample: number): number {
  return Math.max(-PEAK_FULL_SCALE, Math.min(PEAK_FULL_SCALE, Math.round(sample * PEAK_FULL_SCALE)))
}
