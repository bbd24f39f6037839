import { toPeak } from '../../audio/dsp/peakPyramid'
import type { Extremes } from '../../audio/dsp/peakPyramid'
import type { Signal } from '../../shared/ipc/playerViews'

/** Places over the clip that a first look may take samples from: a power of two. */
export const COARSE_SLOTS = 2048

/** One signal's channel at each place: NaN where nobody has looked yet. */
interface Slots {
  readonly min: Float32Array
  readonly max: Float32Array
}

/** Powers of one piece of each file, K-weighted, for a first estimate of the loudness. */
export interface PiecePower {
  readonly frame: number
  readonly power: number
  readonly peak: number
}

/** The first look over a clip: short pieces from all over it. */
export class Coarse {
  private readonly slots = new Map<Signal, readonly Slots[]>()
  private readonly powers = new Map<Signal, PiecePower[]>()

  constructor(
    readonly frames: number,
    private readonly channels: 1 | 2
  ) {}

  /** Where the piece of a place begins. */
  frameOf(slot: number): number {
    return Math.floor((slot * this.frames) / COARSE_SLOTS)
  }

  /** Takes a piece, [channels][frames], for one place. */
  look(signal: Signal, slot: number, planar: readonly Float32Array[]): void {
    const slots = this.slots.get(signal) ?? this.open(signal)
    for (const [channel, samples] of planar.entries()) {
      let [min, max] = [Infinity, -Infinity]
      for (const value of samples) {
        if (value < min) min = value
        if (value > max) max = value
      }
      if (min > max) continue
      slots[channel]!.min[slot] = min
      slots[channel]!.max[slot] = max
    }
  }

  addPower(signal: Signal, piece: PiecePower): void {
    const pieces = this.powers.get(signal) ?? []
    pieces.push(piece)
    this.powers.set(signal, pieces)
  }

  /** The powers of the pieces that begin in `[startFrame, endFrame)`. */
  powersIn(signal: Signal, startFrame: number, endFrame: number): PiecePower[] {
    const inside = ({ frame }: PiecePower): boolean => frame >= startFrame && frame < endFrame
    return (this.powers.get(signal) ?? []).filter(inside)
  }

  /** Widens `into` by what was seen between two frames, or next to them where nothing was. */
  collect(at: { signal: Signal; channel: number }, range: readonly [number, number], into: Extremes): void {
    const { signal, channel } = at
    const slots = this.slots.get(signal)
    if (slots === undefined) {
      if (signal === 'removed') this.collectRemoved(channel, range, into)
      return
    }
    const { min, max } = slots[channel]!
    const first = Math.min(COARSE_SLOTS - 1, Math.floor((range[0] * COARSE_SLOTS) / this.frames))
    const last = Math.min(COARSE_SLOTS - 1, Math.max(first, Math.ceil((range[1] * COARSE_SLOTS) / this.frames) - 1))
    let isSeen = false
    for (let slot = first; slot <= last; slot++) {
      if (Number.isNaN(min[slot]!)) continue
      isSeen = true
      widen(into, min[slot]!, max[slot]!)
    }
    const next = isSeen ? null : nearest(min, first)
    if (next !== null) widen(into, min[next]!, max[next]!)
  }

  /** Pieces that do not lie sample on sample cannot be subtracted; their powers can, as what is removed is unlike what stays. */
  private collectRemoved(channel: number, range: readonly [number, number], into: Extremes): void {
    const original = { min: 0, max: 0 }
    const clean = { min: 0, max: 0 }
    this.collect({ signal: 'original', channel }, range, original)
    this.collect({ signal: 'clean', channel }, range, clean)
    into.min = Math.min(into.min, -Math.sqrt(Math.max(0, original.min ** 2 - clean.min ** 2)))
    into.max = Math.max(into.max, Math.sqrt(Math.max(0, original.max ** 2 - clean.max ** 2)))
  }

  private open(signal: Signal): readonly Slots[] {
    const slots = Array.from({ length: this.channels }, () => ({
      min: new Float32Array(COARSE_SLOTS).fill(NaN),
      max: new Float32Array(COARSE_SLOTS).fill(NaN)
    }))
    this.slots.set(signal, slots)
    return slots
  }
}

function widen(into: Extremes, min: number, max: number): void {
  into.min = Math.min(into.min, toPeak(min))
  into.max = Math.max(into.max, toPeak(max))
}

function nearest(values: Float32Array, from: number): number | null {
  for (let step = 1; step < COARSE_SLOTS; step++) {
    if (from - step >= 0 && !Number.isNaN(values[from - step]!)) return from - step
    if (from + step < COARSE_SLOTS && !Number.isNaN(values[from + step]!)) return from + step
  }
  return null
}

/** Numbers 0 to `count` - 1 (a power of two) so that each beginning of them lies evenly over all. */
export function spreadOrder(count: number): number[] {
  let order = [0]
  for (let size = 1; size < count; size *= 2)
    order = order.flatMap((one) => [one * 2]).concat(order.map((one) => one * 2 + 1))
  return order
}
