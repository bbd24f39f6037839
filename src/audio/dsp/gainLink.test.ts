import { describe, expect, it } from 'vitest'
import { concat } from './concat'
import { GainLink } from './gainLink'

const RATE_HZ = 16_000

function noise(count: number, seed: number, level = 0.2): Float32Array {
  let state = seed
  return new Float32Array(count).map(() => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return level * (state / 2 ** 31 - 1)
  })
}

type Stereo = readonly [Float32Array, Float32Array]

function run(low: Stereo, clean: Stereo, pieces: readonly number[] = [1600]): [Float32Array, Float32Array] {
  const link = new GainLink(RATE_HZ)
  const out: [Float32Array[], Float32Array[]] = [[], []]
  const keep = (pair: Stereo): void => {
    out[0].push(pair[0])
    out[1].push(pair[1])
  }
  for (let at = 0, n = 0; at < low[0].length; n++) {
    const to = Math.min(low[0].length, at + pieces[n % pieces.length]!)
    const cut = ([a, b]: Stereo): Stereo => [a.subarray(at, to), b.subarray(at, to)]
    keep(link.push(cut(low), cut(clean)))
    at = to
  }
  keep(link.finish())
  return [concat(out[0]), concat(out[1])]
}

const times = (samples: Float32Array, gain: (i: number) => number): Float32Array =>
  samples.map((sample, i) => sample * gain(i))

function powerOf(samples: Float32Array, from: number, to: number): number {
  return samples.subarray(from, to).reduce((sum, sample) => sum + sample ** 2, 0)
}

describe('GainLink', () => {
  it('keeps a panned source where it is, whatever the channels were given (gains of their own per channel)', () => {
    const voice = noise(32_000, 1)
    const low: Stereo = [voice, times(voice, () => 0.4)]
    const swing = (i: number): number => 0.5 + 0.4 * Math.sin(i / 900)
    const clean: Stereo = [times(low[0], swing), times(low[1], (i) => 1.2 - swing(i))]
    const ratios = ([left, right]: Stereo): number[] =>
      Array.from({ length: 38 }, (_, k) => {
        const [from, to] = [800 * (k + 1), 800 * (k + 2)]
        return 10 * Math.log10(powerOf(left, from, to) / powerOf(right, from, to))
      })
    const wanted = -20 * Math.log10(0.4)
    const wander = (pair: Stereo): number => Math.max(...ratios(pair).map((ratio) => Math.abs(ratio - wanted)))
    expect(wander(clean)).toBeGreaterThan(6)
    expect(wander(run(low, clean))).toBeLessThan(0.1)
  })

  it('gives the input back where the denoiser changed nothing, silence and all (noise at -150 dB is dithered)', () => {
    const part = times(noise(9000, 2), (i) => (i > 2000 && i < 5000 ? 0 : 1))
    const low: Stereo = [part, noise(9000, 3)]
    expect(run(low, low)).toEqual([...low])
    // A change in its middle reaches two windows around it.
    const clean: Stereo = [times(part, (i) => (i > 7000 && i < 7100 ? 0 : 1)), low[1]]
    const out = run(low, clean)
    expect(out[0].subarray(0, 7001 - 512)).toEqual(part.subarray(0, 7001 - 512))
    expect(out[0].subarray(7000, 7100)).not.toEqual(part.subarray(7000, 7100))
  })

  it('has the gain of both where both have the same, to the sample in time (a delay, a window that does not add up)', () => {
    const low: Stereo = [noise(8000, 4), noise(8000, 5)]
    const out = run(low, [times(low[0], () => 0.3), times(low[1], () => 0.3)])
    out.forEach((channel, c) => {
      channel.forEach((sample, i) => {
        expect(Math.abs(sample - 0.3 * low[c]![i]!)).toBeLessThan(1e-6)
      })
    })
  })

  it('never raises, and never turns over, whatever the model gives (a howl)', () => {
    const low: Stereo = [noise(8000, 6), noise(8000, 7)]
    const louder = run(low, [times(low[0], () => 3), times(low[1], () => 3)])
    expect(Math.abs(powerOf(louder[0], 0, 8000) / powerOf(low[0], 0, 8000) - 1)).toBeLessThan(1e-4)
    const turned = run(low, [times(low[0], () => -1), times(low[1], () => -1)])
    expect(powerOf(turned[0], 0, 8000)).toBeLessThan(1e-8)
  })

  it.each([0, 1, 127, 128, 129, 511, 512, 513, 5003])(
    '%i samples: as many out as in, the same for pieces of any size, to the bit (seams)',
    (count) => {
      const low: Stereo = [noise(count, 8), noise(count, 9)]
      const clean: Stereo = [times(low[0], (i) => 0.5 + 0.5 * Math.sin(i / 40)), noise(count, 10)]
      const whole = run(low, clean, [count || 1])
      expect(whole.map((channel) => channel.length)).toEqual([count, count])
      expect(run(low, clean, [1, 700, 33])).toEqual(whole)
    }
  )
})
