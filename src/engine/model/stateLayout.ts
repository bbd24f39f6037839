import {
  BINS,
  BOTTLENECK_LAYERS,
  GATED_DECODERS,
  GATED_ENCODERS,
  HOP_SAMPLES,
  LAYERS,
  MEMORY_TAPS,
  ROWS,
  UNET_DELAY_FRAMES,
  unetPrefixes,
  type NetworkSize
} from './network'
import { gateLayers } from './timeline'

/** One piece of a lane's state row; `shape` is per lane. */
export interface StateEntry {
  readonly name: string
  readonly shape: readonly number[]
  readonly offset: number
  readonly size: number
}

/** Where everything lies in a lane's state row. */
export interface StatePlan {
  readonly size: number
  readonly entries: readonly StateEntry[]
  /** The sums of all gates, contiguous from the row's start; the count of frames summed follows them. */
  readonly gateSums: { readonly offset: number; readonly size: number }
  readonly gateCount: { readonly offset: number }
}

/** The state of a network of this size: all zeros is the start of a file. */
export function planState(size: NetworkSize): StatePlan {
  const shapes: (readonly [string, readonly number[]])[] = []
  const prefixes = unetPrefixes(size.cascade)
  for (const prefix of prefixes) {
    for (const layer of gateLayers(GATED_ENCODERS, GATED_DECODERS)) {
      shapes.push([`${prefix}.gate.${layer}`, [2 * size.channels, 1]])
    }
  }
  const sums = shapes.reduce((total, [, shape]) => total + product(shape), 0)
  shapes.push(['gate_count', [1, 1]])
  shapes.push(['input', [HOP_SAMPLES]], ['overlap', [HOP_SAMPLES]])
  shapes.push(['spectrum', [2, BINS, UNET_DELAY_FRAMES * size.cascade]])
  if (size.cascade === 2) shapes.push(['first_mask', [2, BINS, UNET_DELAY_FRAMES]])
  for (const prefix of prefixes) shapes.push(...unetHistories(prefix, size.channels))
  return { ...place(shapes), gateSums: { offset: 0, size: sums }, gateCount: { offset: sums } }
}

function unetHistories(prefix: string, channels: number): (readonly [string, readonly number[]])[] {
  const shapes: (readonly [string, readonly number[]])[] = []
  for (let i = 0; i < LAYERS; i++) shapes.push([`${prefix}.encoder${i}`, [i === 0 ? 2 : 2 * channels, ROWS[i]!, 1]])
  for (let layer = 1; layer <= BOTTLENECK_LAYERS; layer++) {
    shapes.push([`${prefix}.memory${layer}`, [4 * channels, 1, MEMORY_TAPS - 1]])
  }
  for (let i = 0; i < LAYERS; i++) {
    shapes.push([`${prefix}.decoder${i}`, [(i === 0 ? 2 : 4) * channels, ROWS[LAYERS - i]!, 1]])
  }
  for (let i = 0; i < GATED_ENCODERS; i++) {
    shapes.push([`${prefix}.skip${i}`, [2 * channels, ROWS[GATED_ENCODERS - i]!, i + 1]])
  }
  return shapes
}

function place(shapes: readonly (readonly [string, readonly number[]])[]): {
  readonly size: number
  readonly entries: readonly StateEntry[]
} {
  const entries: StateEntry[] = []
  let offset = 0
  for (const [name, shape] of shapes) {
    const size = product(shape)
    entries.push({ name, shape, offset, size })
    offset += size
  }
  return { size: offset, entries }
}

function product(shape: readonly number[]): number {
  return shape.reduce((total, length) => total * length, 1)
}
