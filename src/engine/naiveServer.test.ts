import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { createSink } from '../audio/io/pcmSink'
import { openSource } from '../audio/io/openSource'
import { readMono, writeLooped } from './naiveMaterial'
import { snrDb } from './naiveScore'
import { naiveServer } from './naiveServer'
import type { NaiveEvent, NaiveRequest } from './protocol'

const root = mkdtempSync(path.join(tmpdir(), 'stillwave-naive-'))
afterAll(() => {
  rmSync(root, { recursive: true, force: true })
})

const RATE_HZ = 16_000
const tone = (seconds: number, hz = 200): Float32Array =>
  Float32Array.from({ length: seconds * RATE_HZ }, (_, i) => 0.2 * Math.sin((2 * Math.PI * hz * i) / RATE_HZ))

async function wav(name: string, channels: readonly Float32Array[], sampleRateHz = RATE_HZ): Promise<string> {
  const filePath = path.join(root, name)
  const format = { container: 'wav', sampleFormat: 'f32', validBits: 32, channelMask: 0 } as const
  const sink = await createSink(filePath, { ...format, sampleRateHz, channels: channels.length })
  await sink.write(channels)
  await sink.finish()
  return filePath
}

async function asked(request: unknown): Promise<NaiveEvent[]> {
  const events: NaiveEvent[] = []
  await new Promise<void>((resolve) => {
    const server = naiveServer((event) => {
      events.push(event)
      if (event.type === 'ended') resolve()
    })
    void server.handle(request)
  })
  return events
}

const prepare = (over: Partial<Extract<NaiveRequest, { type: 'prepare' }>>): object => ({
  type: 'prepare',
  sources: [],
  folder: mkdtempSync(path.join(root, 'made-')),
  minSec: 0,
  maxSec: 100,
  pieces: [],
  ffmpegPath: null,
  ...over
})

describe('material', () => {
  it('is the mean of the channels at 16 kHz, of all sources in a row, with their clean tracks in step', async () => {
    const folder = mkdtempSync(path.join(root, 'made-'))
    const left = Float32Array.from({ length: 48_000 }, (_, i) => 0.4 * Math.sin((2 * Math.PI * 200 * i) / 48_000))
    const noisyPath = await wav('stereo.wav', [left, left.map(() => 0)], 48_000)
    const cleanPath = await wav('second.wav', [tone(1)])
    const sources = [
      { noisyPath, cleanPath },
      { noisyPath: cleanPath, cleanPath: noisyPath }
    ]
    const [prepared, end] = await asked(prepare({ folder, sources }))
    expect(prepared).toEqual({ type: 'prepared', audioSec: 2, treatment: 'whole', hasReference: true })
    expect(end).toEqual({ type: 'ended', error: null })
    const noisy = await readMono(path.join(folder, 'noisy.wav'))
    // Both halves are the same tone once the silent channel is mixed in; the resampler's edges aside.
    expect(snrDb(tone(1).subarray(800, 15_200), noisy.subarray(800, 15_200))).toBeGreaterThan(60)
    expect(noisy.subarray(RATE_HZ)).toEqual(tone(1))
    const clean = await readMono(path.join(folder, 'clean.wav'))
    expect(clean.subarray(0, RATE_HZ)).toEqual(tone(1))
  })

  it('is repeated where it is short, from the beginning where it is long; pieces are as long as was asked', async () => {
    const folder = mkdtempSync(path.join(root, 'made-'))
    const sources = [{ noisyPath: await wav('short.wav', [tone(2, 220)]), cleanPath: null }]
    const pieces = [{ name: 'piece.wav', seconds: 3 }]
    const [looped] = await asked(prepare({ folder, sources, minSec: 5, pieces }))
    expect(looped).toEqual({ type: 'prepared', audioSec: 5, treatment: 'looped', hasReference: false })
    const once = tone(2, 220)
    const long = await readMono(path.join(folder, 'noisy.wav'))
    expect([long.length, long[2 * RATE_HZ + 100], long.at(-1)]).toEqual([5 * RATE_HZ, once[100], once[RATE_HZ - 1]])
    expect(await readMono(path.join(folder, 'piece.wav'))).toEqual(long.subarray(0, 3 * RATE_HZ))
    expect(readdirSync(folder).sort()).toEqual(['noisy.wav', 'piece.wav'])
    const [cut] = await asked(prepare({ sources: [...sources, ...sources], maxSec: 3 }))
    expect(cut).toEqual({ type: 'prepared', audioSec: 3, treatment: 'cut', hasReference: false })
    const [exact] = await asked(prepare({ sources, maxSec: 2 }))
    expect(exact).toMatchObject({ audioSec: 2, treatment: 'whole' })
  })

  it('that cannot be read ends with its own error', async () => {
    const [end] = await asked(
      prepare({ sources: [{ noisyPath: path.join(root, 'none.wav'), cleanPath: null }], maxSec: 3 })
    )
    expect(end).toMatchObject({ type: 'ended', error: { code: 'E_IO', data: { path: path.join(root, 'none.wav') } } })
  })
})

