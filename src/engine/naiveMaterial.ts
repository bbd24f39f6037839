import path from 'node:path'
import { concat } from '../audio/dsp/concat'
import { Resampler } from '../audio/dsp/resampler'
import { findFfmpeg } from '../audio/io/ffmpeg/findFfmpeg'
import { openSource } from '../audio/io/openSource'
import { createSink } from '../audio/io/pcmSink'
import { AppError } from '../shared/errors/appError'
import { SAMPLE_RATE_HZ } from './model/network'
import type { NaiveEvent, NaiveRequest } from './protocol'

type PrepareRequest = Extract<NaiveRequest, { type: 'prepare' }>
type PreparedEvent = Extract<NaiveEvent, { type: 'prepared' }>

const BLOCK_FRAMES = 65_536

/** Makes the recordings to measure on. Throws what reading and writing throw, and E_NO_AUDIO where there is not one sample. */
export async function prepareMaterial(request: PrepareRequest): Promise<PreparedEvent> {
  const { sources, folder, minSec, maxSec, pieces } = request
  const ffmpegPath = await findFfmpeg(request.ffmpegPath)
  const maxSamples = Math.round(maxSec * SAMPLE_RATE_HZ)
  const noisy = await readJoined(
    sources.map(({ noisyPath }) => noisyPath),
    { maxSamples, ffmpegPath }
  )
  if (noisy.samples.length === 0) throw new AppError('E_NO_AUDIO', { path: sources[0]!.noisyPath })
  const cleanPaths = sources.flatMap(({ cleanPath }) => cleanPath ?? [])
  const clean = cleanPaths.length === sources.length ? await readJoined(cleanPaths, { maxSamples, ffmpegPath }) : null
  if (clean !== null && clean.samples.length !== noisy.samples.length) {
    const detail = `${clean.samples.length} clean samples for ${noisy.samples.length}`
    throw new AppError('E_INTERNAL', { path: cleanPaths[0]!, detail })
  }
  const length = Math.max(noisy.samples.length, Math.round(minSec * SAMPLE_RATE_HZ))
  await writeLooped(path.join(folder, 'noisy.wav'), noisy.samples, length)
  if (clean !== null) await writeLooped(path.join(folder, 'clean.wav'), clean.samples, length)
  for (const { name, seconds } of pieces) {
    await writeLooped(path.join(folder, name), noisy.samples, Math.round(seconds * SAMPLE_RATE_HZ))
  }
  const isLooped = length > noisy.samples.length
  const treatment = noisy.isCut ? 'cut' : isLooped ? 'looped' : 'whole'
  return { type: 'prepared', audioSec: length / SAMPLE_RATE_HZ, treatment, hasReference: clean !== null }
}

/** A whole file as {@link prepareMaterial} reads one. */
export async function readMono(filePath: string): Promise<Float32Array> {
  return (await readJoined([filePath], { maxSamples: Infinity, ffmpegPath: null })).samples
}

interface Reading {
  readonly maxSamples: number
  readonly ffmpegPath: string | null
}

interface Joined {
  readonly samples: Float32Array
  /** There was more than was asked for. */
  readonly isCut: boolean
}

async function readJoined(paths: readonly string[], { maxSamples, ffmpegPath }: Reading): Promise<Joined> {
  const parts: Float32Array[] = []
  let left = maxSamples
  for (const filePath of paths) {
    const pieces: Float32Array[] = []
    // One more than there is room for tells that something was left out.
    for await (const piece of monoPieces(filePath, ffmpegPath)) {
      pieces.push(piece.slice(0, left + 1))
      left -= Math.min(piece.length, left + 1)
      if (left < 0) break
    }
    parts.push(...pieces)
    if (left < 0) return { samples: concat(parts).subarray(0, maxSamples), isCut: true }
  }
  return { samples: concat(parts), isCut: false }
}

/** The mean of the channels at the network's rate. */
async function* monoPieces(filePath: string, ffmpegPath: string | null): AsyncGenerator<Float32Array> {
  const source = await openSource(filePath, { ffmpegPath })
  try {
    const resampler = new Resampler({ fromHz: source.format.sampleRateHz, toHz: SAMPLE_RATE_HZ })
    for (let block = await source.read(BLOCK_FRAMES); block !== null; block = await source.read(BLOCK_FRAMES)) {
      yield resampler.push(meanOf(block))
    }
    yield resampler.finish()
  } finally {
    await source.close()
  }
}

function meanOf(channels: readonly Float32Array[]): Float32Array {
  const [first, ...others] = channels
  if (others.length === 0) return first!
  return first!.map((sample, i) => others.reduce((sum, channel) => sum + channel[i]!, sample) / channels.length)
}

/** `samples`, from their beginning again and again, up to `length`, as mono float32 WAV at the network's rate. */
export async function writeLooped(filePath: string, samples: Float32Array, length: number): Promise<void> {
  const sink = await createSink(filePath, {
    container: 'wav',
    sampleFormat: 'f32',
    validBits: 32,
    sampleRateHz: SAMPLE_RATE_HZ,
    channels: 1,
    channelMask: 0
  })
  for (let left = length; left > 0; left -= samples.length) await sink.write([samples.subarray(0, left)])
  await sink.finish()
}
