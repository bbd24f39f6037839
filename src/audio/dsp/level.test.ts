import { describe, expect, it } from 'vitest'
import { LevelMeter } from './level'

/** The official rule, literally: two scalings, two passes. */
function officialGain(samples: Float32Array): number {
  const target = 10 ** (-25 / 20)
  const first = target / Math.sqrt(samples.reduce((sum, x) => sum + x * x, 0) / samples.length)
  const powers = Float64Array.from(samples, (x) => (x * first) ** 2)
  const mean = powers.reduce((sum, p) => sum + p, 0) / powers.length
  const loud = powers.filter((p) => p > mean)
  return (first * target) / Math.sqrt(loud.reduce((sum, p) => sum + p, 0) / loud.length)
}

function uniform(seed: number): () => number {
  let state = seed
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 31 - 1
}

function make(count: number, at: (i: number, random: () => number) => number): Float32Array {
  const random = uniform(7)
  const out = new Float32Array(count)
  for (let i = 0; i < count; i++) out[i] = at(i, random)
  return out
}

const SIGNALS: Record<string, Float32Array> = {
  sine: make(48000, (i) => 0.3 * Math.sin(i * 0.05)),
  'uniform noise': make(48000, (_, random) => 0.5 * random()),
  'Laplace, as speech is': make(48000, (_, random) => 0.02 * Math.sign(random()) * Math.log(Math.abs(random()) + 1e-9)),
  'mostly pauses': make(48000, (i, random) => (i % 8000 < 500 ? random() : 1e-4 * random())),
  'very quiet': make(48000, (_, random) => 2e-5 * random()),
  'far over full scale': make(48000, (_, random) => 3000 * random()),
  'two levels': make(48000, (i) => (i % 3 === 0 ? 0.5 : -0.1)),
  '16-bit steps of one': make(48000, (_, random) => Math.round(2 * random()) / 32768),
  'a single sample': Float32Array.of(0.25)
}

describe('LevelMeter', () => {
  // Catches: silence that is passed over without being counted, which would raise the mean that samples must exceed.
  it('counts silence like zeros', () => {
    const sound = make(5000, (_, random) => random() ** 3)
    const [told, pushed] = [new LevelMeter(), new LevelMeter()]
    for (const meter of [told, pushed]) meter.push(sound)
    told.pushSilence(12_345)
    pushed.push(new Float32Array(12_345))
    expect(told.gain()).toBe(pushed.gain())
    expect(told.rms()).toBe(pushed.rms())
  })

  it.each(Object.entries(SIGNALS).slice(0, -1))(
    '%s: within 0.01 dB of the two-pass rule (a wrong threshold bin)',
    (_, samples) => {
      const meter = new LevelMeter()
      for (let at = 0; at < samples.length; at += 5000) meter.push(samples.subarray(at, at + 5000))
      expect(Math.abs(20 * Math.log10(meter.gain()! / officialGain(samples)))).toBeLessThan(0.01)
    }
  )

  it('brings a square wave and a single sample to -25 dBFS, where the official rule divides by nothing', () => {
    for (const samples of [make(1000, (i) => (i % 2 === 0 ? 0.25 : -0.25)), SIGNALS['a single sample']!]) {
      const meter = new LevelMeter()
      meter.push(samples)
      expect(20 * Math.log10(meter.gain()! * 0.25)).toBeCloseTo(-25, 1)
    }
  })

  it('gives no gain for silence, for nothing, and for rounding dust (NaN or a gain of millions)', () => {
    for (const samples of [new Float32Array(0), new Float32Array(16000), new Float32Array(16000).fill(1e-8)]) {
      const meter = new LevelMeter()
      meter.push(samples)
      expect(meter.gain()).toBeNull()
    }
  })

  it('can be asked in between and knows the plain RMS', () => {
    const meter = new LevelMeter()
    expect(meter.rms()).toBe(0)
    meter.push(new Float32Array(100).fill(0.5))
    expect(meter.rms()).toBeCloseTo(0.5, 6)
    meter.push(new Float32Array(300))
    expect(meter.rms()).toBeCloseTo(0.25, 6)
  })
})
