import { extname } from 'node:path'
import { open, unlink } from 'node:fs/promises'
import { AppError } from '../../../shared/errors/appError'
import type { WarningCode } from '../../../shared/errors/appError'
import type { OutputQuality, VideoWay } from '../../../shared/settings/choices'
import { createEncoderSink } from '../encode/encoderSink'
import { DecoderChild, DEFAULT_TIME_LIMITS } from '../ffmpeg/decoderChild'
import { childCommand } from '../ffmpeg/ffmpegCommand'
import { fileError } from '../fileBytes'
import type { AudioFormat, AudioSink, Origin } from '../types'
import { filmArgs, trialArgs } from './filmArgs'
import type { FilmPlan, FilmSlot } from './filmArgs'
import { clockOf, containerOf, MATROSKA } from './filmContainers'
import type { FilmContainer } from './filmContainers'
import { readFilm } from './readFilm'
import type { Film, FilmStream } from './readFilm'
import { chooseTrack, delayFrames, isLossy, spareFrames } from './trackChoice'

export interface FilmParts {
  readonly sourcePath: string
  readonly source: AudioFormat & { readonly origin: Origin }
  readonly sourceBytes: number
  /** Frames of the source, all of which will be written. */
  readonly frames: number
  readonly partPath: string
  readonly quality: OutputQuality
  readonly sourceKbps: number | null
  readonly way: Exclude<VideoWay, 'sound'>
  readonly ffmpegPath: string
  /** Names of ffmpeg's encoders. */
  readonly encoders: ReadonlySet<string>
}

/** A film being written. */
export interface FilmOutput {
  readonly sink: AudioSink
  /** With dot. */
  readonly extension: string
  readonly sampleRateHz: number
  /** W_FORMAT_CHANGED for another container, W_TRACK_CODEC, W_STREAMS_LOST. */
  readonly warnings: readonly WarningCode[]
}

/**
 * Opens a film whose sound is the clean one and whose other streams are the source's, copied as they are; null where no container
 * that ffmpeg writes takes its picture. Errors as {@link createEncoderSink} and {@link readFilm}.
 */
export async function createFilm(parts: FilmParts): Promise<FilmOutput | null> {
  const { source, sourcePath, ffmpegPath, partPath } = parts
  const clock = clockOf(source.origin.formatName)
  const film = await readFilm(sourcePath, { ffmpegPath, sound: source.origin.stream, clock })
  const planned = await withTrialFile(partPath, () => planFilm(film, parts))
  if (planned === null) return null
  const { plan, lost } = planned
  const { track, container } = plan
  const { skipFrames, laterFrames } = delayOf(plan)
  const late = { ...plan, startSec: plan.startSec + laterFrames / track.sampleRateHz }
  const padFrames = spareFrames(track)
  const sink = await createEncoderSink(partPath, {
    ...{
      ffmpegPath,
      pipe: track.pipe,
      frames: parts.frames,
      sourceRateHz: source.sampleRateHz,
      ...{ skipFrames, padFrames },
      tags: null
    },
    args: filmArgs(late, parts),
    isLossy: isLossy(track),
    verify: () => verify(plan, parts),
    limits: {
      stallSec: 60,
      endSec: 120 + parts.frames / source.sampleRateHz / 20 + parts.sourceBytes / SLOW_BYTES_A_SEC
    }
  })
  const own = extname(sourcePath)
  const extension = container.extensions.includes(own.toLowerCase()) ? own : container.extensions[0]!
  const warnings: WarningCode[] = []
  if (!plan.isSameContainer) warnings.push('W_FORMAT_CHANGED')
  if (track.changed) warnings.push('W_TRACK_CODEC')
  if (lost) warnings.push('W_STREAMS_LOST')
  return { sink, extension, sampleRateHz: track.sampleRateHz, warnings }
}

/** What a slow disk takes at least: after the last sample there may still be much picture. */
const SLOW_BYTES_A_SEC = 5e6

interface Planned {
  readonly plan: FilmPlan
  /** Some stream is left out. */
  readonly lost: boolean
}

/** In the film's own container, else in Matroska. */
async function planFilm(film: Film, parts: FilmParts): Promise<Planned | null> {
  const { source, sourcePath, encoders, way } = parts
  const clock = clockOf(source.origin.formatName)
  const own = containerOf(source.origin.formatName, film.brand, extname(sourcePath))
  const sound = film.streams.find(({ index }) => index === source.origin.stream)
  if (sound === undefined) throw new AppError('E_INTERNAL', { detail: 'the sound is not among the streams' })
  for (const container of own === null || own === MATROSKA ? [MATROSKA] : [own, MATROSKA]) {
    const track = chooseTrack(source, container, encoders)
    if (track === null) continue
    const keepsOriginal = way === 'add'
    const wanted = film.streams.filter((one) => one !== sound || keepsOriginal)
    const taken = await takenStreams(container, wanted, parts)
    if (taken === null) continue
    const slots = slotsOf(film, sound, taken)
    const isSameContainer = container === own
    const plan = { container, film, slots, track, clock, startSec: film.startSec, keepsOriginal, isSameContainer }
    const isLost = (one: FilmStream): boolean => !taken.includes(one) && !isMadeAnew(one, container)
    return { plan, lost: wanted.some(isLost) || film.hasUnknown }
  }
  return null
}

