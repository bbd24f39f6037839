import type { OutputQuality } from '../../../shared/settings/choices'
import { fileUrl } from '../ffmpeg/ffmpegCommand'
import type { SinkFormat } from '../types'
import type { EncodedChoice, EncodedKind } from './outputChoice'

/** How the samples travel into the encoder: lossless kinds get their own depth, lossy ones float32. */
export function pipeFormat(choice: EncodedChoice): SinkFormat {
  const isLossless = choice.kind === 'flac' || choice.kind === 'alac' || choice.kind === 'caf'
  const depth = !isLossless || choice.validBits > 24 ? 'f32' : choice.validBits > 16 ? 's24' : 's16'
  const validBits = { f32: 32, s24: 24, s16: 16 }[depth]
  const { sampleRateHz, channels, channelMask } = choice
  return { container: 'wav', sampleFormat: depth, validBits, sampleRateHz, channels, channelMask }
}

const MUXERS: Readonly<Record<EncodedKind, readonly string[]>> = {
  flac: ['-f', 'flac'],
  alac: ['-f', 'ipod'],
  // The Xing header carries LAME's delay and padding: players leave them out.
  mp3: ['-f', 'mp3', '-write_xing', '1', '-id3v2_version', '4'],
  aac: ['-f', 'ipod'],
  vorbis: ['-f', 'ogg'],
  opus: ['-f', 'opus'],
  caf: ['-f', 'caf']
}

/** Kilobits a second for one channel of speech where the source's own rate says nothing, and their bounds for two. */
const KBPS = {
  mp3: { channel: 96, min: 32, max: 320 },
  aac: { channel: 80, min: 24, max: 320 },
  opus: { channel: 56, min: 16, max: 256 },
  vorbis: { channel: 72, min: 32, max: 320 }
} as const

const QUALITY_FACTOR: Readonly<Record<OutputQuality, number>> = { small: 0.6, standard: 1, high: 1.6 }

/** The bit rate of a lossy result: near the source's, or by its channels. */
export function kbpsFor(
  kind: keyof typeof KBPS,
  channels: number,
  options: { readonly quality: OutputQuality; readonly sourceKbps: number | null }
): number {
  const { channel, min, max } = KBPS[kind]
  const base = options.sourceKbps ?? channel * channels
  const top = channels > 2 ? (max * channels) / 2 : max
  return Math.round(Math.min(top, Math.max(min * Math.min(channels, 2) * 0.5, base * QUALITY_FACTOR[options.quality])))
}

/** The quality number of libvorbis (0 to 10) that comes nearest to a bit rate at 44.1 kHz in stereo. */
export function vorbisQuality(kbps: number, channels: number, sampleRateHz: number): number {
  const like = (kbps * 2 * Math.max(0.7, Math.min(1, 44_100 / sampleRateHz))) / channels
  const steps = [64, 80, 96, 112, 128, 160, 192, 224, 256, 320]
  const found = steps.findIndex((step) => step >= like - 8)
  return found < 0 ? 9 : found
}

export interface EncodeRequest {
  readonly choice: EncodedChoice
  readonly partPath: string
  readonly quality: OutputQuality
  readonly sourceKbps: number | null
  /** The ffmetadata text goes in at file descriptor 3. */
  readonly hasTags: boolean
  /** The file whose streams of these numbers are cover pictures, copied as they are. */
  readonly pictures: { readonly path: string; readonly streams: readonly number[] } | null
}

