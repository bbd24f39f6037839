import type { Signal } from '../../../shared/ipc/playerViews'

export type Look = 'both' | 'wave' | 'spectrum'

/** A part of the canvas, in CSS pixels. */
export interface Box {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

export interface Lane {
  readonly signal: Signal
  readonly box: Box
  /** Null where that is not shown. */
  readonly wave: Box | null
  readonly spectrum: Box | null
}

export interface TrackLayout {
  readonly lanes: readonly Lane[]
  /** All lanes together. */
  readonly field: Box
  readonly axis: Box
  /** The whole clip, small; null where the view is the whole. */
  readonly overview: Box | null
}

const LEFT_PX = 46
const RIGHT_PX = 52
const RIGHT_PLAIN_PX = 12
const AXIS_PX = 20
const OVERVIEW_PX = 24
const GAP_PX = 6
/** A lane of its own for what was removed needs so much. */
const ROOMY_LANE_PX = 84

export interface LayoutOptions {
  readonly widthPx: number
  readonly heightPx: number
  readonly signals: readonly Signal[]
  readonly heard: Signal
  readonly look: Look
  readonly isZoomed: boolean
}

export function layoutOf(options: LayoutOptions): TrackLayout {
  const { widthPx, heightPx, look, isZoomed } = options
  const top = isZoomed ? OVERVIEW_PX + GAP_PX : 2
  const width = Math.max(1, widthPx - LEFT_PX - (look === 'wave' ? RIGHT_PLAIN_PX : RIGHT_PX))
  const height = Math.max(1, heightPx - top - AXIS_PX)
  const signals = lanesFor(options, height)
  const laneHeight = (height - GAP_PX * (signals.length - 1)) / signals.length
  const lanes = signals.map((signal, at) => {
    const box = { x: LEFT_PX, y: top + at * (laneHeight + GAP_PX), width, height: laneHeight }
    return { signal, box, ...partsOf(box, look) }
  })
  return {
    lanes,
    field: { x: LEFT_PX, y: top, width, height },
    axis: { x: LEFT_PX, y: heightPx - AXIS_PX, width, height: AXIS_PX },
    overview: isZoomed ? { x: LEFT_PX, y: 2, width, height: OVERVIEW_PX } : null
  }
}

/** Original and clean; what was removed too where there is room, else in the clean one's place while it is heard. */
function lanesFor({ signals, heard }: LayoutOptions, heightPx: number): readonly Signal[] {
  if (!signals.includes('clean')) return ['original']
  if (heightPx >= 3 * ROOMY_LANE_PX + 2 * GAP_PX) return ['original', 'clean', 'removed']
  return heard === 'removed' ? ['original', 'removed'] : ['original', 'clean']
}

function partsOf(box: Box, look: Look): Pick<Lane, 'wave' | 'spectrum'> {
  if (look === 'wave') return { wave: box, spectrum: null }
  if (look === 'spectrum') return { wave: null, spectrum: box }
  const high = Math.round(box.height * 0.38)
  return {
    wave: { ...box, height: high },
    spectrum: { ...box, y: box.y + high + 1, height: box.height - high - 1 }
  }
}

export function contains({ x, y, width, height }: Box, atX: number, atY: number): boolean {
  return atX >= x && atX < x + width && atY >= y && atY < y + height
}
