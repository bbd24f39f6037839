import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createSink } from '../../audio/io/pcmSink'
import { decodeFile, ffmpegForTests, seededRandom, temporaryFolder } from '../../audio/io/testing/fixtures'
import type { Decoded } from '../../audio/io/testing/fixtures'
import type { SinkFormat } from '../../audio/io/types'
import type { OutputFormat } from '../../shared/settings/choices'
import { identityContext } from './identity.testkit'
import { denoiseFile } from './pipeline'
import type { DenoiseResult } from './pipeline'

/**
 * {formats} x {rates} x {channels} x {depths} through the whole pipeline, with a model that changes nothing: what is not what
 * came in is ours. All of them in the long form; in the suite each value with each other value of the kinds that we write
 * ourselves, and one of each kind that ffmpeg writes.
 */
const isLong = process.env.STILLWAVE_LONG === '1'
const ffmpegPath = await ffmpegForTests()
const folder = await temporaryFolder()
let count = 0

const RATES_HZ = [8000, 16_000, 22_050, 44_100, 48_000, 96_000] as const
const CHANNELS = [1, 2, 6] as const
const DEPTHS = ['u8', 's16', 's24', 's32', 'f32'] as const
const BITS = { u8: 8, s8: 8, s16: 16, s24: 24, s32: 32, f32: 32, f64: 64 } as const
const MODEL_HZ = 16_000

interface Shape {
  readonly rateHz: number
  readonly channels: number
  readonly depth: SinkFormat['sampleFormat']
  readonly container: SinkFormat['container']
}

const name = ({ rateHz, channels, depth, container }: Shape): string =>
  `${container}, ${rateHz} Hz, ${channels} ch, ${depth}`
const shapes = (depths: readonly Shape['depth'][], containers: readonly Shape['container'][] = ['wav']): Shape[] =>
  RATES_HZ.flatMap((rateHz) =>
    CHANNELS.flatMap((channels) =>
      depths.flatMap((depth) => containers.map((container): Shape => ({ rateHz, channels, depth, container })))
    )
  )
const named = (all: readonly Shape[]): [string, Shape][] => all.map((shape) => [name(shape), shape])

/** Few shapes in which every value of one kind meets every value of each other kind. */
function pairwise(all: readonly Shape[]): Shape[] {
  const pairs = (shape: Shape): string[] => {
    const values = Object.entries(shape).map(([key, value]) => `${key} ${value}`)
    return values.flatMap((one, i) => values.slice(i + 1).map((other) => `${one}, ${other}`))
  }
  const missing = new Set(all.flatMap(pairs))
  const chosen: Shape[] = []
  const gain = (shape: Shape): number => pairs(shape).filter((pair) => missing.has(pair)).length
  while (missing.size > 0) {
    const best = all.reduce((found, shape) => (gain(shape) > gain(found) ? shape : found))
    chosen.push(best)
    for (const pair of pairs(best)) missing.delete(pair)
  }
  return chosen
}

/** Each channel another sweep with some noise, below 3.4 kHz where the file holds no more: a swapped channel or a shifted sample is not alike. */
function signal({ rateHz, channels }: Shape): Float32Array[] {
  const frames = Math.round(rateHz * 0.3171)
  const random = seededRandom(channels * rateHz)
  const noise = rateHz < MODEL_HZ ? 0 : 0.01
  return Array.from({ length: channels }, (_, channel) =>
    Float32Array.from({ length: frames }, (_zero, i) => {
      const sec = i / rateHz
      const sweep = Math.sin(2 * Math.PI * (150 + 130 * channel + 2200 * sec) * sec)
      const fade = Math.min(1, i / 400, (frames - 1 - i) / 400)
      // A zero without a sign: sums have no other.
      return (0.35 * sweep + noise * (random() - 0.5)) * fade || 0
    })
  )
}

/** The signal as a PCM file of our own, and what it decodes to. */
async function pcmFile(shape: Shape): Promise<Made> {
  const { rateHz, channels, container } = shape
  // Eight bits are unsigned in WAV and signed in AIFF.
  const depth = container === 'aiff' && shape.depth === 'u8' ? 's8' : shape.depth
  const path = join(folder, `${(count += 1)}.${container}`)
  const channelMask = channels === 6 && container !== 'aiff' ? 0x3f : 0
  const layout = { container, sampleFormat: depth, validBits: BITS[depth], sampleRateHz: rateHz, channels, channelMask }
  const sink = await createSink(path, layout)
  await sink.write(signal(shape))
  await sink.finish()
  return { path, sound: await decodeFile(path) }
}

interface Made {
  readonly path: string
  readonly sound: Decoded
}

async function pass(inputPath: string, format: OutputFormat): Promise<{ path: string; result: DenoiseResult }> {
  const partPath = join(folder, `${(count += 1)}.part`)
  const job = { jobId: 'x', inputPath, partPath, outputContainer: null, residualGain: 0, isUrgent: false } as const
  const output = { format, quality: 'standard' } as const
  const result = await denoiseFile({ ...job, output }, identityContext({ ffmpegPath, modelRateHz: MODEL_HZ }))
  return { path: partPath, result }
}

