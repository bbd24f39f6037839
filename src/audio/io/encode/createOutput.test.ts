import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { OutputFormat } from '../../../shared/settings/choices'
import { createSink } from '../pcmSink'
import { decodeFile, ffmpegForTests, seededRandom, temporaryFolder } from '../testing/fixtures'
import type { Decoded } from '../testing/fixtures'
import type { SinkFormat } from '../types'
import { createOutput } from './createOutput'
import type { Output } from './createOutput'

const ffmpegPath = await ffmpegForTests()
const folder = await temporaryFolder()
const isLong = process.env.STILLWAVE_LONG === '1'
let count = 0

interface Shape {
  readonly rateHz: number
  readonly channels: number
  readonly depth: SinkFormat['sampleFormat']
}

const BITS = { u8: 8, s8: 8, s16: 16, s24: 24, s32: 32, f32: 32, f64: 64 } as const

/** Each channel another sweep with some noise: a swapped channel or a shifted sample is not alike. */
function signal({ rateHz, channels }: Shape): Float32Array[] {
  const frames = Math.round(rateHz * 0.3171)
  const random = seededRandom(channels * rateHz)
  return Array.from({ length: channels }, (_, channel) =>
    Float32Array.from({ length: frames }, (_, i) => {
      const sec = i / rateHz
      const sweep = Math.sin(2 * Math.PI * (150 + 130 * channel + 2200 * sec) * sec)
      return (0.35 * sweep + 0.01 * (random() - 0.5)) * Math.min(1, i / 200)
    })
  )
}

/** The signal as a PCM file of our own, and what it decodes to. */
async function pcmFile(
  shape: Shape,
  container: SinkFormat['container'] = 'wav'
): Promise<{ path: string; sound: Decoded }> {
  const path = join(folder, `${(count += 1)}.${container}`)
  const mask = shape.channels === 6 ? 0x3f : 0
  const sink = await createSink(path, {
    ...{ container, sampleFormat: shape.depth, validBits: BITS[shape.depth], sampleRateHz: shape.rateHz },
    ...{ channels: shape.channels, channelMask: container === 'aiff' ? 0 : mask }
  })
  await sink.write(signal(shape))
  await sink.finish()
  return { path, sound: await decodeFile(path) }
}

/** A file through a model that changes nothing. */
async function pass(path: string, sound: Decoded, format: OutputFormat): Promise<{ path: string; output: Output }> {
  const partPath = join(folder, `${(count += 1)}.part`)
  const frames = sound.channels[0]!.length
  const output = await createOutput({
    ...{ sourcePath: path, source: sound.format, frames, partPath, format, quality: 'standard', video: 'replace' },
    ...{ container: null, ffmpegPath }
  })
  // In pieces of odd lengths, as a pipeline would.
  for (let from = 0; from < frames; from += 3001) {
    await output.sink.write(sound.channels.map((channel) => channel.subarray(from, from + 3001)))
  }
  const written = await output.sink.finish()
  expect(written).toMatchObject({ frames, clippedSamples: 0 })
  return { path: partPath, output }
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

const name = ({ rateHz, channels, depth }: Shape): string => `${rateHz} Hz, ${channels} ch, ${depth}`
const RATES_HZ = [8000, 16_000, 22_050, 44_100, 48_000, 96_000]
/** All of them in the long form, one in `every` in the suite. */
const shapes = (depths: readonly SinkFormat['sampleFormat'][], every: number): Shape[] =>
  RATES_HZ.flatMap((rateHz, r) =>
    [1, 2, 6].flatMap((channels, c) =>
      depths.flatMap((depth, d) => (isLong || (r + c + d) % every === 0 ? [{ rateHz, channels, depth }] : []))
    )
  )

describe('PCM in and out, to the bit', () => {
  it.each(shapes(['u8', 's16', 's24', 's32', 'f32'], 3).map((shape) => [name(shape), shape] as const))(
    'WAV, W64 and AIFF of %s (a depth, an order of channels or a length that changed)',
    async (_, shape) => {
      for (const container of ['wav', 'w64', 'aiff'] as const) {
        const depth = container === 'aiff' && shape.depth === 'u8' ? 's8' : shape.depth
        const { path, sound } = await pcmFile({ ...shape, depth }, container)
        const { path: made, output } = await pass(path, sound, 'source')
        expect(output.warnings).toEqual([])
        expect((await readFile(made)).equals(await readFile(path))).toBe(true)
      }
    }
  )
})

describe.skipIf(ffmpegPath === null)('through ffmpeg', () => {
  it.each(shapes(['s16', 's24'], 8).map((shape) => [name(shape), shape] as const))(
    'FLAC of %s, and FLAC of that, has the same samples (another depth, rate, channel order or length)',
    async (_, shape) => {
      const { path, sound } = await pcmFile(shape)
      const first = await pass(path, sound, 'flac')
      expect(first.output).toMatchObject({ extension: '.flac', warnings: [] })
      const flac = await decodeFile(first.path, ffmpegPath)
      expect(flac.format).toMatchObject({ validBits: BITS[shape.depth], sampleRateHz: shape.rateHz })
      expect(flac.channels).toEqual(sound.channels)
      const second = await pass(first.path, flac, 'source')
      expect(second.output).toMatchObject({ extension: '.flac', warnings: [] })
      expect((await decodeFile(second.path, ffmpegPath)).channels).toEqual(sound.channels)
    }
  )

  it.each(
    (['mp3', 'm4a', 'opus'] as const).flatMap((format) =>
      RATES_HZ.flatMap((rateHz, r) =>
        [1, 2, 6]
          .filter(
            (channels, c) => (format !== 'mp3' || channels < 6) && (isLong || (r + 2 * c + format.length) % 5 === 0)
          )
          .map((channels): [OutputFormat, number, number] => [format, rateHz, channels])
      )
    )
  )(
    '%s of %i Hz and %i channels has the same length, aligned to the sample (a delay or padding left in)',
    async (format, rateHz, channels) => {
      const { path, sound } = await pcmFile({ rateHz, channels, depth: 's16' })
      const { path: made, output } = await pass(path, sound, format)
      const decoded = await decodeFile(made, ffmpegPath)
      const isResampled = output.sampleRateHz !== rateHz
      expect(output.warnings).toEqual(isResampled ? ['W_FORMAT_CHANGED'] : [])
      expect(decoded.format).toMatchObject({ sampleRateHz: output.sampleRateHz, channels })
      const frames = sound.channels[0]!.length
      expect(decoded.channels[0]).toHaveLength(Math.ceil((frames * output.sampleRateHz) / rateHz))
      if (isResampled) return
      for (const [c, channel] of sound.channels.entries()) {
        if (channels === 6 && c === 3) continue // The low-frequency channel keeps nothing of a sweep.
        expect(bestShift(channel, decoded.channels[c]!)).toBe(0)
      }
    }
  )
})
