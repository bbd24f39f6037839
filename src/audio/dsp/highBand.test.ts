import { describe, expect, it } from 'vitest'
import { HighBandJoin } from './highBand'
import { Resampler } from './resampler'

function uniform(seed: number): () => number {
  let state = seed
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 31 - 1
}

function noise(count: number, level: number, seed = 3): Float32Array {
  const random = uniform(seed)
  return new Float32Array(count).map(() => level * random())
}

function sine(count: number, radians: number, level: number): Float32Array {
  return new Float32Array(count).map((_, i) => level * Math.sin(i * radians))
}

function toLow(source: Float32Array, sampleRateHz: number): Float32Array {
  const resampler = new Resampler({ fromHz: sampleRateHz, toHz: 16000 })
  return join([resampler.push(source), resampler.finish()])
}

function join(pieces: readonly Float32Array[]): Float32Array {
  return Float32Array.from(pieces.flatMap((piece) => Array.from(piece)))
}

interface Signals {
  readonly sampleRateHz: number
  readonly source: Float32Array
  readonly low: Float32Array
  readonly clean: Float32Array
}

/** Source ahead of low, low ahead of clean, as behind a denoiser. */
function run(signals: Signals, piece = 4800, behind = 8000): Float32Array {
  const { sampleRateHz, source, low, clean } = signals
  const joiner = new HighBandJoin({ sampleRateHz })
  const out: Float32Array[] = []
  let [lowAt, cleanAt] = [0, 0]
  for (let at = 0; at < source.length; at += piece) {
    const lowTo = Math.min(low.length, Math.max(lowAt, Math.floor(((at + piece) * 16000) / sampleRateHz) - 100))
    const cleanTo = Math.max(cleanAt, lowTo - behind)
    out.push(
      joiner.push({
        source: source.subarray(at, at + piece),
        low: low.subarray(lowAt, lowTo),
        clean: clean.subarray(cleanAt, cleanTo)
      })
    )
    lowAt = lowTo
    cleanAt = cleanTo
  }
  const none = new Float32Array(0)
  out.push(joiner.push({ source: none, low: low.subarray(lowAt), clean: clean.subarray(cleanAt) }))
  out.push(joiner.finish(source.length))
  return join(out)
}

/** Level in dB of a filtered stretch: what a high-pass at `edgeHz` by a plain windowed sinc leaves. */
function levelAbove(
  samples: Float32Array,
  options: { rate: number; edgeHz: number; from: number; to: number }
): number {
  const { rate, edgeHz, from, to } = options
  const half = 200
  let [sum, count] = [0, 0]
  for (let i = Math.max(half, from); i < Math.min(samples.length - half, to); i += 7) {
    let y = samples[i]!
    for (let j = -half; j <= half; j++) {
      const x = (2 * edgeHz) / rate
      const sinc = j === 0 ? x : Math.sin(Math.PI * x * j) / (Math.PI * j)
      y -= samples[i - j]! * sinc * (0.5 + 0.5 * Math.cos((Math.PI * j) / half))
    }
    sum += y * y
    count++
  }
  return 10 * Math.log10(sum / count + 1e-20)
}

const RATES = [48000, 44100, 96000, 22050, 16001]