/** Arguments of ffmpeg: WAV on standard input, the file `partPath` written over. Nothing but pipes and files is opened. */
export function encodeArgs(request: EncodeRequest, inputLimits: readonly string[]): string[] {
  const { choice, partPath, hasTags, pictures } = request
  const args = ['-nostdin', '-hide_banner', '-v', 'level+warning', '-y', '-filter_threads', '1']
  // With several inputs ffmpeg 5 sleeps 10 ms whenever this queue of small packets runs empty or full: eight by default.
  args.push(...inputLimits, '-thread_queue_size', '1024', '-f', 'wav', '-i', 'pipe:0')
  if (hasTags)
    args.push('-protocol_whitelist', 'file,pipe', '-format_whitelist', 'ffmetadata', '-f', 'ffmetadata', '-i', 'pipe:3')
  if (pictures !== null) args.push(...inputLimits, '-i', fileUrl(pictures.path))
  const pictureInput = hasTags ? 2 : 1
  const pictureMaps = (pictures?.streams ?? []).flatMap((stream) => ['-map', `${pictureInput}:${stream}`])
  args.push(
    '-map',
    '0:a:0',
    ...pictureMaps,
    '-map_metadata',
    hasTags ? '1' : '-1',
    '-map_chapters',
    hasTags ? '1' : '-1'
  )
  if (pictures !== null) args.push('-c:v', 'copy', '-disposition:v', 'attached_pic')
  args.push(...codecArgs(request), '-threads', '1', ...MUXERS[choice.kind])
  // The edit list, which tells where the sound begins and ends, counts in this unit; by default in milliseconds.
  if (choice.kind === 'aac' || choice.kind === 'alac') args.push('-movie_timescale', String(choice.sampleRateHz))
  args.push(fileUrl(partPath))
  return args
}

function codecArgs({ choice, quality, sourceKbps }: EncodeRequest): string[] {
  const { kind, channels, sampleRateHz, validBits } = choice
  const kbps = (lossy: keyof typeof KBPS): number => kbpsFor(lossy, channels, { quality, sourceKbps })
  switch (kind) {
    case 'flac':
      return ['-c:a', 'flac', '-sample_fmt', validBits > 16 ? 's32' : 's16', '-bits_per_raw_sample', String(validBits)]
    case 'alac':
      return [
        '-c:a',
        'alac',
        '-sample_fmt',
        validBits > 16 ? 's32p' : 's16p',
        '-bits_per_raw_sample',
        String(validBits)
      ]
    case 'mp3': {
      const rate = nearestMp3Kbps(kbps('mp3'), sampleRateHz)
      return ['-c:a', 'libmp3lame', '-b:a', `${rate}k`, ...volume(1 / lameScale(rate))]
    }
    case 'aac':
      return ['-c:a', 'aac', '-b:a', `${kbps('aac')}k`]
    case 'vorbis':
      return ['-c:a', 'libvorbis', '-q:a', String(vorbisQuality(kbps('vorbis'), channels, sampleRateHz))]
    case 'opus':
      return ['-c:a', 'libopus', '-b:a', `${kbps('opus')}k`, ...(channels > 2 ? ['-mapping_family', '1'] : [])]
    case 'caf':
      return ['-c:a', validBits > 24 ? 'pcm_f32be' : validBits > 16 ? 'pcm_s24be' : 'pcm_s16be']
  }
}

/** LAME turns what it gets down by this, against clipping at rates where it rounds much (measured; the same at all sample rates). */
function lameScale(kbps: number): number {
  if (kbps >= 256) return 1
  return kbps > 192 ? 0.98 : kbps > 160 ? 0.97 : 0.95
}

/** Counted in float: nothing clips on the way to the encoder. */
function volume(gain: number): string[] {
  return gain === 1 ? [] : ['-filter:a', `volume=${gain}:precision=float`]
}

const MPEG1_KBPS = [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320]
const MPEG2_KBPS = [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160]
const MPEG25_MAX_KBPS = 64

/** The bit rate that the layer has, next to the wanted one (ISO/IEC 11172-3 and 13818-3; LAME keeps MPEG 2.5 to 64). */
export function nearestMp3Kbps(kbps: number, sampleRateHz: number): number {
  const steps =
    sampleRateHz >= 32_000
      ? MPEG1_KBPS
      : sampleRateHz >= 16_000
        ? MPEG2_KBPS
        : MPEG2_KBPS.filter((step) => step <= MPEG25_MAX_KBPS)
  return steps.reduce((best, step) => (Math.abs(step - kbps) < Math.abs(best - kbps) ? step : best))
}
