import { describe, expect, it } from 'vitest'
import { ExcerptGrid } from './excerpts'
import type { RateConverter } from './excerpts'

/** Passes samples through `delay` samples late, as a resampler does. */
function delayed(delay: number): RateConverter {
  let held = new Float32Array(0)
  return {
    push(samples) {
      const all = new Float32Array(held.length + samples.length)
      all.set(held)
      all.set(samples, held.length)
      const out = all.subarray(0, Math.max(0, all.length - delay))
      held = all.slice(out.length)
      return out
    },
    finish: () => held
  }
}

const ramp = (from: number, count: number): Float32Array => Float32Array.from({ length: count }, (_, i) => from + i)

function gridOver(signal: Float32Array, delay: number, block: number): ExcerptGrid {
  const grid = new ExcerptGrid({
    excerptSamples: 10,
    framesPerSample: 1,
    capacity: 4,
    headSlots: 2,
    converter: delayed(delay)
  })
  for (let at = 0; at < signal.length; at += block) grid.push(signal.subarray(at, at + block))
  return grid
}

describe('ExcerptGrid', () => {
  it.each([
    [0, 7],
    [3, 7],
    [3, 1],
    [4, 1000]
  ])('keeps 2 to 4 evenly spread whole places of any stream (delay %i, blocks of %i)', (delay, block) => {
    for (let length = 60; length < 700; length += 37) {
      const grid = gridOver(ramp(1, length), delay, block)
      const starts = grid.excerpts.map((excerpt) => (excerpt[0]! - 1) / 10)
      expect(starts.length).toBeGreaterThanOrEqual(2)
      expect(starts.length).toBeLessThanOrEqual(4)
      const step = starts[1]! - starts[0]!
      expect(starts).toEqual(starts.map((_, i) => i * step))
      // Spread over the file, not only its start: would catch a grid that stops when it is full.
      expect((starts.length + 1) * step * 10 + 20).toBeGreaterThanOrEqual(length)
      for (const [i, excerpt] of grid.excerpts.entries()) {
        expect([...excerpt]).toEqual([...ramp(1 + starts[i]! * 10, 10)])
      }
    }
  })

  it('has a short file whole, silence and last partial place included', () => {
    const signal = new Float32Array(18)
    signal[17] = 1
    expect(gridOver(signal, 3, 5).finishWhole()).toEqual(signal)
    expect(gridOver(ramp(1, 20), 3, 5).finishWhole()).toEqual(ramp(1, 20))
    expect(gridOver(ramp(1, 21), 3, 5).finishWhole()).toBeNull()
  })

  it('leaves digital silence out without losing its places (would catch eight excerpts of a silent lead-in)', () => {
    const signal = new Float32Array(1000)
    signal.set(ramp(1, 200), 800)
    const starts = gridOver(signal, 0, 64).excerpts.map((excerpt) => excerpt[0])
    expect(starts.length).toBeGreaterThanOrEqual(2)
    expect(starts[0]).toBe(1)
  })
})
