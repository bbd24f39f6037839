import { expect, it } from 'vitest'
import { lengthsOf } from './lanes'

it.each([
  [12, 6],
  [14, 10],
  [40, 60]
])(
  '%d files are of every length from 1 to %d s once (equal lengths would hide the cost of a lane that waits)',
  (files, longestSec) => {
    const lengths = [...lengthsOf({ files, longestSec })].sort((a, b) => a - b)
    expect(new Set(lengths).size).toBe(files)
    expect(lengths[0]).toBe(1)
    expect(lengths.at(-1)).toBeCloseTo(longestSec)
  }
)