/** Streams in the source's order; the clean sound stands where the source's is, or before it. */
function slotsOf(film: Film, sound: FilmStream, taken: readonly FilmStream[]): FilmSlot[] {
  const firstSound = film.streams.find(({ kind }) => kind === 'audio')
  return film.streams.flatMap((stream): FilmSlot[] => {
    const isKept = taken.includes(stream)
    const clean: FilmSlot[] = [{ stream: sound, isClean: true }]
    const keepsOriginal = taken.includes(sound)
    // Players take the first sound, or the default one: beside its original the clean one is both.
    const place = keepsOriginal ? firstSound : sound
    return [...(stream === place ? clean : []), ...(isKept ? [{ stream, isClean: false }] : [])]
  })
}

/** The streams that a container takes; null where that is no moving picture. Throws E_IO where nothing can be written. */
async function takenStreams(
  container: FilmContainer,
  wanted: readonly FilmStream[],
  parts: FilmParts
): Promise<readonly FilmStream[] | null> {
  const all = wanted.filter((stream) => !isMadeAnew(stream, container))
  if (await takes(container, all, parts)) return all
  const taken: FilmStream[] = []
  // Pictures first: not every container is one without them.
  const inOrder = [...all].sort((a, b) => Number(isPicture(b)) - Number(isPicture(a)))
  for (const stream of inOrder) {
    if (!isPicture(stream) && !taken.some(isPicture)) return null
    if (await takes(container, [...taken, stream], parts)) taken.push(stream)
  }
  return taken.some(isPicture) ? taken : null
}

function isPicture({ kind, isCover }: FilmStream): boolean {
  return kind === 'video' && !isCover
}

/** The muxer makes these from what else the film says: chapters as a text track, and time code. */
function isMadeAnew({ kind, tag }: FilmStream, { delay }: FilmContainer): boolean {
  return kind === 'data' && delay === 'editList' && (tag === 'text' || tag === 'tmcd')
}

async function takes(container: FilmContainer, streams: readonly FilmStream[], parts: FilmParts): Promise<boolean> {
  const command = childCommand(parts.ffmpegPath, trialArgs(container, streams, parts))
  const child = new DecoderChild(command, parts.sourcePath, DEFAULT_TIME_LIMITS)
  try {
    while ((await child.read(0)) !== null);
    return child.exitedWell
  } finally {
    await child.close()
  }
}

/** Trials write over the part file, taken for us before; it is gone afterwards. */
async function withTrialFile<T>(partPath: string, work: () => Promise<T>): Promise<T> {
  try {
    await (await open(partPath, 'wx')).close()
  } catch (thrown) {
    throw fileError(thrown, partPath)
  }
  try {
    return await work()
  } finally {
    await unlink(partPath)
  }
}

/**
 * What becomes of the frames that an encoder puts before the sound. `skipFrames` are left away of the recording, `laterFrames` is how
 * much later than the recording the encoder's clock begins; where both are 0 its first frames lie before the recording, silent.
 *
 * An edit list hides them. Matroska hides those of Opus, and takes the time of its first block for that of the first sample. Decoders
 * of WMA drop them, with the silence that was put there. Where nothing says that they are no sound, and the source is of the same
 * codec, they take the place of as many of the recording's: those are the delay of the encoder that made it, as undeclared there, or
 * the half of a frame that a cut left. Nothing moves, and the length stays. A sound of another codec may begin with its first frame:
 * all of it is kept, but for AVI, whose sound has no times of its own.
 */
function delayOf({ container, track }: FilmPlan): { skipFrames: number; laterFrames: number } {
  const frames = delayFrames(track)
  if (track.kind === 'wma') return { skipFrames: 0, laterFrames: -spareFrames(track) }
  if (container.delay === 'opusOnly' && track.kind === 'opus') return { skipFrames: 0, laterFrames: frames }
  const isLeft = container.delay === 'editList' || (track.changed && container.delay !== 'untimed')
  return isLeft ? { skipFrames: 0, laterFrames: 0 } : { skipFrames: frames, laterFrames: frames }
}

/** The finished film by its own words: the streams that were meant, and the sound in step with them. */
async function verify(plan: FilmPlan, { partPath: path, ffmpegPath }: FilmParts): Promise<void> {
  const { slots, container, track, clock } = plan
  const at = slots.findIndex(({ isClean }) => isClean)
  const film = await readFilm(path, { ffmpegPath, sound: at, clock })
  const missing = slots.find(({ stream, isClean }, n) => {
    const found = film.streams.find(({ index }) => index === n)
    return found?.kind !== stream.kind || (!isClean && found.codecName !== stream.codecName)
  })
  const isSound = film.streams.find(({ index }) => index === at)?.sampleRateHz === track.sampleRateHz
  const isAskable = plan.isSameContainer && container.keepsStart
  const offSec = isAskable ? Math.abs(film.startSec - firstSec(plan)) : 0
  if (missing === undefined && isSound && offSec < MAX_OFF_SEC) return
  const what = missing === undefined ? `the sound is ${offSec} s off` : `stream ${missing.stream.index} is missing`
  throw new AppError('E_IO', { path, detail: `the written film is not whole: ${what}` })
}

/** When the written sound's first sample is heard, be it the encoder's. An edit list hides what lies before the film. */
function firstSec(plan: FilmPlan): number {
  const { container, track, startSec } = plan
  const { skipFrames, laterFrames } = delayOf(plan)
  if (skipFrames > 0 || laterFrames !== 0) return startSec
  const firstSec = startSec - delayFrames(track) / track.sampleRateHz
  return container.delay === 'editList' ? Math.max(Math.min(0, startSec), firstSec) : firstSec
}

/** One frame of the slowest usual codec: 1024 at 44.1 kHz, and a container's millisecond. */
const MAX_OFF_SEC = 0.025
