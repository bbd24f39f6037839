import { describe, expect, it } from 'vitest'
import { seededRandom } from '../io/testing/fixtures'
import { extremesOf, PEAK_FULL_SCALE, PeakPyramid } from './peakPyramid'

function noise(length: number): Float32Array {
  const random = seededRandom(7)
  return new Float32Array(length).map(() => random() * 2 - 1)
}

function pushed(samples: Float32Array, piece: number): PeakPyramid {
  const pyramid = new PeakPyramid(samples.length)
  for (let at = 0; at < samples.length; at += piece) pyramid.push(samples.subarray(at, at + piece))
  return pyramid
}

describe('PeakPyramid', () => {
  const samples = noise(70_001)

  // Catches a bin that is cut at a piece's end, and a last bin that is not whole.
  it.each([1, 255, 256, 1000, 70_001])('finds the same bins from pieces of %i', (piece) => {
    const pyramid = pushed(samples, piece)
    for (let bin = 0; bin < Math.ceil(samples.length / 256); bin++) {
      const found = { min: Infinity, max: -Infinity }
      pyramid.collect(bin * 256, Math.min(samples.length, (bin + 1) * 256), found)
      expect(found).toEqual(extremesOf(samples, bin * 256, Math.min(samples.length, (bin + 1) * 256)))
    }
    expect(pyramid.filledFrames).toBe(samples.length)
  })

  it('shows a single click at every width (a level that was built from means lost it)', () => {
    const quiet = new Float32Array(300_000)
    quiet[123_456] = -1
    const pyramid = pushed(quiet, 5000)
    for (const width of [256, 1000, 5000, 40_000, 170_000]) {
      const found = { min: Infinity, max: -Infinity }
      pyramid.collect(123_456 - (123_456 % width), 123_456 - (123_456 % width) + width, found)
      expect(found.min).toBe(-PEAK_FULL_SCALE)
    }
  })

  it('makes its levels anew from a kept finest one', () => {
    const [first, second] = [pushed(samples, 4096), new PeakPyramid(samples.length)]
    second.finest.min.set(first.finest.min)
    second.finest.max.set(first.finest.max)
    second.rebuild()
    for (const [from, to] of [
      [0, 70_001],
      [10_000, 30_000]
    ] as const) {
      const [a, b] = [
        { min: Infinity, max: -Infinity },
        { min: Infinity, max: -Infinity }
      ]
      first.collect(from, to, a)
      second.collect(from, to, b)
      expect(b).toEqual(a)
    }
  })

  it('has a bound: ten hours at 192 kHz take no more bins than half a million', () => {
    const pyramid = new PeakPyramid(36_000 * 192_000)
    expect(pyramid.finest.min.length).toBeLessThanOrEqual(2 ** 19)
  })

  it('limits what is over full scale (an Int16 wraps to the other side)', () => {
    const found = { min: Infinity, max: -Infinity }
    pushed(Float32Array.of(3, -3), 2).collect(0, 2, found)
    expect(found).toEqual({ min: -PEAK_FULL_SCALE, max: PEAK_FULL_SCALE })
  })
})
