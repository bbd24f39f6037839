import { createSink } from '../../audio/io/pcmSink'
import { AppError } from '../../shared/errors/appError'
import type { Excerpt, MediaRequest } from '../protocol'
import { openExcerptSource } from './excerptSource'
import type { ExcerptSource, ExcerptTools } from './excerptSource'
import { floorPower, framePowers, loudestNoise } from './loudestNoise'
import type { Stretch } from './loudestNoise'
import { LevelMeter, wholeLevels } from './wholeLevels'

/** Stretches that are looked at for the loudest noise: many short ones of a file that can be read anywhere. */
const PCM_LOOKS = { count: 400, lengthSec: 0.2, atATime: 4 }
/** By children of ffmpeg, so many at a time with so many pieces each: 36 s are decoded in all, whatever the file's length. */
const CHILD_LOOKS = { count: 24, lengthSec: 1.5, atATime: 2, ofChild: 6 }
/** Candidates that are then read whole, where that is cheap. */
const JUDGED = 6

type Request = Extract<MediaRequest, { type: 'excerpt' }>

/** Cuts a part out of a file. Throws as `openSource` and as a sink does. */
export async function cutExcerpt(request: Request, tools: Omit<ExcerptTools, 'track'>): Promise<Excerpt> {
  const source = await openExcerptSource(request.path, { ...tools, track: request.track })
  try {
    const { sampleRateHz, frames } = source
    const length = Math.min(frames, Math.max(1, Math.round(request.lengthSec * sampleRateHz)))
    const wantedSec = request.startSec ?? (await findNoise(source, length, tools.signal))
    const start = Math.min(frames - length, Math.round(wantedSec * sampleRateHz))
    const lead = Math.min(start, Math.round(request.leadSec * sampleRateHz))
    const tail = Math.min(frames - start - length, Math.round(request.tailSec * sampleRateHz))
    const part = { startFrame: start - lead, frames: lead + length + tail }
    const meter = request.comparesLevels && part.frames < frames ? new LevelMeter(source) : null
    const written = await copyPart(source, { ...part, meter }, request)
    const there = Math.min(length, written - lead)
    if (there <= 0) throw new AppError('E_NO_AUDIO', { path: request.path })
    const wholeAbove = meter && difference(await wholeLevels(source, tools.signal), meter.read())
    return { startSec: start / sampleRateHz, sampleRateHz, window: { startFrame: lead, frames: there }, wholeAbove }
  } finally {
    await source.close()
  }
}

async function copyPart(
  source: ExcerptSource,
  part: { readonly startFrame: number; readonly frames: number; readonly meter: LevelMeter | null },
  { outPath }: Request
): Promise<number> {
  const { sampleRateHz, channels, channelMask } = source
  const format = { container: 'wav', sampleFormat: 'f32', validBits: 32 } as const
  const sink = await createSink(outPath, { ...format, sampleRateHz, channels, channelMask })
  try {
    await source.read(part.startFrame, part.frames, (planar) => {
      part.meter?.push(planar)
      return sink.write(planar)
    })
    return (await sink.finish()).frames
  } catch (thrown) {
    await sink.abort()
    throw thrown
  }
}

/** Null where one of them is silent: there is nothing to compare. */
function difference(
  whole: ReturnType<LevelMeter['read']>,
  part: ReturnType<LevelMeter['read']>
): Excerpt['wholeAbove'] {
  if (whole.lufs === null || part.lufs === null) return null
  return { lu: whole.lufs - part.lufs, peakDb: Math.max(0, whole.peakDb - part.peakDb) }
}

/** Where the noise is loudest, in seconds. */
async function findNoise(source: ExcerptSource, length: number, signal: AbortSignal): Promise<number> {
  const { sampleRateHz, frames } = source
  const last = frames - length
  if (last === 0) return 0
  const lengthSec = length / sampleRateHz
  const stretches = await look(source, signal)
  const candidates = loudestNoise(stretches, lengthSec, last / sampleRateHz)
  if (source.readPieces !== null || candidates.length < 2) return candidates[0]!
  // Short stretches may have met a word: the best are read whole.
  let best = { startSec: candidates[0]!, floor: 0 }
  for (const startSec of candidates.slice(0, JUDGED)) {
    const floor = floorPower(await powersOf(source, Math.round(startSec * sampleRateHz), length))
    if (floor > best.floor) best = { startSec, floor }
  }
  return best.startSec
}

/** Stretches evenly from all over the file. */
async function look(source: ExcerptSource, signal: AbortSignal): Promise<Stretch[]> {
  const { readPieces, sampleRateHz, frames } = source
  const { count, lengthSec, atATime } = readPieces === null ? PCM_LOOKS : CHILD_LOOKS
  const length = Math.min(frames, Math.round(lengthSec * sampleRateHz))
  const places = Math.max(1, Math.min(count, Math.floor(frames / length)))
  const starts = Array.from({ length: places }, (_, place) => Math.floor((place * frames) / places))
  const stretches: Stretch[] = []
  const keep = (start: number, powers: Float32Array): void => {
    stretches.push({ startSec: start / sampleRateHz, powers })
  }
  let next = 0
  const walk = async (): Promise<void> => {
    while (next < places) {
      signal.throwIfAborted()
      const some = starts.slice(next, next + (readPieces === null ? 1 : CHILD_LOOKS.ofChild))
      next += some.length
      if (readPieces === null) keep(some[0]!, await powersOf(source, some[0]!, length))
      else {
        const pieces = await readPieces(some, length)
        for (const [index, planar] of pieces.entries()) keep(some[index]!, framePowers(planar, sampleRateHz))
      }
    }
  }
  await Promise.all(Array.from({ length: atATime }, walk))
  return stretches.sort((a, b) => a.startSec - b.startSec)
}

async function powersOf(source: ExcerptSource, startFrame: number, frames: number): Promise<Float32Array> {
  const { sampleRateHz } = source
  const parts: Float32Array[] = []
  await source.read(startFrame, frames, (planar) => {
    parts.push(framePowers(planar, sampleRateHz))
  })
  const powers = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    powers.set(part, at)
    at += part.length
  }
  return powers
}
