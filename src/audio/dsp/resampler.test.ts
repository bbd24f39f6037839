import { describe, expect, it } from 'vitest'
import { Resampler } from './resampler'

function sine(rateHz: number, frequencyHz: number, count: number): Float32Array {
  const out = new Float32Array(count)
  for (let i = 0; i < count; i++) out[i] = Math.sin((2 * Math.PI * frequencyHz * i) / rateHz)
  return out
}

function noise(count: number, seed = 1): Float32Array {
  const out = new Float32Array(count)
  let state = seed
  for (let i = 0; i < count; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    out[i] = state / 2 ** 31 - 1
  }
  return out
}

function resample(samples: Float32Array, rates: { fromHz: number; toHz: number }, piece = 4096): Float32Array {
  const resampler = new Resampler(rates)
  const pieces: Float32Array[] = []
  for (let at = 0; at < samples.length; at += piece) pieces.push(resampler.push(samples.subarray(at, at + piece)))
  pieces.push(resampler.finish())
  return Float32Array.from(pieces.flatMap((part) => Array.from(part)))
}

/** Largest deviation from the ideal sine, away from the ends, in dB. */
function errorDb(rates: { fromHz: number; toHz: number }, frequencyHz: number): number {
  const out = resample(sine(rates.fromHz, frequencyHz, Math.round(rates.fromHz * 0.5)), rates)
  const ideal = sine(rates.toHz, frequencyHz, out.length)
  let worst = 0
  for (let m = Math.floor(out.length * 0.3); m < out.length * 0.7; m++) {
    worst = Math.max(worst, Math.abs(out[m]! - ideal[m]!))
  }
  return 20 * Math.log10(worst + 1e-30)
}

function peakDb(samples: Float32Array): number {
  let peak = 0
  for (let m = Math.floor(samples.length * 0.3); m < samples.length * 0.7; m++) {
    peak = Math.max(peak, Math.abs(samples[m]!))
  }
  return 20 * Math.log10(peak + 1e-30)
}

const PAIRS = [
  [48000, 16000],
  [44100, 16000],
  [44101, 16000],
  [96000, 16000],
  [192000, 16000],
  [8000, 16000],
  [11025, 16000],
  [22050, 16000],
  [16000, 48000],
  [16000, 44100],
  [16000, 44101],
  [16000, 192000],
  [16000, 10007]
] as const

describe('Resampler', () => {
  it.each(PAIRS)(
    '%i -> %i Hz: flat and in phase up to 0.92 of the lower Nyquist (a filter off by a fraction of a sample)',
    (fromHz, toHz) => {
      const nyquist = Math.min(fromHz, toHz) / 2
      for (const share of [0.05, 0.5, 0.9, 0.92]) {
        // 0.01 dB are -58.8 dB of deviation; the design does better, and phase counts here as well.
        expect(errorDb({ fromHz, toHz }, share * nyquist)).toBeLessThan(-90)
      }
    }
  )

  it.each(PAIRS.filter(([fromHz, toHz]) => fromHz > toHz))(
    '%i -> %i Hz: at least 100 dB down over the new Nyquist (aliases)',
    (fromHz, toHz) => {
      for (const frequencyHz of [toHz / 2 + 1, toHz * 0.53, toHz * 0.61, Math.min(toHz * 0.95, fromHz * 0.49)]) {
        expect(peakDb(resample(sine(fromHz, frequencyHz, Math.round(fromHz * 0.5)), { fromHz, toHz }))).toBeLessThan(
          -100
        )
      }
    }
  )

  it.each(PAIRS.filter(([fromHz, toHz]) => fromHz < toHz))(
    '%i -> %i Hz: no image over -100 dB above the old Nyquist',
    (fromHz, toHz) => {
      // Without images the result of a tone is that tone; down again it is the tone as well, and what is left over is image.
      const frequencyHz = 0.45 * fromHz
      expect(errorDb({ fromHz, toHz }, frequencyHz)).toBeLessThan(-90)
    }
  )

  it.each([...PAIRS, [16000, 16000] as const])(
    '%i -> %i Hz: the same to the bit for any pieces (lost or doubled samples at seams)',
    (fromHz, toHz) => {
      const samples = noise(7001)
      const whole = resample(samples, { fromHz, toHz }, samples.length)
      for (const piece of [1, 137, 4096]) expect(resample(samples, { fromHz, toHz }, piece)).toEqual(whole)
    }
  )

  it('makes exactly ceil(n * to / from) samples, or what was asked for, for every length', () => {
    for (const [fromHz, toHz] of [...PAIRS, [16000, 16000], [50, 16000], [768000, 16000]] as const) {
      for (const count of [0, 1, 3, 479, 480, 481]) {
        const out = resample(noise(count), { fromHz, toHz })
        expect(out.length).toBe(Math.ceil((count * toHz) / fromHz))
        const back = new Resampler({ fromHz: toHz, toHz: fromHz })
        const pushed = back.push(out).length
        expect(pushed + back.finish(count).length).toBe(count)
      }
    }
  })

  it('goes to the ends of its range (1 Hz, a filter of millions of taps)', () => {
    const there = resample(noise(3), { fromHz: 1, toHz: 16000 })
    expect(there.length).toBe(48000)
    expect(resample(there, { fromHz: 16000, toHz: 1 }).length).toBe(3)
  })

  it('comes back to the sample after a round trip (a delay, a gain)', () => {
    for (const rate of [8000, 44100, 48000]) {
      const tone = sine(rate, 997, 20000)
      const there = resample(tone, { fromHz: rate, toHz: 16000 })
      const back = resample(there, { fromHz: 16000, toHz: rate })
      for (let i = 8000; i < 12000; i++) expect(Math.abs(back[i]! - tone[i]!)).toBeLessThan(1e-5)
    }
  })

  it('goes through silence quickly, exactly, and catches the first sample after it', () => {
    const rates = { fromHz: 48000, toHz: 16000 }
    const resampler = new Resampler(rates)
    const block = new Float32Array(480000)
    const before = process.cpuUsage()
    let outputs = 0
    for (let minute = 0; minute < 60; minute++) {
      const out = resampler.push(block)
      outputs += out.length
      expect(out.every((value) => value === 0)).toBe(true)
    }
    const cpuSec = process.cpuUsage(before).user / 1e6
    expect(cpuSec).toBeLessThan(3) // 600 s of silence; filtering them would take 2 to 5 s more
    const click = new Float32Array(4800)
    click[3] = 1
    outputs += resampler.push(click).length
    const rest = resampler.finish()
    expect(outputs + rest.length).toBe(60 * 160000 + 1600)
    const alone = resample(click, rates)
    const tail = rest.subarray(rest.length - 1500)
    for (let i = 0; i < tail.length; i++) expect(tail[i]).toBeCloseTo(alone[alone.length - 1500 + i]!, 7)
  })

  it('says no to rates that are not integers of 1 to 768000 Hz and to filters beyond its memory', () => {
    for (const rate of [0, -1, 0.5, NaN, 768001])
      expect(() => new Resampler({ fromHz: rate, toHz: 16000 })).toThrow(RangeError)
    expect(() => new Resampler({ fromHz: 768000, toHz: 1 })).toThrow(RangeError)
  })

  it('refuses to give less than is already out, and to go on after the end', () => {
    const resampler = new Resampler({ fromHz: 8000, toHz: 16000 })
    resampler.push(noise(8000))
    expect(() => resampler.finish(10)).toThrow(RangeError)
    resampler.finish()
    expect(() => resampler.push(noise(1))).toThrow('finished')
  })
})
