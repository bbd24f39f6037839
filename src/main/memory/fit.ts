import { sameShape, type Shape, type ShapePoint } from './shape'

/** Between measured shapes the peak may lie above what the fit says: peaks of one shape differ by that much from run to run. */
const MARGIN = 1.05
const ROUNDS = 3000

/** Peak memory of any shape, in bytes. */
export type Forecast = (shape: Shape) => number

type Columns = (shape: Shape) => readonly number[]

/**
 * What a session holds, what each lane holds, and what each second of each lane takes in a run. Measured: on two cores the peaks of
 * FRCRN-lite (24 shapes) and of the full-size network (9) lie within 12 % of such a plane, and a term for the chunk alone, which
 * only many points can tell, brings that to 9 %.
 */
const FEW: Columns = ({ chunkSec, batch }) => [1, batch, batch * chunkSec]
const MANY: Columns = ({ chunkSec, batch }) => [1, batch, batch * chunkSec, chunkSec]
const ENOUGH_FOR_MANY = 6

/**
 * A forecast from measured points: a plane by non-negative least squares of relative errors, and on it what is left at the points,
 * by their nearness. At a measured shape it is what was measured. Null without points. Pure.
 */
export function fitForecast(points: readonly ShapePoint[]): Forecast | null {
  if (points.length === 0) return null
  const columns = points.length >= ENOUGH_FOR_MANY ? MANY : FEW
  const weights = nonNegativeLeastSquares(
    points.map((point) => columns(point).map((value) => value / point.peakBytes)),
    points.map(() => 1)
  )
  const plane: Forecast = (shape) => dot(columns(shape), weights)
  const left = points.map((point) => ({ point, ratio: point.peakBytes / plane(point) }))
  return (shape) => {
    const measured = points.find((point) => sameShape(point, shape))
    return Math.round(measured ? measured.peakBytes : plane(shape) * nearRatio(left, shape) * MARGIN)
  }
}

/** By the inverse square of the distance in octaves of chunk and batch. */
function nearRatio(left: readonly { readonly point: Shape; readonly ratio: number }[], shape: Shape): number {
  let [sum, weight] = [0, 0]
  for (const { point, ratio } of left) {
    const octaves = Math.hypot(Math.log2(shape.chunkSec / point.chunkSec), Math.log2(shape.batch / point.batch))
    const near = 1 / Math.max(octaves, 0.05) ** 2
    sum += near * ratio
    weight += near
  }
  return sum / weight
}

/** Coordinate descent: a handful of columns, and no weight under zero (a lane that frees memory). */
function nonNegativeLeastSquares(rows: readonly (readonly number[])[], wanted: readonly number[]): readonly number[] {
  const scales = rows[0]!.map((_, column) => Math.sqrt(rows.reduce((sum, row) => sum + row[column]! ** 2, 0)))
  const scaled = rows.map((row) => row.map((value, column) => value / scales[column]!))
  const weights: number[] = scales.map(() => 0)
  for (let round = 0; round < ROUNDS; round++) {
    for (let column = 0; column < weights.length; column++) {
      let step = 0
      for (const [index, row] of scaled.entries()) step += row[column]! * (wanted[index]! - dot(row, weights))
      weights[column] = Math.max(0, weights[column]! + step)
    }
  }
  return weights.map((weight, column) => weight / scales[column]!)
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, index) => sum + value * b[index]!, 0)
}
