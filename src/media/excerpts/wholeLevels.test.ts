import { expect, it } from 'vitest'
import type { ExcerptSource } from './excerptSource'
import { wholeLevels } from './wholeLevels'

const RATE_HZ = 8000
const never = new AbortController().signal

/** A tone of -40 dBFS with one of -20 dBFS in its middle third. */
function tone(durationSec: number, isForeign: boolean): ExcerptSource & { readonly readFrames: () => number } {
  const frames = durationSec * RATE_HZ
  let readFrames = 0
  const piece = (from: number, length: number): Float32Array[] => {
    readFrames += length
    return [
      Float32Array.from({ length }, (_, n) => {
        const at = from + n
        const isLoud = at >= frames / 3 && at < (2 * frames) / 3
        return (isLoud ? 0.1 : 0.01) * Math.sin((2 * Math.PI * 997 * at) / RATE_HZ)
      })
    ]
  }
  return {
    ...{ sampleRateHz: RATE_HZ, channels: 1, channelMask: 0, frames },
    readFrames: () => readFrames,
    readPieces: isForeign ? (starts, length) => Promise.resolve(starts.map((from) => piece(from, length))) : null,
    read: async (from, length, take) => take(piece(from, Math.min(length, frames - from))),
    close: () => Promise.resolve()
  }
}

it.each([
  [60, false],
  [600, false],
  [600, true]
])('measures %i s (by a decoder: %s) as it is, without reading all of a long one', async (durationSec, isForeign) => {
  const source = tone(durationSec, isForeign)
  const { lufs, peakDb } = await wholeLevels(source, never)
  // A sine of 0 dBFS peak is -3.01 LUFS in one channel; the quiet parts are gated out.
  expect(lufs).toBeGreaterThan(-23.7)
  expect(lufs).toBeLessThan(-22.8)
  expect(peakDb).toBeCloseTo(-20, 1)
  expect(source.readFrames()).toBeLessThanOrEqual(121 * RATE_HZ)
})
