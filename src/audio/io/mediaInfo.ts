import type { MediaInfo } from '../../shared/jobs/job'
import { AppError } from '../../shared/errors/appError'
import { losslessBits, probeForeign } from './ffmpeg/ffmpegSource'
import type { ProbedAudio } from './ffmpeg/ffmpegProbe'
import { openRegularFile } from './fileBytes'
import { parsePcmHeader } from './openPcm'
import type { PcmLayout } from './pcmLayout'
import type { Container } from './types'

/** Enough for the header of almost every file in one read. */
const HEAD_BYTES = 4096

/** A file by its header: its facts, or the way to ask ffmpeg for them. */
export type MediaFile =
  | { readonly info: MediaInfo; readonly askFfmpeg: null }
  | {
      readonly info: null
      /** Starts a child of ffmpeg; without one E_NO_FFMPEG. */
      readonly askFfmpeg: (ffmpegPath: string | null, signal: AbortSignal) => Promise<MediaInfo>
    }

/**
 * What a file is, by its header alone: nothing is decoded and nothing written; the file may be open elsewhere. PCM is known at
 * once. Both steps throw the errors of `openSource`, the second one E_CANCELLED as well.
 */
export async function openMediaFile(path: string): Promise<MediaFile> {
  const layout = await readPcmLayout(path)
  if (layout !== null) return { info: pcmInfo(layout), askFfmpeg: null }
  const askFfmpeg = async (ffmpegPath: string | null, signal: AbortSignal): Promise<MediaInfo> => {
    if (ffmpegPath === null) throw new AppError('E_NO_FFMPEG', { path })
    return foreignInfo(await probeForeign(path, { ffmpegPath, signal }))
  }
  return { info: null, askFfmpeg }
}

async function readPcmLayout(path: string): Promise<PcmLayout | null> {
  const file = await openRegularFile(path, HEAD_BYTES)
  try {
    const header = await parsePcmHeader(file)
    return header !== null && 'format' in header ? header : null
  } finally {
    await file.handle.close()
  }
}

const PCM_NAMES: Readonly<Record<Exclude<Container, 'other'>, string>> = {
  wav: 'WAV',
  rf64: 'RF64',
  w64: 'W64',
  aiff: 'AIFF',
  aifc: 'AIFF'
}

/** The length is that of what is really there, not of what is declared. */
function pcmInfo({ format, dataBytes, sampleBytes }: PcmLayout): MediaInfo {
  const { sampleRateHz, channels, validBits, container } = format
  return {
    durationSec: dataBytes / (sampleBytes * channels) / sampleRateHz,
    sampleRateHz,
    channels,
    bitDepth: validBits,
    format: container === 'other' ? 'PCM' : PCM_NAMES[container]
  }
}

function foreignInfo(probed: ProbedAudio): MediaInfo {
  const { declaredSec, sampleRateHz, channels, tracks } = probed
  return {
    durationSec: declaredSec,
    sampleRateHz,
    channels,
    bitDepth: losslessBits(probed),
    format: shortName(probed),
    ...(tracks.length > 1 && { tracks })
  }
}

/** Codecs whose own name is not what people call them. */
const CODEC_NAMES: readonly (readonly [RegExp, string])[] = [
  [/^wma/, 'WMA'],
  [/^amr_/, 'AMR'],
  [/^adpcm_/, 'ADPCM'],
  [/^dsd_/, 'DSD'],
  [/^gsm/, 'GSM'],
  [/^(?:musepack|mpc)/, 'MPC']
]

/** Containers of PCM that ffmpeg reads for us, by the first of its names for them. */
const CONTAINER_NAMES: Readonly<Record<string, string>> = { matroska: 'MKV', mov: 'MOV', nistsphere: 'NIST' }

/** The codec's name; the container's for PCM and its telephone kin, which tell nothing by themselves. */
function shortName({ codecName, formatName }: ProbedAudio): string {
  const container = formatName.split(',')[0] ?? ''
  if (codecName.startsWith('pcm_')) return CONTAINER_NAMES[container] ?? container.toUpperCase()
  const known = CODEC_NAMES.find(([pattern]) => pattern.test(codecName))?.[1]
  return known ?? codecName.replaceAll('_', '').toUpperCase()
}
