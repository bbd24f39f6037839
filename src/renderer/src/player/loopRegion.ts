import type { Loop } from './frameQueue'

const LOOP_SEC = 2
/** A shorter one is a tone, or nothing. */
export const LEAST_LOOP_SEC = 0.02

/** Two seconds around a place, all of them inside the clip; the whole of a shorter one. */
export function regionAround(frame: number, { frames, rateHz }: { frames: number; rateHz: number }): Loop {
  const length = Math.min(frames, Math.round(LOOP_SEC * rateHz))
  const from = Math.min(Math.max(0, Math.round(frame - length / 2)), frames - length)
  return { fromFrame: from, toFrame: from + length }
}

/** The region with one edge at a frame. An edge that passes the other takes the clip's own end for it. */
export function withEdge(
  region: Loop | null,
  edge: 'from' | 'to',
  { frame, frames }: { frame: number; frames: number }
): Loop | null {
  const from = edge === 'from' ? frame : region && region.fromFrame < frame ? region.fromFrame : 0
  const to = edge === 'to' ? frame : region && region.toFrame > frame ? region.toFrame : frames
  return to > from ? { fromFrame: from, toFrame: to } : region
}
