import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { createSink } from '../../audio/io/pcmSink'
import { decodeFile, ffmpegForTests, seededRandom, temporaryFolder } from '../../audio/io/testing/fixtures'
import type { ChannelWay, OutputFormat } from '../../shared/settings/choices'
import { sidesOf } from './channelLink'
import { identityContext } from './identity.testkit'
import type { Joiner } from './join'
import { denoiseFile } from './pipeline'
import type { DenoiseResult } from './pipeline'

/** Channels of a file together, each on its own, and mixed. */
const ffmpegPath = await ffmpegForTests()
const folder = await temporaryFolder()
let count = 0

function noise(frames: number, seed: number): Float32Array {
  const random = seededRandom(seed)
  return new Float32Array(frames).map(() => 0.4 * (random() - 0.5))
}

async function wav(rateHz: number, channels: readonly Float32Array[], channelMask = 0): Promise<string> {
  const path = join(folder, `${(count += 1)}.wav`)
  const format = { container: 'wav', sampleFormat: 'f32', validBits: 32, channelMask } as const
  const sink = await createSink(path, { ...format, sampleRateHz: rateHz, channels: channels.length })
  await sink.write(channels)
  await sink.finish()
  return path
}

interface Passed {
  readonly path: string
  readonly result: DenoiseResult
  readonly channels: readonly Float32Array[]
}

interface Way {
  readonly channels: ChannelWay
  /** Of each channel, in their order; absent: a model that changes nothing. */
  readonly gains?: readonly number[]
  readonly format?: OutputFormat
}

async function pass(inputPath: string, { channels, gains, format = 'source' }: Way): Promise<Passed> {
  const path = join(folder, `${(count += 1)}.part`)
  const job = { jobId: 'x', inputPath, partPath: path, outputContainer: null, channels } as const
  const context = identityContext({ ffmpegPath, modelRateHz: 16_000 })
  const joiner = gains ? withGains(context.joiner, gains) : context.joiner
  const result = await denoiseFile(
    { ...job, residualGain: 0, isUrgent: false, output: { format, quality: 'standard' } },
    { ...context, joiner }
  )
  return { path, result, channels: (await decodeFile(path, ffmpegPath)).channels }
}

/** Every lane has a gain of its own: what the network does to channels that it hears one by one. */
function withGains(joiner: Joiner, gains: readonly number[]): Joiner {
  let opened = 0
  return {
    ...joiner,
    open: async (options) => {
      const gain = gains[opened++]!
      const lane = await joiner.open(options)
      const scaled = (samples: Float32Array): Float32Array => samples.map((sample) => sample * gain)
      return {
        ...lane,
        push: async (samples) => scaled(await lane.push(samples)),
        finish: async () => scaled(await lane.finish())
      }
    }
  }
}

function ratioDb([left, right]: readonly Float32Array[]): number {
  const power = (samples: Float32Array): number => samples.reduce((sum, sample) => sum + sample ** 2, 0)
  return 10 * Math.log10(power(left!) / power(right!))
}

it.each([8000, 16_000, 44_100])(
  '%i Hz: a panned voice stays where it is, and no sample is lost (each channel got a gain of its own)',
  async (rateHz) => {
    const voice = noise(Math.round(rateHz * 0.6) + 13, 1)
    const source = [voice, voice.map((sample) => 0.5 * sample)]
    const input = await wav(rateHz, source)
    const gains = [0.9, 0.3]
    const each = await pass(input, { channels: 'each', gains })
    expect(Math.abs(ratioDb(each.channels) - ratioDb(source))).toBeGreaterThan(9)
    const linked = await pass(input, { channels: 'linked', gains })
    expect(Math.abs(ratioDb(linked.channels) - ratioDb(source))).toBeLessThan(0.1)
    expect(linked.channels.map((channel) => channel.length)).toEqual([voice.length, voice.length])
  }
)

it.each([16_000, 44_100])(
  '%i Hz: linked gives back to the bit what the model left as it was (a spectrum and back are not exact)',
  async (rateHz) => {
    const input = await wav(rateHz, [noise(9001, 2), noise(9001, 3)])
    const { path } = await pass(input, { channels: 'linked' })
    expect((await readFile(path)).equals(await readFile(input))).toBe(true)
  }
)

