import { describe, expect, it } from 'vitest'
import { LoudnessMeter } from './loudnessMeter'
import { TruePeakMeter } from './truePeak'

const RATE_HZ = 48_000
const tone = (seconds: number, amplitude: number, hz = 997, phase = 0): Float32Array =>
  Float32Array.from(
    { length: Math.round(seconds * RATE_HZ) },
    (_, n) => amplitude * Math.sin((2 * Math.PI * hz * n) / RATE_HZ + phase)
  )

function lufs(blocks: readonly (readonly Float32Array[])[], channelMask = 0): number | null {
  const meter = new LoudnessMeter({ sampleRateHz: RATE_HZ, channels: blocks[0]!.length, channelMask })
  for (const block of blocks) meter.push(block)
  return meter.integratedLufs()
}

describe('LoudnessMeter', () => {
  it('reads the standard tone as the standard says, however it is cut (a step lost at a block boundary)', () => {
    const left = tone(5, 10 ** (-23 / 20))
    const cut = [0, 1, 7000, 7001, 100_000, left.length]
    const blocks = cut.slice(1).map((to, n) => [left.subarray(cut[n], to), left.subarray(cut[n], to)])
    expect(lufs(blocks)).toBeCloseTo(-23, 1)
    expect(lufs([[left, left]])).toBeCloseTo(lufs(blocks)!, 9)
  })

  it('gates pauses out (a recording with pauses came out too loud)', () => {
    const loud = tone(5, 0.1)
    const pause = tone(10, 0.0003)
    expect(lufs([[loud], [pause]])!).toBeCloseTo(lufs([[loud]])!, 0)
    expect(lufs([[tone(2, 1e-5)]])).toBeNull()
  })

  it('leaves the LFE out and weighs what is behind (5.1 was read by its rumble)', () => {
    const zero = new Float32Array(5 * RATE_HZ)
    const at = (channel: number): number | null =>
      lufs([Array.from({ length: 6 }, (_, n) => (n === channel ? tone(5, 0.1) : zero))], 0x3f)
    expect(at(3)).toBeNull()
    expect(at(4)! - at(0)!).toBeCloseTo(1.5, 2)
  })
})

describe('TruePeakMeter', () => {
  it.each([
    [12_000, Math.PI / 4],
    [8000, 0.3],
    [19_000, 1]
  ])('finds the peak between the samples of %i Hz (a sample peak is up to 3 dB lower)', (hz, phase) => {
    const meter = new TruePeakMeter(RATE_HZ, 1)
    const wave = tone(0.5, 0.5, hz, phase)
    // Without edges: cut short, a tone really goes higher.
    const faded = wave.map((value, n) => value * Math.min(1, n / 4000, (wave.length - 1 - n) / 4000))
    meter.push([faded.subarray(0, 9001)])
    meter.push([faded.subarray(9001)])
    expect(Math.abs(meter.finish() - 20 * Math.log10(0.5))).toBeLessThan(0.15)
  })

  it('is silent for silence', () => {
    expect(new TruePeakMeter(RATE_HZ, 2).finish()).toBe(-Infinity)
  })
})
