import type { OutputQuality } from '../../../shared/settings/choices'
import { layoutFor } from '../encode/layoutLimits'
import { kbpsFor, nearestMp3Kbps, vorbisQuality } from '../encode/encodeArgs'
import type { AudioFormat, SinkFormat } from '../types'
import type { FilmContainer, TrackKind } from './filmContainers'

/** How the clean sound is coded. */
export interface TrackChoice {
  readonly kind: TrackKind
  /** ffmpeg's encoder. */
  readonly encoder: string
  readonly sampleRateHz: number
  /** How the samples travel to the encoder. */
  readonly pipe: SinkFormat
  /** Another codec or rate than the source's. */
  readonly changed: boolean
}

interface Codec {
  /** Codec names of sources that this is the same as. */
  readonly is: RegExp
  readonly encoder: string
  readonly maxChannels: number
  /** Rates that it has; null: any. */
  readonly ratesHz: readonly number[] | null
}

const MPEG_RATES_HZ = [16_000, 22_050, 24_000, 32_000, 44_100, 48_000]
const AAC_RATES_HZ = [
  ...[7350, 8000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 64_000, 88_200, 96_000]
]

const CODECS: Readonly<Record<TrackKind, Codec>> = {
  aac: { is: /^aac/, encoder: 'aac', maxChannels: 8, ratesHz: AAC_RATES_HZ },
  opus: { is: /^opus$/, encoder: 'libopus', maxChannels: 8, ratesHz: [48_000] },
  vorbis: { is: /^vorbis$/, encoder: 'libvorbis', maxChannels: 8, ratesHz: null },
  flac: { is: /^flac$/, encoder: 'flac', maxChannels: 8, ratesHz: null },
  alac: { is: /^alac$/, encoder: 'alac', maxChannels: 8, ratesHz: null },
  mp3: { is: /^mp3/, encoder: 'libmp3lame', maxChannels: 2, ratesHz: [8000, 11_025, 12_000, ...MPEG_RATES_HZ] },
  mp2: { is: /^mp2/, encoder: 'mp2', maxChannels: 2, ratesHz: MPEG_RATES_HZ },
  ac3: { is: /^ac3$/, encoder: 'ac3', maxChannels: 6, ratesHz: [32_000, 44_100, 48_000] },
  eac3: { is: /^eac3$/, encoder: 'eac3', maxChannels: 6, ratesHz: [32_000, 44_100, 48_000] },
  wma: { is: /^wma(?:v1|v2|pro)$/, encoder: 'wmav2', maxChannels: 2, ratesHz: [8000, 11_025, ...MPEG_RATES_HZ] },
  pcm_le: { is: /^pcm_(?:u8|[su]\d+le|f\d+le)$/, encoder: 'pcm_s16le', maxChannels: 8, ratesHz: null },
  pcm_be: { is: /^pcm_(?:s8|[su]\d+be|f\d+be)$/, encoder: 'pcm_s16be', maxChannels: 8, ratesHz: null }
}

const LOSSLESS = /^(?:flac|alac|pcm_le|pcm_be)$/
const LOSSLESS_SOURCE = /^(?:flac|alac|ape|wavpack|tta|tak|shorten|mlp|truehd|wmalossless|mp4als|pcm_.*)$/

/**
 * The codec of the clean track: the source's own where the container takes it and ffmpeg can write it, else the first of the
 * container's that can, a lossless one for a lossless source; null where there is none. Pure.
 */
export function chooseTrack(
  source: AudioFormat,
  container: FilmContainer,
  encoders: ReadonlySet<string>
): TrackChoice | null {
  const codecName = source.origin?.codecName ?? ''
  const isOwn = (kind: TrackKind): boolean => CODECS[kind].is.test(codecName)
  const isNear = (kind: TrackKind): boolean => LOSSLESS_SOURCE.test(codecName) && LOSSLESS.test(kind)
  const rank = (kind: TrackKind): number => (isOwn(kind) ? 2 : isNear(kind) ? 1 : 0)
  const inOrder = [...container.kinds].sort((a, b) => rank(b) - rank(a))
  const isHeld = (one: TrackKind): boolean =>
    source.channels <= CODECS[one].maxChannels && layoutFor(one, source) !== null
  const kind = inOrder.find((one) => isHeld(one) && encoders.has(encoderOf(one, source)))
  if (kind === undefined) return null
  const { ratesHz } = CODECS[kind]
  const sampleRateHz = ratesHz?.find((rate) => rate >= source.sampleRateHz) ?? ratesHz?.at(-1) ?? source.sampleRateHz
  const changed = !isOwn(kind) || sampleRateHz !== source.sampleRateHz
  return { kind, encoder: encoderOf(kind, source), sampleRateHz, pipe: pipeOf(kind, source, sampleRateHz), changed }
}