it('5.1: pairs are linked, the others are as each on its own and in time (a centre that came early)', async () => {
  const [voice, behind] = [noise(9001, 4), noise(9001, 13)]
  const others = [noise(9001, 5), noise(9001, 6)]
  const source = [voice, voice.map((x) => 0.5 * x), ...others, behind, behind.map((x) => -x)]
  const input = await wav(48_000, source, 0x3f)
  const gains = [0.9, 0.3, 0.5, 0.6, 0.2, 0.8]
  const [linked, each] = [
    await pass(input, { channels: 'linked', gains }),
    await pass(input, { channels: 'each', gains })
  ]
  for (const c of [2, 3]) expect(linked.channels[c]).toEqual(each.channels[c])
  for (const c of [0, 4]) {
    const pair = (channels: readonly Float32Array[]): Float32Array[] => [channels[c]!, channels[c + 1]!]
    expect(Math.abs(ratioDb(pair(linked.channels)) - ratioDb(pair(source)))).toBeLessThan(0.1)
    expect(Math.abs(ratioDb(pair(each.channels)) - ratioDb(pair(source)))).toBeGreaterThan(6)
  }
})

it('a silent side and twins are no pair, and stay what they are (a hum from the other side)', async () => {
  const voice = noise(5000, 7)
  const silent = await pass(await wav(16_000, [new Float32Array(5000), voice]), { channels: 'linked', gains: [0.5] })
  expect(silent.channels[0]).toEqual(new Float32Array(5000))
  expect(silent.channels[1]!.length).toBe(5000)
  const twins = await pass(await wav(16_000, [voice, voice]), { channels: 'linked', gains: [0.5] })
  expect(twins.channels[1]).toEqual(twins.channels[0])
  expect(twins.channels[0]![777]).toBeCloseTo(0.5 * voice[777]!, 6)
})

it('left and right are found by the speakers, in any number of channels (a centre with the right side)', () => {
  expect(sidesOf({ channels: 1, channelMask: 4 })).toEqual([])
  expect(sidesOf({ channels: 2, channelMask: 0 })).toEqual([[0, 1]])
  expect(sidesOf({ channels: 6, channelMask: 0x3f })).toEqual([
    [0, 1],
    [4, 5]
  ])
  expect(sidesOf({ channels: 6, channelMask: 0x60f })).toEqual([
    [0, 1],
    [4, 5]
  ])
  expect(sidesOf({ channels: 8, channelMask: 0x63f })).toEqual([
    [0, 1],
    [4, 5],
    [6, 7]
  ])
  expect(sidesOf({ channels: 3, channelMask: 0x7 })).toEqual([[0, 1]])
  // Recorders with a microphone for each channel name no speakers.
  expect(sidesOf({ channels: 4, channelMask: 0 })).toEqual([])
})

it('mono is what the mean of all channels alone would be, measured and written as one (meters of two channels)', async () => {
  const source = [noise(7001, 8), noise(7001, 9), noise(7001, 10)]
  const mix = source[0]!.map((sample, i) => (sample + source[1]![i]! + source[2]![i]!) / 3)
  const mono = await pass(await wav(44_100, source), { channels: 'mono', gains: [0.4] })
  const alone = await pass(await wav(44_100, [mix]), { channels: 'each', gains: [0.4] })
  expect(mono.result).toMatchObject({ channels: 1, frames: 7001, warnings: [] })
  expect(mono.channels).toEqual(alone.channels)
  expect(mono.result.sound).toEqual(alone.result.sound)
})

it.skipIf(ffmpegPath === null)(
  'mono comes out of formats that hold two channels as well (a header of the source)',
  async () => {
    const { channels } = await pass(await wav(48_000, [noise(4800, 11), noise(4800, 12)]), {
      channels: 'mono',
      format: 'flac'
    })
    expect(channels.map((channel) => channel.length)).toEqual([4800])
  }
)
