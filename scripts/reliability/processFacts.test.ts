import { expect, it } from 'vitest'
import { slopeOf } from './processFacts'

it('finds what is added per file under noise, and 0 where nothing is (a leak that the soak does not see)', () => {
  const noise = (n: number): number => Math.sin(n * 12.9898) * 3
  const leaking = Array.from({ length: 500 }, (_, n) => 200 + 0.1 * n + noise(n))
  expect(slopeOf(leaking)).toBeCloseTo(0.1, 2)
  expect(Math.abs(slopeOf(Array.from({ length: 500 }, (_, n) => 200 + noise(n))))).toBeLessThan(0.01)
})
