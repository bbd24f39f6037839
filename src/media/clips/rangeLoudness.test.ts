import { describe, expect, it } from 'vitest'
import { KWeighting } from '../../audio/dsp/kWeighting'
import { gatedLufs } from '../../audio/dsp/loudness'
import { seededRandom } from '../../audio/io/testing/fixtures'
import { ClipFiles } from './clipFiles'
import type { HeardFile } from './heardFile'
import { loudnessOfRange } from './rangeLoudness'

const RATE_HZ = 16_000
const never = new AbortController().signal

/** Speech-like: bursts of every level, so that 50 ms more or less at an edge are heard. */
function bursts(frames: number, seed: number): Float32Array {
  const random = seededRandom(seed)
  let gain = 0
  return new Float32Array(frames).map((_, i) => {
    if (i % 1311 === 0) gain = 10 ** (-3 * random())
    return gain * (random() - 0.5)
  })
}

function heard(samples: Float32Array): HeardFile {
  return {
    path: 'memory',
    stream: 0,
    sampleRateHz: RATE_HZ,
    sourceChannels: 1,
    channels: 1,
    frames: samples.length,
    state: { readyFrames: samples.length, isWhole: true, failure: null },
    onProgress: null,
    read: (startFrame, [out]) => {
      out!.set(samples.subarray(startFrame, startFrame + out!.length))
      return Promise.resolve()
    },
    close: () => Promise.resolve()
  }
}

/** Round after round of the loop through one filter, the last of them weighed. */
function weighedLoop(loop: Float32Array, rounds: number): Float64Array {
  const filter = new KWeighting(RATE_HZ)
  const weighted = new Float64Array(loop.length)
  for (let round = 0; round < rounds; round++) filter.process(loop, weighted)
  return weighted
}

function loopLufs(loop: Float32Array): number {
  const weighted = weighedLoop(loop, 1 + Math.ceil((2 * RATE_HZ) / loop.length))
  const power = (from: number, to: number): number =>
    weighted.subarray(from, to).reduce((sum, value) => sum + value * value, 0) / (to - from)
  if (loop.length < 0.4 * RATE_HZ) return -0.691 + 10 * Math.log10(power(0, loop.length))
  const blocks: number[] = []
  for (let at = 0; at + 0.4 * RATE_HZ <= loop.length; at += 0.1 * RATE_HZ) blocks.push(power(at, at + 0.4 * RATE_HZ))
  return gatedLufs(blocks)!
}

describe('loudness of a range', () => {
  const original = bursts(60 * RATE_HZ, 1)
  const clean = bursts(60 * RATE_HZ, 2)
  const files = new ClipFiles(heard(original), heard(clean), 0, original.length)

  // Catches edges that are moved to steps of 100 ms: they were up to 0.76 LU off.
  it.each([
    [12_345, 12_345 + 32_000],
    [799, 799 + 23_457],
    [100_001, 106_402],
    [777_777, 777_777 + 5123],
    [500_003, 500_323]
  ])('is that of the very frames %i to %i, as they are heard in a loop', async (startFrame, endFrame) => {
    const found = await loudnessOfRange(files, { startFrame, endFrame }, never)
    const [a, b] = [original, clean].map((whole) => whole.slice(startFrame, endFrame))
    const removed = a!.map((value, i) => value - b![i]!)
    for (const [signal, loop] of [['original', a!] as const, ['clean', b!] as const, ['removed', removed] as const]) {
      expect(found.get(signal)!.lufs, signal).toBeCloseTo(loopLufs(loop), 3)
      expect(found.get(signal)!.peak).toBe(Math.max(...loop.map(Math.abs)))
    }
  })

  it('does not hear its own end before the start of a whole clip', async () => {
    const samples = new Float32Array(RATE_HZ)
    samples.fill(0.5, RATE_HZ - 100)
    const whole = await loudnessOfRange(
      new ClipFiles(heard(samples), null, 0, RATE_HZ),
      { startFrame: 0, endFrame: RATE_HZ },
      never
    )
    const weighted = weighedLoop(samples, 1).subarray(0.6 * RATE_HZ)
    const power = weighted.reduce((sum, value) => sum + value * value, 0) / weighted.length
    expect(whole.get('original')!.lufs).toBeCloseTo(-0.691 + 10 * Math.log10(power), 3)
  })

  it('is null for silence, however short (-Infinity came out)', async () => {
    const silent = new ClipFiles(heard(new Float32Array(RATE_HZ)), null, 0, RATE_HZ)
    for (const endFrame of [320, RATE_HZ]) {
      const found = await loudnessOfRange(silent, { startFrame: 0, endFrame }, never)
      expect(found.get('original')).toEqual({ lufs: null, peak: 0 })
    }
  })
})
