import { describe, expect, it } from 'vitest'
import { CALIBRATION_SHAPES } from './calibrate'
import { fitForecast } from './fit'
import { sameShape, type ShapePoint } from './shape'

/** Peaks in MB, measured on Linux with two cores: chunk in seconds, lanes, peak. */
const MEASURED = {
  light: [
    [0.25, 1, 122],
    [0.5, 1, 123],
    [1, 1, 136],
    [2, 1, 162],
    [5, 1, 208],
    [10, 1, 304],
    [0.25, 2, 126],
    [0.5, 2, 132],
    [1, 2, 149],
    [2, 2, 179],
    [5, 2, 289],
    [10, 2, 458],
    [0.25, 4, 138],
    [0.5, 4, 158],
    [1, 4, 185],
    [2, 4, 254],
    [5, 4, 471],
    [0.25, 8, 172],
    [0.5, 8, 217],
    [1, 8, 273],
    [2, 8, 405]
  ],
  'light, overlapped': [
    [1, 1, 145],
    [2, 1, 145],
    [5, 1, 193],
    [10, 1, 275],
    [1, 2, 161],
    [2, 2, 185],
    [5, 2, 255],
    [10, 2, 393],
    [1, 4, 221],
    [2, 4, 260],
    [5, 4, 394],
    [1, 8, 315],
    [2, 8, 396]
  ],
  'full size': [
    [0.25, 1, 277],
    [0.5, 1, 319],
    [1, 1, 416],
    [2, 1, 638],
    [0.25, 2, 353],
    [0.5, 2, 455],
    [1, 2, 636],
    [0.25, 4, 522],
    [0.5, 4, 723]
  ]
} as const

const pointsOf = (rows: readonly (readonly number[])[]): ShapePoint[] =>
  rows.map(([chunkSec, batch, peakMb]) => ({
    chunkSec: chunkSec!,
    batch: batch!,
    peakBytes: peakMb! * 1e6,
    speed: null
  }))
const errorOf = (from: readonly ShapePoint[], point: ShapePoint): number =>
  fitForecast(from)!(point) / point.peakBytes - 1

describe.each(Object.entries(MEASURED))('forecast of the %s network', (name, rows) => {
  const points = pointsOf(rows)

  it('is what was measured at a measured shape', () => {
    for (const point of points) expect(errorOf(points, point)).toBeCloseTo(0, 6)
  })

  it('is within 15 % at a shape that was not measured, and never under it by more than 5 %', () => {
    for (const point of points) {
      const error = errorOf(
        points.filter((other) => other !== point),
        point
      )
      expect(error, `${point.chunkSec} s x ${point.batch}`).toBeLessThan(0.15)
      expect(error, `${point.chunkSec} s x ${point.batch}`).toBeGreaterThan(-0.05)
    }
  })

  it.skipIf(name.includes('overlapped'))(
    'is never under any by more than 5 %, nor over by more than 20 %, by the few shapes that are measured at first use',
    () => {
      const few = points.filter((point) => CALIBRATION_SHAPES.some((shape) => sameShape(shape, point)))
      expect(few).toHaveLength(CALIBRATION_SHAPES.length)
      for (const point of points) {
        const error = errorOf(few, point)
        expect(error, `${point.chunkSec} s x ${point.batch}`).toBeLessThan(0.2)
        expect(error, `${point.chunkSec} s x ${point.batch}`).toBeGreaterThan(-0.05)
      }
    }
  )
})

describe('fitForecast', () => {
  it('is none without points', () => {
    expect(fitForecast([])).toBe(null)
  })

  it('never falls with more lanes or longer chunks where points are noisy (a lane that frees memory)', () => {
    const noisy = pointsOf([
      [0.25, 1, 120],
      [0.5, 1, 118],
      [1, 1, 125]
    ])
    const forecast = fitForecast(noisy)!
    expect(forecast({ chunkSec: 4, batch: 1 })).toBeGreaterThanOrEqual(forecast({ chunkSec: 2, batch: 1 }))
    expect(forecast({ chunkSec: 2, batch: 8 })).toBeGreaterThanOrEqual(forecast({ chunkSec: 2, batch: 1 }))
  })
})
