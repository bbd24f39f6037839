import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Resampler } from '../../audio/dsp/resampler'
import { createSink } from '../../audio/io/pcmSink'
import { decodeFile, ffmpegForTests, seededRandom, temporaryFolder } from '../../audio/io/testing/fixtures'
import type { OutputFormat } from '../../shared/settings/choices'
import type { FileJob } from '../protocol'
import { identityContext } from './identity.testkit'
import { denoiseFile } from './pipeline'
import type { DenoiseResult } from './pipeline'
import { newRecombiner } from './recombine'

/** The two ways that do not keep what lies over the model's band, with a model that changes nothing. */
const ffmpegPath = await ffmpegForTests()
const folder = await temporaryFolder()
let count = 0

const RATES_HZ = [44_100, 48_000, 96_000] as const

/** White noise: all that a rate has, in every band. */
function noise(frames: number, seed: number): Float32Array {
  const random = seededRandom(seed)
  return new Float32Array(frames).map(() => 0.4 * (random() - 0.5))
}

async function wav(rateHz: number, channels: readonly Float32Array[]): Promise<string> {
  const path = join(folder, `${(count += 1)}.wav`)
  const format = { container: 'wav', sampleFormat: 'f32', validBits: 32, channelMask: 0 } as const
  const sink = await createSink(path, { ...format, sampleRateHz: rateHz, channels: channels.length })
  await sink.write(channels)
  await sink.finish()
  return path
}

async function pass(
  inputPath: string,
  above8k: 'remove' | '16k',
  more: Partial<FileJob> & { format?: OutputFormat } = {}
): Promise<{ readonly path: string; readonly result: DenoiseResult }> {
  const path = join(folder, `${(count += 1)}.part`)
  const { format = 'source', ...job } = more
  const result = await denoiseFile(
    {
      ...{ jobId: 'x', inputPath, partPath: path, outputContainer: null, above8k },
      ...{ residualGain: 0, isUrgent: false, output: { format, quality: 'standard' }, ...job }
    },
    identityContext({ ffmpegPath, modelRateHz: 16_000 })
  )
  return { path, result }
}

function atRate(samples: Float32Array, fromHz: number, toHz: number): Float32Array {
  const resampler = new Resampler({ fromHz, toHz })
  return Float32Array.from([...resampler.push(samples), ...resampler.finish()])
}

/** Level in dB of one frequency, in the middle of a signal. */
function levelDb(samples: Float32Array, rateHz: number, hz: number): number {
  const from = Math.round(0.1 * rateHz)
  const length = Math.round(0.2 * rateHz)
  let [re, im, all] = [0, 0, 0]
  for (let i = 0; i < length; i++) {
    const window = 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / length)
    const angle = (2 * Math.PI * hz * i) / rateHz
    re += window * samples[from + i]! * Math.cos(angle)
    im += window * samples[from + i]! * Math.sin(angle)
    all += window
  }
  return 20 * Math.log10((2 * Math.hypot(re, im)) / all + 1e-12)
}

/** From 20 ms after the start to 20 ms before the end. */
function snrDb(wanted: Float32Array, found: Float32Array, rateHz: number): number {
  const edge = Math.round(rateHz / 50)
  let [power, error] = [0, 0]
  for (let i = edge; i < found.length - edge; i++) {
    power += wanted[i]! ** 2
    error += (wanted[i]! - found[i]!) ** 2
  }
  return 10 * Math.log10(power / error)
}

const TONES_HZ = [100, 1000, 4000, 7000] as const

function tones(rateHz: number, hz: readonly number[]): Float32Array {
  return new Float32Array(Math.round(0.4 * rateHz)).map((_, i) =>
    hz.reduce((sum, one) => sum + 0.1 * Math.sin((2 * Math.PI * one * i) / rateHz), 0)
  )
}

