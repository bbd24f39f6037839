/** What decides the memory of a run: seconds of payload, and lanes. */
export interface Shape {
  readonly chunkSec: number
  readonly batch: number
}

/** What a shape really took. `speed` is seconds of audio (of all lanes) a second of the model's wall time; null where nobody timed it. */
export interface ShapePoint extends Shape {
  readonly peakBytes: number
  readonly speed: number | null
}

/** The floor: nothing smaller is tried. */
export const SMALLEST_SHAPE: Shape = { chunkSec: 0.25, batch: 1 }

/** The next smaller one: half the lanes, then half the chunk; null at the floor. Pure. */
export function smallerShape({ chunkSec, batch }: Shape): Shape | null {
  if (batch > 1) return { chunkSec, batch: Math.floor(batch / 2) }
  if (chunkSec > SMALLEST_SHAPE.chunkSec) {
    return { chunkSec: Math.max(SMALLEST_SHAPE.chunkSec, chunkSec / 2), batch: 1 }
  }
  return null
}

/** Not more lanes, and not longer chunks, than `limit`: a shape that ran out of memory bounds those above it. Pure. */
export function within(shape: Shape, limit: Shape | null): Shape {
  if (limit === null || shape.batch * shape.chunkSec <= limit.batch * limit.chunkSec) return shape
  const batch = Math.min(shape.batch, limit.batch)
  return { batch, chunkSec: Math.min(shape.chunkSec, (limit.batch * limit.chunkSec) / batch) }
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.batch === b.batch && Math.abs(a.chunkSec - b.chunkSec) < 0.01
}