describe('scores', () => {
  it('hold a result against the clean track and the naive result, as far as they are there', async () => {
    const noise = tone(2, 1700).map((x) => 0.1 * x)
    const naive = await wav('naive.wav', [tone(2)])
    const other = await wav('other.wav', [tone(2).map((x, i) => x + noise[i]!)])
    const [against, itself, end] = await asked({
      type: 'score',
      paths: [other, naive],
      cleanPath: null,
      naivePath: naive
    })
    expect(against).toMatchObject({ siSdrDb: null, stoi: null })
    expect(against?.type === 'scored' && against.agreementDb).toBeCloseTo(20, 1)
    // A result is infinitely close to itself, and infinity is no figure.
    expect(itself).toMatchObject({ agreementDb: null })
    expect(end).toEqual({ type: 'ended', error: null })
    const [clean] = await asked({ type: 'score', paths: [other], cleanPath: naive, naivePath: null })
    expect(clean?.type === 'scored' && clean.siSdrDb).toBeCloseTo(20, 1)
    expect(clean).toMatchObject({ agreementDb: null })
  })

  it('are refused for results of another length (a lost tail would count as noise)', async () => {
    const long = await wav('long.wav', [tone(3)])
    const short = await wav('shorter.wav', [tone(2)])
    const [end] = await asked({ type: 'score', paths: [short], cleanPath: null, naivePath: long })
    expect(end).toMatchObject({ type: 'ended', error: { code: 'E_INTERNAL' } })
  })
})

describe('the naive way', () => {
  it('denoises whole files one after the other and tells what each cost; the last result is kept, of full length', async () => {
    const input = path.join(root, 'in.wav')
    await writeLooped(input, await readMono(path.resolve('demo/street-16k-mono.wav')), 3 * RATE_HZ)
    const outPath = path.join(root, 'out.wav')
    const onePassPath = path.resolve('models/frcrn-lite.onnx')
    const events = await asked({
      type: 'denoiseWhole',
      onePassPath,
      device: 'auto',
      inputPaths: [input, input],
      outPath
    })
    expect(events.map(({ type }) => type)).toEqual(['cost', 'cost', 'ended'])
    expect(events.at(-1)).toEqual({ type: 'ended', error: null })
    expect(events[0]).toMatchObject({ audioSec: 3 })
    const [before, after] = [await readMono(input), await readMono(outPath)]
    expect(after.length).toBe(before.length)
    const power = (samples: Float32Array): number => samples.reduce((sum, x) => sum + x * x, 0)
    // The first half second holds noise only.
    expect(power(after.subarray(0, 8000))).toBeLessThan(0.1 * power(before.subarray(0, 8000)))
    expect(power(after)).toBeGreaterThan(0.3 * power(before))
  }, 60_000)

  it('says what it was not told', async () => {
    expect(await asked({ type: 'denoiseWhole' })).toMatchObject([{ type: 'ended', error: { code: 'E_INTERNAL' } }])
  })
})

describe('the bundled samples', () => {
  it.each(['office-fan-48k-stereo.wav', 'street-16k-mono.wav'])(
    'have their voice alone as a clean track: %s without it is noise at 6 dB (a clean track of another level or delay)',
    async (name) => {
      expect(existsSync(path.resolve('demo-clean', name))).toBe(true)
      const [noisy, clean] = [
        await firstChannel(path.resolve('demo', name)),
        await firstChannel(path.resolve('demo-clean', name))
      ]
      expect(clean.samples.length).toBe(noisy.samples.length)
      const noise = noisy.samples.map((x, i) => x - clean.samples[i]!)
      let [cross, cleanPower, noisePower] = [0, 0, 0]
      noise.forEach((x, i) => {
        cross += x * clean.samples[i]!
        cleanPower += clean.samples[i]! ** 2
        noisePower += x * x
      })
      expect(Math.abs(cross / Math.sqrt(cleanPower * noisePower))).toBeLessThan(0.03)
      const voiceDb = 20 * Math.log10(speechRms(clean.samples, clean.rateHz))
      expect(voiceDb).toBeCloseTo(-24, 1)
      expect(voiceDb - 10 * Math.log10(noisePower / noise.length)).toBeGreaterThan(5)
      // Nothing of the noise is left where nobody speaks.
      const silence = clean.samples.subarray(0, clean.rateHz / 2)
      expect(Math.max(...silence.map(Math.abs))).toBeLessThan(2 / 32_768)
    }
  )
})

async function firstChannel(filePath: string): Promise<{ samples: Float32Array; rateHz: number }> {
  const source = await openSource(filePath, { ffmpegPath: null })
  const pieces: number[] = []
  for (let block = await source.read(65_536); block !== null; block = await source.read(65_536)) {
    for (const sample of block[0]!) pieces.push(sample)
  }
  await source.close()
  return { samples: Float32Array.from(pieces), rateHz: source.format.sampleRateHz }
}

/** As the samples are made: over the 20 ms frames within 30 dB of the loudest. */
function speechRms(samples: Float32Array, rateHz: number): number {
  const frame = rateHz / 50
  const powers: number[] = []
  for (let at = 0; at + frame <= samples.length; at += frame) {
    powers.push(samples.subarray(at, at + frame).reduce((sum, x) => sum + x * x, 0) / frame)
  }
  const loudest = Math.max(...powers)
  const active = powers.filter((power) => power > loudest / 1000)
  return Math.sqrt(active.reduce((sum, power) => sum + power, 0) / active.length)
}
