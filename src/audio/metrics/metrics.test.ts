import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openSource } from '../io/openSource'
import { PowerSpectrum } from './fft'
import { octaveResample } from './octaveResample'
import { siSdrDb } from './siSdr'
import { estoi, stoi } from './stoi'

interface Reference {
  readonly files: Readonly<Record<string, { readonly stoi: number; readonly estoi: number; readonly sisdr: number }>>
}

const dev = resolve(process.cwd(), '../shared/data/dev')
const hasDev = existsSync(join(dev, 'reference-scores.json'))
if (!hasDev) console.info('metrics against reference scores: skipped, ../shared/data/dev is not here')

async function read(path: string): Promise<Float32Array> {
  const source = await openSource(path, { ffmpegPath: null })
  const samples: number[] = []
  for (let block = await source.read(65536); block !== null; block = await source.read(65536)) {
    for (const value of block[0]!) samples.push(value)
  }
  await source.close()
  return Float32Array.from(samples)
}

function noise(count: number, seed: number): Float32Array {
  let state = seed
  return new Float32Array(count).map(() => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 31 - 1
  })
}

describe.skipIf(!hasDev)('metrics on the dev pairs', () => {
  const reference = (
    hasDev ? JSON.parse(readFileSync(join(dev, 'reference-scores.json'), 'utf8')) : { files: {} }
  ) as Reference

  it.each(Object.entries(reference.files))(
    '%s: as published (a filter or a framing of our own)',
    async (name, expected) => {
      const [clean, noisy] = [await read(join(dev, 'clean', name)), await read(join(dev, 'noisy', name))]
      expect(Math.abs(stoi(clean, noisy, 16000) - expected.stoi)).toBeLessThan(0.0002)
      expect(Math.abs(estoi(clean, noisy, 16000) - expected.estoi)).toBeLessThan(0.0002)
      expect(Math.abs(siSdrDb(clean, noisy) - expected.sisdr)).toBeLessThan(0.001)
    }
  )
})

describe('siSdrDb', () => {
  it('is the ratio that was mixed, whatever the gain (a scale that is not taken out)', () => {
    const speech = noise(160000, 1)
    const other = noise(160000, 99)
    const mixed = speech.map((x, i) => 3 * (x + 0.1 * other[i]!))
    expect(siSdrDb(speech, mixed)).toBeCloseTo(20, 0)
  })

  it('counts an offset as distortion (means are not removed)', () => {
    const speech = noise(16000, 1).map((x, i) => (i % 2 === 0 ? x : -x))
    expect(
      siSdrDb(
        speech,
        speech.map((x) => x + 1)
      )
    ).toBeLessThan(0)
  })

  it('is infinite for a copy, and refuses different lengths', () => {
    expect(siSdrDb(Float32Array.of(1, 0, -1), Float32Array.of(2, 0, -2))).toBe(Infinity)
    expect(() => siSdrDb(new Float32Array(2), new Float32Array(3))).toThrow(RangeError)
  })
})

describe('stoi and estoi', () => {
  const bursts = noise(48000, 4).map((x, i) => x * (0.2 + Math.abs(Math.sin(i / 900))))

  it('are 1 for the same signal at any level, and low for another one', () => {
    expect(
      stoi(
        bursts,
        bursts.map((x) => x * 0.3),
        16000
      )
    ).toBeCloseTo(1, 6)
    expect(
      estoi(
        bursts,
        bursts.map((x) => x * 0.3),
        16000
      )
    ).toBeCloseTo(1, 6)
    expect(stoi(bursts, noise(48000, 77), 16000)).toBeLessThan(0.3)
    expect(estoi(bursts, noise(48000, 77), 16000)).toBeLessThan(0.3)
  })

  it('are NaN, not a number made up, for speech under 0.4 s and for silence', () => {
    for (const count of [0, 100, 4000])
      expect(stoi(bursts.subarray(0, count), bursts.subarray(0, count), 16000)).toBeNaN()
    expect(() => stoi(bursts, bursts.subarray(1), 16000)).toThrow(RangeError)
  })

  it('take any rate', () => {
    for (const rate of [10000, 16000, 44100]) expect(stoi(bursts, bursts, rate)).toBeCloseTo(1, 6)
  })
})

describe('octaveResample', () => {
  it('keeps a tone where it was and takes away what does not fit', () => {
    const tone = (hz: number, rate: number, count: number): Float32Array =>
      new Float32Array(count).map((_, i) => Math.sin((2 * Math.PI * hz * i) / rate))
    const kept = octaveResample(tone(1000, 16000, 16000), 16000, 10000)
    expect(kept.length).toBe(10000)
    const ideal = tone(1000, 10000, 10000)
    for (let i = 2000; i < 8000; i++) expect(Math.abs(kept[i]! - ideal[i]!)).toBeLessThan(0.002)
    const gone = octaveResample(tone(6500, 16000, 16000), 16000, 10000)
    for (let i = 2000; i < 8000; i++) expect(Math.abs(gone[i]!)).toBeLessThan(0.002)
  })
})

describe('PowerSpectrum', () => {
  it('equals the sum it stands for (bit reversal, twiddles)', () => {
    const frame = Float64Array.from(noise(13, 5))
    const out = new Float64Array(9)
    new PowerSpectrum(16).transform(frame, out)
    for (let k = 0; k <= 8; k++) {
      const re = frame.reduce((sum, v, n) => sum + v * Math.cos((2 * Math.PI * k * n) / 16), 0)
      const im = frame.reduce((sum, v, n) => sum - v * Math.sin((2 * Math.PI * k * n) / 16), 0)
      expect(out[k]).toBeCloseTo(re * re + im * im, 9)
    }
    expect(() => new PowerSpectrum(12)).toThrow(RangeError)
  })
})