/** From 10 ms after the start to 10 ms before the end: the edges of a file have no sound beyond them to be filtered with. */
function snrDb(a: Float32Array, b: Float32Array, rateHz: number): number {
  let [power, noise] = [0, 0]
  for (let i = rateHz / 100; i < a.length - rateHz / 100; i += 1) {
    power += a[i]! ** 2
    noise += (a[i]! - b[i]!) ** 2
  }
  return 10 * Math.log10(power / noise)
}

/** Where two signals fit best, in samples; searched to 60 on each side. */
function bestShift(a: Float32Array, b: Float32Array): number {
  let best = { shift: NaN, product: -Infinity }
  for (let shift = -60; shift <= 60; shift += 1) {
    let product = 0
    for (let i = 200; i < a.length - 200; i += 1) product += a[i]! * (b[i + shift] ?? 0)
    if (product > best.product) best = { shift, product }
  }
  return best.shift
}

describe('PCM in and out, to the bit', () => {
  const all = shapes(DEPTHS, ['wav', 'w64', 'aiff'])
  it.each(named(isLong ? all : pairwise(all)))(
    '%s (a depth, an order of channels or a length that changed, dither on what nobody touched)',
    async (_, shape) => {
      const source = await pcmFile(shape)
      const { path, result } = await pass(source.path, 'source')
      expect(result).toMatchObject({ warnings: [], sampleRateHz: shape.rateHz, channels: shape.channels })
      const after = await decodeFile(path)
      expect(after.channels[0]).toHaveLength(source.sound.channels[0]!.length)
      if (shape.rateHz >= MODEL_HZ) expect((await readFile(path)).equals(await readFile(source.path))).toBe(true)
      else
        after.channels.forEach((channel, c) => {
          atLeast(source.sound.channels[c]!, channel, shape)
        })
    }
  )
})

/** How much louder the second is, by what it has of the first. */
function levelChangeDb(before: Float32Array, after: Float32Array): number {
  let [product, energy] = [0, 0]
  for (const [i, sample] of before.entries()) {
    product += sample * after[i]!
    energy += sample * sample
  }
  return 20 * Math.log10(product / energy)
}

/** What was resampled: 90 dB in band, or what the depth and its dither leave of them. */
function atLeast(before: Float32Array, after: Float32Array, { depth, rateHz }: Shape): void {
  const ofDepth = { u8: 33, s8: 33, s16: 80, s24: 90, s32: 90, f32: 90, f64: 90 }[depth]
  expect(snrDb(before, after, rateHz)).toBeGreaterThan(ofDepth)
}

describe.skipIf(ffmpegPath === null)('through ffmpeg', () => {
  const lossless = shapes(['s16', 's24'])
  it.each(named(isLong ? lossless : [{ rateHz: 22_050, channels: 2, depth: 's24', container: 'wav' }]))(
    'FLAC of %s, and FLAC of that, has the same samples (another depth, rate, channel order or length)',
    async (_, shape) => {
      const { path, sound } = await pcmFile(shape)
      const first = await pass(path, 'flac')
      expect(first.result).toMatchObject({ extension: '.flac', warnings: [] })
      const flac = await decodeFile(first.path, ffmpegPath)
      expect(flac.format).toMatchObject({ validBits: BITS[shape.depth], sampleRateHz: shape.rateHz })
      const second = await pass(first.path, 'source')
      expect(second.result).toMatchObject({ extension: '.flac', warnings: [] })
      const again = await decodeFile(second.path, ffmpegPath)
      for (const [c, channel] of sound.channels.entries()) {
        for (const after of [flac, again]) {
          if (shape.rateHz >= MODEL_HZ) expect(after.channels[c]).toEqual(channel)
          else atLeast(channel, after.channels[c]!, shape)
        }
      }
    }
  )

  const lossy = (['mp3', 'm4a', 'opus'] as const).flatMap((format) =>
    RATES_HZ.flatMap((rateHz) =>
      CHANNELS.filter((channels) => format !== 'mp3' || channels < 6).map(
        (channels) => [format, rateHz, channels] as const
      )
    )
  )
  const few = [
    ['mp3', 44_100, 2],
    ['m4a', 96_000, 1],
    ['opus', 48_000, 1]
  ] as const
  it.each<readonly [OutputFormat, number, number]>(isLong ? lossy : few)(
    '%s of %i Hz and %i channels has the same length and level, aligned to the sample (a delay or padding left in, an encoder that turns down)',
    async (format, rateHz, channels) => {
      const { path, sound } = await pcmFile({ rateHz, channels, depth: 's16', container: 'wav' })
      const { path: made, result } = await pass(path, format)
      const after = await decodeFile(made, ffmpegPath)
      const outHz = after.format.sampleRateHz
      expect(result.warnings).toEqual(outHz === rateHz ? [] : ['W_FORMAT_CHANGED'])
      expect(after.format.channels).toBe(channels)
      expect(after.channels[0]).toHaveLength(Math.ceil((sound.channels[0]!.length * outHz) / rateHz))
      if (outHz !== rateHz) return
      for (const [c, channel] of sound.channels.entries()) {
        if (channels === 6 && c === 3) continue // The low-frequency channel keeps nothing of a sweep.
        expect(bestShift(channel, after.channels[c]!)).toBe(0)
        // LAME turns down what it gets at low bit rates, by 0.45 dB at most.
        expect(Math.abs(levelChangeDb(channel, after.channels[c]!))).toBeLessThan(0.2)
      }
    }
  )
})
