import type { Forecast } from './fit'
import { sameShape, SMALLEST_SHAPE, within, type Shape, type ShapePoint } from './shape'

/** What may be chosen from, whatever the model. */
const CHUNKS_SEC: readonly number[] = [0.25, 0.5, 1, 2, 5, 10]
const BATCHES: readonly number[] = [1, 2, 4, 8, 16]
/** Less is no difference: timings of one shape differ by it, and the smaller shape takes less memory. */
const WORTH = 1.04

export interface ShapeQuestion {
  readonly budgetBytes: number
  readonly forecast: Forecast
  readonly points: readonly ShapePoint[]
  /** The chunk that suits the model: where nothing was timed, longer ones gain nothing. */
  readonly chunkSec: number
  /** Nothing larger: it ran out of memory before. */
  readonly limit: Shape | null
}

export type ShapeChoice =
  | { readonly kind: 'fits'; readonly shape: Shape; readonly bytes: number }
  /** Not even the smallest does. */
  | { readonly kind: 'tooSmall'; readonly smallestBytes: number }

/**
 * The shape for a budget: the chunk first, alone in its lane, then the lanes, each by measured speed; what was never timed is not
 * taken for faster than what was. Pure.
 */
export function chooseShape(question: ShapeQuestion): ShapeChoice {
  const { forecast, budgetBytes, limit } = question
  const fits = (shape: Shape): boolean => forecast(shape) <= budgetBytes && sameShape(within(shape, limit), shape)
  const smallestBytes = smallestForecast(forecast)
  const chunks = CHUNKS_SEC.map((chunkSec) => ({ chunkSec, batch: 1 })).filter(fits)
  if (chunks.length === 0) return { kind: 'tooSmall', smallestBytes }
  const alone = fastest(chunks, question) ?? bySuiting(chunks, question.chunkSec)
  const lanes = BATCHES.map((batch) => ({ ...alone, batch })).filter(fits)
  const shape = fastest(lanes, question) ?? alone
  return { kind: 'fits', shape, bytes: forecast(shape) }
}

/** Bytes of the floor. */
export function smallestForecast(forecast: Forecast): number {
  return forecast(SMALLEST_SHAPE)
}

/** Of those that were timed; the smaller one where the difference is not worth a word. Null where fewer than two were. */
function fastest(shapes: readonly Shape[], { points }: ShapeQuestion): Shape | null {
  const timed = shapes.flatMap((shape) => {
    const speed = points.find((point) => sameShape(point, shape))?.speed ?? null
    return speed === null ? [] : [{ shape, speed }]
  })
  if (timed.length < 2) return null
  const best = Math.max(...timed.map(({ speed }) => speed))
  return timed.find(({ speed }) => speed * WORTH >= best)!.shape
}

/** The model's own chunk, or the longest below it. */
function bySuiting(shapes: readonly Shape[], chunkSec: number): Shape {
  return shapes.findLast((shape) => shape.chunkSec <= chunkSec + 0.01) ?? shapes[0]!
}
