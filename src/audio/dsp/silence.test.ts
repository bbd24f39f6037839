import { describe, expect, it } from 'vitest'
import { isSilent, isZeroBytes } from './silence'

describe('silence', () => {
  // Catches: a tail beyond the last whole piece that is never compared, or a view compared from the start of its buffer.
  it('is told from a single sample, wherever it stands', () => {
    for (const length of [1, 15, 16, 17, 16_384, 16_385, 40_000]) {
      for (const at of [0, 15, 16, 16_383, 16_384, length - 1].filter((index) => index < length)) {
        const buffer = new Float32Array(length + 2).fill(1)
        const samples = buffer.subarray(1, length + 1).fill(0)
        expect(isSilent(samples)).toBe(true)
        samples[at] = 1e-45
        expect(isSilent(samples), `${at} of ${length}`).toBe(false)
      }
    }
  })

  // Catches: minus zero taken for sound because its bytes are not zeros; NaN taken for silence.
  it('is either zero, and not NaN', () => {
    const samples = new Float32Array(100)
    samples[50] = -0
    expect(isSilent(samples)).toBe(true)
    expect(isZeroBytes(new Uint8Array(samples.buffer))).toBe(false)
    samples[99] = Number.NaN
    expect(isSilent(samples)).toBe(false)
    expect(isSilent(new Float32Array(0))).toBe(true)
  })
})
