import { AppError } from '../../../shared/errors/appError'
import type { OutputQuality } from '../../../shared/settings/choices'
import { INPUT_LIMITS } from '../ffmpeg/ffmpegCommand'
import { probeForeign } from '../ffmpeg/ffmpegSource'
import { bytesPerSample } from '../pcmLayout'
import type { AudioSink } from '../types'
import { encodeArgs, pipeFormat } from './encodeArgs'
import { createEncoderSink } from './encoderSink'
import type { EncodedChoice } from './outputChoice'

/** A file of one sound that ffmpeg writes. */
export interface EncodedFile {
  readonly choice: EncodedChoice
  readonly ffmpegPath: string
  /** Frames that will be written, in the rate they come in. */
  readonly frames: number
  readonly sourceRateHz: number
  readonly quality: OutputQuality
  readonly sourceKbps: number | null
  /** ffmetadata; null for no tags. */
  readonly tags: string | null
  readonly pictures: { readonly path: string; readonly streams: readonly number[] } | null
}

/** Starts the file at `partPath`. Errors as {@link createEncoderSink}. */
export function createEncodedFile(partPath: string, file: EncodedFile): Promise<AudioSink> {
  const { choice, ffmpegPath, frames, sourceRateHz, quality, sourceKbps, tags, pictures } = file
  const pipe = pipeFormat(choice)
  const request = { choice, partPath, quality, sourceKbps, hasTags: tags !== null, pictures }
  return createEncoderSink(partPath, {
    ...{ ffmpegPath, pipe, frames, sourceRateHz, tags },
    args: encodeArgs(request, INPUT_LIMITS),
    isLossy: pipe.sampleFormat === 'f32' && choice.kind !== 'caf',
    verify: (written) => verify(partPath, { ...file, ...written })
  })
}

interface Written extends EncodedFile {
  readonly frames: number
  readonly bytes: number
}

/** The finished file by its own words: the codec, the rate, the channels and the length that were meant. */
async function verify(path: string, { choice, ffmpegPath, frames, bytes }: Written): Promise<void> {
  const probed = await probeForeign(path, { ffmpegPath })
  // CAF declares no length: it is what fits into the file.
  const found =
    choice.kind === 'caf'
      ? Math.min(frames, Math.floor(bytes / (bytesPerSample(pipeFormat(choice).sampleFormat) * choice.channels)))
      : (probed.declaredSec ?? 0) * choice.sampleRateHz
  const isWhole =
    CODEC_NAMES[choice.kind].test(probed.codecName) &&
    probed.sampleRateHz === choice.sampleRateHz &&
    probed.channels === choice.channels &&
    Math.abs(found - frames) <= SPARE_FRAMES[choice.kind] + choice.sampleRateHz / 100
  if (isWhole) return
  const detail = `the written file is not whole: ${probed.codecName}, ${probed.sampleRateHz} Hz, ${found} frames`
  throw new AppError('E_IO', { path, detail })
}

const CODEC_NAMES = {
  flac: /^flac$/,
  alac: /^alac$/,
  mp3: /^mp3/,
  aac: /^aac$/,
  vorbis: /^vorbis$/,
  opus: /^opus$/,
  caf: /^pcm_/
} as const

/** What a container's length may count beside the sound: MP3's delay and padding, Opus' pre-skip. */
const SPARE_FRAMES = { flac: 0, alac: 0, mp3: 4 * 1152, aac: 1024, vorbis: 1024, opus: 960, caf: 0 } as const