describe.each(RATES_HZ)('a source of %i Hz', (rateHz) => {
  it.each(['remove', '16k'] as const)(
    '%s: the low band is flat, and over it there is nothing (an image of the band, a dip at its edge)',
    async (above8k) => {
      const high = [9300, 12_345, rateHz / 2 - 1500]
      const { path, result } = await pass(await wav(rateHz, [tones(rateHz, [...TONES_HZ, ...high])]), above8k)
      const after = await decodeFile(path)
      const outHz = above8k === '16k' ? 16_000 : rateHz
      expect(after.format.sampleRateHz).toBe(outHz)
      expect(result).toMatchObject({ sampleRateHz: outHz, warnings: [] })
      for (const hz of TONES_HZ) expect(Math.abs(levelDb(after.channels[0]!, outHz, hz) + 20)).toBeLessThan(0.1)
      const images =
        outHz === rateHz ? [...high, 16_000 - 7000, 16_000 + 1000] : high.map((hz) => Math.abs(16_000 - hz))
      for (const hz of images.filter((one) => one < outHz / 2)) {
        expect(levelDb(after.channels[0]!, outHz, hz)).toBeLessThan(-110)
      }
    }
  )

  it('remove: as the band itself, sample for sample, as long as it was (a lag, a lost end)', async () => {
    const frames = Math.round(rateHz * 0.4) + 7
    const channels = [noise(frames, 1), noise(frames, 2)]
    const { path, result } = await pass(await wav(rateHz, channels), 'remove')
    const after = await decodeFile(path)
    expect(result).toMatchObject({ frames, channels: 2 })
    for (const [c, channel] of channels.entries()) {
      const band = atRate(atRate(channel, rateHz, 16_000), 16_000, rateHz)
      expect(after.channels[c]).toHaveLength(frames)
      expect(snrDb(band, after.channels[c]!, rateHz)).toBeGreaterThan(90)
    }
  })

  it('16k: the band at its own rate, the duration to the nearest sample (an octave, a second lost)', async () => {
    for (const extra of [0, 1, 2]) {
      const frames = Math.round(rateHz * 0.3) + extra
      const channel = noise(frames, 3)
      const { path, result } = await pass(await wav(rateHz, [channel]), '16k')
      const after = await decodeFile(path)
      expect(after.channels[0]).toHaveLength(Math.round((frames * 16_000) / rateHz))
      expect(result.frames).toBe(after.channels[0]!.length)
      expect(snrDb(atRate(channel, rateHz, 16_000), after.channels[0]!, 16_000)).toBeGreaterThan(90)
    }
  })
})

it.each([8000, 16_000, 22_050])(
  'a source of %i Hz keeps its rate where that is not over 16 kHz, and silence is silence of the right length',
  async (rateHz) => {
    const { result } = await pass(await wav(rateHz, [noise(rateHz / 5, 4)]), '16k')
    expect(result.sampleRateHz).toBe(Math.min(rateHz, 16_000))
    const silent = await pass(await wav(48_000, [new Float32Array(4800)]), '16k')
    expect((await decodeFile(silent.path)).channels[0]).toEqual(new Float32Array(1600))
  }
)

it('what is left in is of the low band alone (hiss over 8 kHz came back with a strength of 50 %)', () => {
  const low = noise(1600, 5)
  const clean = low.map((sample) => 0.1 * sample)
  const options = { sampleRateHz: 48_000, modelRateHz: 16_000, frames: 4800, residualGain: 0.5 } as const
  const source = new Float32Array(4800).fill(9)
  const at16k = newRecombiner({ ...options, above8k: '16k' })
  const mixed = [
    ...at16k.push(source, low, clean.subarray(0, 700)),
    ...at16k.finish(new Float32Array(0), clean.subarray(700))
  ]
  const wanted = low.map((sample) => 0.55 * sample)
  expect(mixed).toHaveLength(1600)
  mixed.forEach((sample, i) => {
    expect(sample).toBeCloseTo(wanted[i]!, 6)
  })
  const removed = newRecombiner({ ...options, above8k: 'remove' })
  const up = Float32Array.from([
    ...removed.push(source, low, clean),
    ...removed.finish(new Float32Array(0), new Float32Array(0))
  ])
  expect(up).toHaveLength(4800)
  expect(snrDb(atRate(wanted, 16_000, 48_000), up, 48_000)).toBeGreaterThan(90)
})

it('a loudness is measured on what is written (a result of another rate would be off by decibels)', async () => {
  const input = await wav(48_000, [noise(48_000, 6)])
  const level = { loudness: 'target', targetLufs: -23, truePeakDb: null } as const
  const [there, alone] = [await pass(input, '16k', { level }), await pass(input, 'remove', { level })]
  const [a, b] = [there.result.sound.after.levelDb, alone.result.sound.after.levelDb]
  expect(Math.abs(a - b)).toBeLessThan(0.3)
})

it.skipIf(ffmpegPath === null)(
  'formats hold 16 kHz or the nearest that they have, which is told (an encoder that was given another rate)',
  async () => {
    const input = await wav(48_000, [noise(9600, 7), noise(9600, 8)])
    const flac = await pass(input, '16k', { format: 'flac' })
    expect((await decodeFile(flac.path, ffmpegPath)).channels[1]).toHaveLength(3200)
    const opus = await pass(input, '16k', { format: 'opus' })
    expect(opus.result.warnings).toEqual(['W_FORMAT_CHANGED'])
    expect((await decodeFile(opus.path, ffmpegPath)).channels[0]).toHaveLength(9600)
  }
)