describe('HighBandJoin', () => {
  it.each(RATES)(
    '%i Hz: gives the source back where the denoiser changed nothing (a notch or a delay at 8 kHz)',
    (sampleRateHz) => {
      const source = noise(sampleRateHz, 0.3)
      const low = toLow(source, sampleRateHz)
      const out = run({ sampleRateHz, source, low, clean: low })
      expect(out).toEqual(source)
    }
  )

  it.each(RATES)('%i Hz: the same for pieces of any size, exact in length (seams)', (sampleRateHz) => {
    const source = noise(20011, 0.3)
    const low = toLow(source, sampleRateHz)
    const clean = low.map((x, i) => x * (0.5 + 0.4 * Math.sin(i / 500)))
    const whole = run({ sampleRateHz, source, low, clean }, source.length)
    expect(whole.length).toBe(source.length)
    for (const piece of [97, 1600, 7001]) {
      for (const behind of [0, 3000, 1e9]) {
        const out = run({ sampleRateHz, source, low, clean }, piece, behind)
        expect(out.length).toBe(whole.length)
        expect(out.every((x, i) => Math.abs(x - whole[i]!) < 1e-6)).toBe(true)
      }
    }
  })

  it.each([48000, 44100])(
    '%i Hz: hiss goes down over 8 kHz as far as below (hiss left over the speech)',
    (sampleRateHz) => {
      const source = noise(2 * sampleRateHz, 0.05)
      const low = toLow(source, sampleRateHz)
      for (const gain of [0.5, 0.1, 0.01]) {
        const out = run({ sampleRateHz, source, low, clean: low.map((x) => x * gain) })
        const window = { rate: sampleRateHz, edgeHz: 9000, from: sampleRateHz / 2, to: sampleRateHz }
        const down = levelAbove(out, window) - levelAbove(source, window)
        expect(Math.abs(down - 20 * Math.log10(gain))).toBeLessThan(0.2)
      }
    }
  )

  it('keeps a sibilant whole in hiss that is taken away around it, from its start on', () => {
    const rate = 48000
    const hiss = noise(rate, 0.01, 5)
    const burst = noise(rate, 0.3, 9).map((x, i) => (i >= 24000 && i < 28800 ? x : 0))
    const source = hiss.map((x, i) => x + burst[i]!)
    const low = toLow(source, rate)
    const clean = toLow(burst, rate).map((x, i) => x + 0.03 * (low[i]! - x))
    const out = run({ sampleRateHz: rate, source, low, clean })
    const level = (from: number, to: number): number => {
      const window = { rate, edgeHz: 9000, from, to }
      return levelAbove(out, window) - levelAbove(source, window)
    }
    expect(level(24240, 24720)).toBeGreaterThan(-2.5) // 5 to 15 ms after its start
    expect(level(24960, 28800)).toBeGreaterThan(-0.6)
    expect(level(5000, 20000)).toBeLessThan(-28)
    expect(level(44000, 47000)).toBeLessThan(-28)
  })

  it('does not lift or dim the high band for what happens in the low half of the model band (hum, rumble)', () => {
    const rate = 48000
    const bright = noise(rate, 0.02)
    const hum = sine(rate, (2 * Math.PI * 100) / rate, 0.5)
    const source = bright.map((x, i) => x + hum[i]!)
    const low = toLow(source, rate)
    const out = run({ sampleRateHz: rate, source, low, clean: toLow(bright, rate) })
    const window = { rate, edgeHz: 9000, from: 10000, to: 40000 }
    expect(Math.abs(levelAbove(out, window) - levelAbove(bright, window))).toBeLessThan(0.3)
  })

  it('passes digital silence as digital silence', () => {
    const source = new Float32Array(48000)
    const low = new Float32Array(16000)
    expect(run({ sampleRateHz: 48000, source, low, clean: low }).every((x) => x === 0)).toBe(true)
  })

  it('comes out exactly as long as it went in, down to one sample', () => {
    for (const count of [0, 1, 2, 3, 100, 479, 481, 1000]) {
      const source = noise(count, 0.2)
      const low = toLow(source, 48000)
      const out = run({ sampleRateHz: 48000, source, low, clean: low.map((x) => x / 2) })
      expect(out.length).toBe(count)
      expect(out.every(Number.isFinite)).toBe(true)
    }
  })

  it('says so when lengths do not fit (frames lost on the way)', () => {
    expect(() => new HighBandJoin({ sampleRateHz: 16000 })).toThrow(RangeError)
    const joiner = new HighBandJoin({ sampleRateHz: 48000 })
    joiner.push({ source: noise(480, 1), low: noise(160, 1), clean: noise(150, 1) })
    expect(() => joiner.finish(480)).toThrow(RangeError)
    joiner.push({ source: noise(0, 1), low: noise(0, 1), clean: noise(10, 1) })
    expect(() => joiner.finish(481)).toThrow(RangeError)
    expect(joiner.finish(480).length).toBe(480)
  })
})
