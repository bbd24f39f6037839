import { describe, expect, it } from 'vitest'
import { noiseFloorDb } from './noiseFloor'

describe('noiseFloorDb', () => {
  it('finds the level of the pauses under loud words (a mean over everything would give the words)', () => {
    const samples = new Float32Array(48000)
    for (let i = 0; i < samples.length; i++) {
      const word = i % 16000 < 12000 ? 0.3 : 0
      samples[i] = word * Math.sin(i * 0.1) + 0.001 * (i % 2 === 0 ? 1 : -1)
    }
    expect(noiseFloorDb(samples, 16000)).toBeCloseTo(-60, 1)
    expect(
      noiseFloorDb(
        samples.map((x) => x * 0.1),
        48000
      )
    ).toBeCloseTo(-80, 1)
  })

  it('is -120 for digital silence and for nothing (-Infinity, NaN)', () => {
    expect(noiseFloorDb(new Float32Array(16000), 16000)).toBe(-120)
    expect(noiseFloorDb(new Float32Array(0), 16000)).toBe(-120)
  })

  it('takes what there is of a signal shorter than a frame', () => {
    expect(noiseFloorDb(new Float32Array(10).fill(0.1), 16000)).toBeCloseTo(-20, 3)
  })
})
