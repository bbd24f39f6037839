import { expect, it } from 'vitest'
import { reductionLimitDb, residualGainOf } from './reduction'

const of = (strengthPercent: number, floorDb: number | null) => ({ strengthPercent, floorDb })

it.each([
  [of(100, null), 0, null],
  [of(90, null), 0.1, 20],
  [of(50, null), 0.5, 6.0206],
  [of(0, null), 1, 0],
  [of(100, 20), 0.1, 20],
  [of(100, 6), 0.5012, 6],
  // The one that leaves more counts.
  [of(95, 20), 0.1, 20],
  [of(50, 20), 0.5, 6.0206],
  [of(0, 20), 1, 0]
])('%o leaves %d in (a floor that lowers a strength, or the other way round)', (settings, gain, limit) => {
  expect(residualGainOf(settings)).toBeCloseTo(gain, 4)
  const limitDb = reductionLimitDb(settings)
  if (limit === null) expect(limitDb).toBeNull()
  else expect(limitDb).toBeCloseTo(limit, 4)
})