/** PCM keeps its depth. */
function encoderOf(kind: TrackKind, { validBits, origin }: AudioFormat): string {
  if (kind !== 'pcm_le' && kind !== 'pcm_be') return CODECS[kind].encoder
  const order = kind === 'pcm_le' ? 'le' : 'be'
  if (CODECS[kind].is.test(origin?.codecName ?? '') && /^pcm_[sf](?:16|24|32)/.test(origin!.codecName)) {
    return origin!.codecName
  }
  return `pcm_${validBits <= 16 ? 's16' : validBits <= 24 ? 's24' : 'f32'}${order}`
}

function pipeOf(kind: TrackKind, source: AudioFormat, sampleRateHz: number): SinkFormat {
  const { channels, validBits } = source
  const channelMask = layoutFor(kind, source) ?? 0
  const depth = !LOSSLESS.test(kind) || validBits > 24 ? 'f32' : validBits > 16 ? 's24' : 's16'
  const bits = { f32: 32, s24: 24, s16: 16 }[depth]
  return { container: 'wav', sampleFormat: depth, validBits: bits, sampleRateHz, channels, channelMask }
}

/** A lossy codec takes samples over full scale, and its decoders cut them off. */
export function isLossy({ kind }: TrackChoice): boolean {
  return !LOSSLESS.test(kind)
}

/** Frames that the encoder puts before the sound, as ffmpeg's encoders do; at the result's rate. */
export function delayFrames({ kind, sampleRateHz }: TrackChoice): number {
  if (kind === 'wma') return sampleRateHz <= 16_000 ? 512 : sampleRateHz <= 22_050 ? 1024 : 2048
  return DELAYS[kind] ?? 0
}

/**
 * Frames of silence that the encoder must get before and after the sound, or a part of it is lost: decoders of WMA drop two frames at
 * the beginning, of which ffmpeg's encoder puts but one there, and the last frame is whole only with the one after it.
 */
export function spareFrames(track: TrackChoice): number {
  return track.kind === 'wma' ? delayFrames(track) : 0
}

const DELAYS: Readonly<Partial<Record<TrackKind, number>>> = {
  aac: 1024,
  mp3: 1105,
  mp2: 481,
  ac3: 256,
  eac3: 256,
  opus: 312
}

const MP2_KBPS = [32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384]
const MP2_LOW_KBPS = [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160]

/** Arguments of the encoder for stream `at` of the result. Pure. */
export function trackArgs(
  { kind, encoder, pipe, sampleRateHz }: TrackChoice,
  at: number,
  rate: { readonly quality: OutputQuality; readonly sourceKbps: number | null }
): string[] {
  const codec = [`-c:${at}`, encoder]
  const { channels, validBits } = pipe
  switch (kind) {
    case 'pcm_le':
    case 'pcm_be':
      return codec
    case 'flac':
      return [...codec, `-sample_fmt:${at}`, validBits > 16 ? 's32' : 's16']
    case 'alac':
      return [...codec, `-sample_fmt:${at}`, validBits > 16 ? 's32p' : 's16p']
    case 'vorbis': {
      const kbps = kbpsFor('vorbis', channels, rate)
      return [...codec, `-q:${at}`, String(vorbisQuality(kbps, channels, sampleRateHz))]
    }
    case 'opus':
      return [...codec, `-b:${at}`, `${kbpsFor('opus', channels, rate)}k`, ...(channels > 2 ? FAMILY : [])]
    case 'mp2':
      return [
        ...codec,
        `-b:${at}`,
        `${nearest(kbpsOf(channels, rate), sampleRateHz < 32_000 ? MP2_LOW_KBPS : MP2_KBPS)}k`
      ]
    case 'ac3':
    case 'eac3':
    case 'wma':
      return [...codec, `-b:${at}`, `${kbpsOf(channels, rate)}k`]
    case 'mp3':
      return [...codec, `-b:${at}`, `${nearestMp3Kbps(kbpsFor('mp3', channels, rate), sampleRateHz)}k`]
    case 'aac':
      return [...codec, `-b:${at}`, `${kbpsFor('aac', channels, rate)}k`]
  }
}

const FAMILY = ['-mapping_family', '1']

/** Kilobits a second of the older codecs: the source's own, or 96 a channel. */
function kbpsOf(channels: number, rate: Parameters<typeof trackArgs>[2]): number {
  const factor = { small: 0.6, standard: 1, high: 1.6 }[rate.quality]
  return Math.round(Math.min(640, Math.max(32 * channels, (rate.sourceKbps ?? 96 * channels) * factor)))
}

function nearest(kbps: number, steps: readonly number[]): number {
  return steps.reduce((best, step) => (Math.abs(step - kbps) < Math.abs(best - kbps) ? step : best))
}
