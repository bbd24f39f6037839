import { concat } from '../../audio/dsp/concat'
import { GainLink } from '../../audio/dsp/gainLink'
import { SampleFifo } from '../../audio/dsp/sampleFifo'
import type { AudioFormat } from '../../audio/io/types'

/** A channel at the model's rate: what came since the last call, and what the model has given, behind it. */
export interface CleanedPart {
  readonly low: Float32Array
  readonly clean: Float32Array
}

/** Between the model and the way back: all channels of a file together, in step with each other. */
export interface ChannelLink {
  /** One part for each channel; gives for each what is final of `clean`. */
  push(parts: readonly CleanedPart[]): Float32Array[]
  /** The same with the last of each; with it as much is out as came in. */
  finish(parts: readonly CleanedPart[]): Float32Array[]
}

/** Every channel as the model left it. */
export const SEPARATE: ChannelLink = {
  push: (parts) => parts.map(({ clean }) => clean),
  finish: (parts) => parts.map(({ clean }) => clean)
}

/** Speakers that stand on the left and the right of one place: bits of a WAVE channel mask. */
const SIDES = [
  [0x1, 0x2],
  [0x10, 0x20],
  [0x40, 0x80],
  [0x200, 0x400],
  [0x1000, 0x4000],
  [0x8000, 0x20000]
] as const

/** Left and right of a file, by the numbers of its channels: both of stereo; of more channels what the speaker mask says. */
export function sidesOf({ channels, channelMask }: Pick<AudioFormat, 'channels' | 'channelMask'>): [number, number][] {
  if (channels === 2) return [[0, 1]]
  const order = Array.from({ length: 32 }, (_, bit) => 2 ** bit).filter((bit) => (channelMask & bit) !== 0)
  return SIDES.map(([left, right]): [number, number] => [order.indexOf(left), order.indexOf(right)]).filter(
    ([left, right]) => left >= 0 && right >= 0 && Math.max(left, right) < channels
  )
}

/**
 * Pairs of channels (by their places in `parts`) under one gain each; channels without a partner go through as they are, with the
 * same delay. Channels that never give anything (silence) may be among neither.
 */
export function linkPairs(pairs: readonly (readonly [number, number])[], sampleRateHz: number): ChannelLink {
  if (pairs.length === 0) return SEPARATE
  const links = pairs.map((places) => new LinkedPair(places, sampleRateHz))
  const waiting = new Map<number, SampleFifo>()
  const paired = new Set(pairs.flat())
  const next = (parts: readonly CleanedPart[], isLast: boolean): Float32Array[] => {
    const out = parts.map(({ clean }) => clean)
    for (const link of links) for (const [place, samples] of link.next(parts, isLast)) out[place] = samples
    const count = out[pairs[0]![0]]!.length
    for (const [place, { clean }] of parts.entries()) {
      if (paired.has(place)) continue
      const fifo = waiting.get(place) ?? new SampleFifo()
      waiting.set(place, fifo)
      fifo.push(clean)
      const ready = isLast ? fifo.length : Math.min(count, fifo.length)
      out[place] = fifo.view(0, ready).slice()
      fifo.drop(ready)
    }
    return out
  }
  return { push: (parts) => next(parts, false), finish: (parts) => next(parts, true) }
}

/** The model is behind what went into it: both wait for each other. */
class LinkedPair {
  private readonly link: GainLink
  private readonly low = [new SampleFifo(), new SampleFifo()] as const
  private readonly clean = [new SampleFifo(), new SampleFifo()] as const

  constructor(
    private readonly places: readonly [number, number],
    sampleRateHz: number
  ) {
    this.link = new GainLink(sampleRateHz)
  }

  next(parts: readonly CleanedPart[], isLast: boolean): [number, Float32Array][] {
    this.places.forEach((place, side) => {
      this.low[side]!.push(parts[place]!.low)
      this.clean[side]!.push(parts[place]!.clean)
    })
    const count = Math.min(...[...this.low, ...this.clean].map((fifo) => fifo.length))
    const [first, second] = this.link.push(front(this.low, count), front(this.clean, count))
    for (const fifo of [...this.low, ...this.clean]) fifo.drop(count)
    if (!isLast)
      return [
        [this.places[0], first],
        [this.places[1], second]
      ]
    const rest = this.link.finish()
    return [
      [this.places[0], concat([first, rest[0]])],
      [this.places[1], concat([second, rest[1]])]
    ]
  }
}

function front([a, b]: readonly [SampleFifo, SampleFifo], count: number): [Float32Array, Float32Array] {
  return [a.view(0, count), b.view(0, count)]
}
