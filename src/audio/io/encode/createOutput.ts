import { stat } from 'node:fs/promises'
import type { WarningCode } from '../../../shared/errors/appError'
import { AppError } from '../../../shared/errors/appError'
import type { OutputFormat, OutputQuality, VideoWay } from '../../../shared/settings/choices'
import { createFilm } from '../film/filmOutput'
import { createSink } from '../pcmSink'
import type { MarkRates } from '../tags/marksAtRate'
import type { AudioFormat, AudioSink, SinkFormat } from '../types'
import { sinkFormatFor } from '../sinkFormat'
import { chunksForPcm, tagsForEncoder } from './carriedTags'
import { encodersOf } from './encoderList'
import { createEncodedFile } from './encodedFile'
import { chooseOutput } from './outputChoice'
import type { EncodedChoice, OutputChoice } from './outputChoice'

export interface OutputParts {
  readonly sourcePath: string
  /** The file's own rate, in which the marks among its tags count; absent: that of `source`. */
  readonly fileRateHz?: number
  /** What is written, of that source: another rate than the file's where that is asked for. */
  readonly source: AudioFormat
  /** Frames that will be written, at the rate of `source`. */
  readonly frames: number
  readonly partPath: string
  readonly format: OutputFormat
  readonly quality: OutputQuality
  /** Of a film, where the format is the source's. */
  readonly video: VideoWay
  /** Our own container, whatever the format says, and without tags; null lets the format decide. */
  readonly container: SinkFormat['container'] | null
  readonly ffmpegPath: string | null
}

/** A sink with what is known of its file before it is written. */
export interface Output {
  readonly sink: AudioSink
  /** With dot. */
  readonly extension: string
  /** Of the file; Opus is always decoded at 48 kHz. */
  readonly sampleRateHz: number
  /** W_FORMAT_CHANGED, W_TAGS_LOST, W_TRACK_CODEC, W_STREAMS_LOST, W_OTHER_TRACKS. */
  readonly warnings: readonly WarningCode[]
}

/**
 * Opens the file that a result goes into, in the source's own format or the one that was asked for, with its tags and
 * pictures. Throws the errors of both sinks, and E_NO_FFMPEG where the format that was asked for needs ffmpeg.
 */
export async function createOutput(parts: OutputParts): Promise<Output> {
  const { sourcePath, source, container, partPath } = parts
  if (container !== null) {
    const pcm = sinkFormatFor(source, container, sourcePath)
    const warnings: WarningCode[] = pcm.changed ? ['W_FORMAT_CHANGED'] : []
    const { extension } = pcm
    return { sink: await createSink(partPath, pcm.format), extension, sampleRateHz: source.sampleRateHz, warnings }
  }
  const film = await filmOutput(parts)
  if (film !== null) return film
  const choice = await choiceFor(parts)
  const output = await (choice.pcm === null ? encodedOutput(parts, choice.encoded) : pcmOutput(parts, choice.pcm))
  const isOneOfMany = (source.origin?.tracks ?? 1) > 1
  return isOneOfMany ? { ...output, warnings: [...output.warnings, 'W_OTHER_TRACKS'] } : output
}

/** A film as a film; null where it is to be sound, or where no container takes it. */
async function filmOutput(parts: OutputParts): Promise<Output | null> {
  const { source, sourcePath, format, video, ffmpegPath } = parts
  const { origin } = source
  if (origin?.hasVideo !== true || format !== 'source' || video === 'sound') return null
  if (ffmpegPath === null) throw new AppError('E_NO_FFMPEG', { path: sourcePath })
  const { size } = await stat(sourcePath)
  return createFilm({
    ...{ sourcePath, source: { ...source, origin }, sourceBytes: size, frames: parts.frames, partPath: parts.partPath },
    ...{ quality: parts.quality, sourceKbps: lossyKbps(source), way: video, ffmpegPath },
    encoders: await encodersOf(ffmpegPath)
  })
}

async function choiceFor(parts: OutputParts): Promise<OutputChoice> {
  const { source, sourcePath, format, frames, ffmpegPath } = parts
  const needsFfmpeg = source.origin !== undefined || !['source', 'wav16', 'wav24', 'wav32f'].includes(format)
  if (needsFfmpeg && ffmpegPath === null) throw new AppError('E_NO_FFMPEG', { path: sourcePath })
  const encoders = needsFfmpeg ? await encodersOf(ffmpegPath) : new Set<string>()
  return chooseOutput({ source, sourcePath, format, frames, encoders })
}

async function pcmOutput(parts: OutputParts, choice: NonNullable<OutputChoice['pcm']>): Promise<Output> {
  const { sourcePath: path, source, ffmpegPath, partPath } = parts
  const carried = await chunksForPcm(
    { path, format: source, ffmpegPath, rates: ratesOf(parts, choice.format) },
    choice.format.container
  )
  const sink = await createSink(partPath, choice.format, carried.bytes)
  const warnings = warningsOf(choice.changed, carried.isWhole)
  return { sink, extension: choice.extension, sampleRateHz: source.sampleRateHz, warnings }
}

async function encodedOutput(parts: OutputParts, choice: EncodedChoice): Promise<Output> {
  const { sourcePath: path, source, ffmpegPath, partPath, quality, frames } = parts
  if (ffmpegPath === null) throw new AppError('E_NO_FFMPEG', { path })
  const carried = await tagsForEncoder({ path, format: source, ffmpegPath, rates: ratesOf(parts, choice) }, choice.kind)
  const { sampleRateHz: sourceRateHz } = source
  const sink = await createEncodedFile(partPath, {
    ...{ choice, ffmpegPath, frames, sourceRateHz, quality, sourceKbps: lossyKbps(source) },
    tags: carried.text,
    pictures: carried.pictures.length === 0 ? null : { path, streams: carried.pictures }
  })
  const warnings = warningsOf(choice.changed, carried.isWhole)
  return { sink, extension: choice.extension, sampleRateHz: choice.sampleRateHz, warnings }
}

function ratesOf({ fileRateHz, source }: OutputParts, result: { readonly sampleRateHz: number }): MarkRates {
  return { fromHz: fileRateHz ?? source.sampleRateHz, toHz: result.sampleRateHz }
}

function warningsOf(changed: boolean, isWhole: boolean): WarningCode[] {
  return [...(changed ? (['W_FORMAT_CHANGED'] as const) : []), ...(isWhole ? [] : (['W_TAGS_LOST'] as const))]
}

const LOSSY = /^(?:mp[123]|aac|vorbis|opus|wma|ac3|eac3)/

/** The bit rate of a lossy source; that of a lossless one tells nothing of what a lossy result needs. */
function lossyKbps({ origin }: AudioFormat): number | null {
  if (origin?.bitsPerSec == null || !LOSSY.test(origin.codecName)) return null
  return origin.bitsPerSec / 1000
}
