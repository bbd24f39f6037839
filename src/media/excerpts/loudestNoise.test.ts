import { describe, expect, it } from 'vitest'
import { floorPower, framePowers, loudestNoise } from './loudestNoise'

const stretch = (startSec: number, ...powers: number[]) => ({ startSec, powers: Float32Array.from(powers) })

describe('where the noise is loudest', () => {
  it('is not where the speech is loudest (a mean of the power would choose it)', () => {
    const stretches = [stretch(0, 1e-6, 1, 1, 1, 1e-6), stretch(10, 1e-3, 1e-3, 2e-3, 1e-3, 1e-3)]
    expect(loudestNoise(stretches, 10, 20)[0]).toBe(10)
  })

  it('is no digital silence, and no part that is mostly that', () => {
    const stretches = [stretch(0, 0, 0, 0, 0, 0.5), stretch(10, 1e-6, 1e-6, 1e-6, 1e-6, 1e-6)]
    expect(loudestNoise(stretches, 10, 20)[0]).toBe(10)
    expect(loudestNoise([stretch(0, 0, 0), stretch(10, 0, 0)], 10, 20)).toEqual([0])
  })

  it('ends within the file: a part that begins near the end begins earlier', () => {
    expect(loudestNoise([stretch(0, 1e-6), stretch(19, 1e-3)], 10, 12)[0]).toBe(12)
  })

  it('takes the low powers that are heard', () => {
    expect(floorPower([0, 0.25, 0.5, 0.75, 1, 1])).toBeCloseTo(0.25)
    expect(framePowers([new Float32Array(1600).fill(0.5)], 16_000)).toEqual(new Float32Array(5).fill(0.25))
  })
})
