import { extname } from 'node:path'
import type { OutputFormat } from '../../../shared/settings/choices'
import { layoutFor } from './layoutLimits'
import { sinkCanHold, sinkFormatFor } from '../sinkFormat'
import type { SinkChoice } from '../sinkFormat'
import type { AudioFormat } from '../types'

/** What ffmpeg writes for us. `caf` is PCM in Apple's container. */
export type EncodedKind = 'flac' | 'alac' | 'mp3' | 'aac' | 'vorbis' | 'opus' | 'caf'

/** ffmpeg's encoders for each kind, the better one first. */
export const ENCODERS: Readonly<Record<Exclude<EncodedKind, 'caf'>, readonly string[]>> = {
  flac: ['flac'],
  alac: ['alac'],
  mp3: ['libmp3lame'],
  aac: ['aac'],
  vorbis: ['libvorbis'],
  opus: ['libopus']
}

/** Names that a kind's container may keep; the first is given to sources of another kind. */
const EXTENSIONS: Readonly<Record<EncodedKind, readonly string[]>> = {
  flac: ['.flac'],
  alac: ['.m4a'],
  mp3: ['.mp3', '.mpga'],
  aac: ['.m4a', '.m4b', '.m4r'],
  vorbis: ['.ogg', '.oga'],
  opus: ['.opus', '.ogg', '.oga'],
  caf: ['.caf']
}

/** What comes next where ffmpeg has no encoder of a kind, or the kind cannot hold the sound; WAV comes last. */
const INSTEAD: Readonly<Record<EncodedKind, readonly EncodedKind[]>> = {
  flac: [],
  alac: ['flac'],
  mp3: ['aac'],
  aac: ['mp3'],
  vorbis: ['opus', 'aac'],
  opus: ['vorbis', 'aac'],
  caf: []
}

const MP3_RATES_HZ = [8000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000]
const AAC_RATES_HZ = [7350, ...MP3_RATES_HZ, 64_000, 88_200, 96_000]

/** Rates that a kind has; null: any. Opus always decodes at 48 kHz. */
const RATES_HZ: Readonly<Record<EncodedKind, readonly number[] | null>> = {
  flac: null,
  alac: null,
  mp3: MP3_RATES_HZ,
  aac: AAC_RATES_HZ,
  vorbis: null,
  opus: [48_000],
  caf: null
}

const MAX_CHANNELS: Readonly<Record<EncodedKind, number>> = {
  flac: 8,
  alac: 8,
  mp3: 2,
  aac: 8,
  vorbis: 8,
  opus: 8,
  caf: 64
}
/** The rate is a field of 20 bits in FLAC; encoders of the others stop at these. */
const MAX_RATE_HZ: Readonly<Partial<Record<EncodedKind, number>>> = { flac: 655_350, alac: 384_000, vorbis: 192_000 }

/** A file that ffmpeg writes. */
export interface EncodedChoice {
  readonly kind: EncodedKind
  readonly sampleRateHz: number
  readonly channels: number
  readonly channelMask: number
  /** Bits of a lossless kind: 16 or 24, or 32 for float. */
  readonly validBits: number
  readonly extension: string
  readonly changed: boolean
}

/** What a file is written as. */
export type OutputChoice =
  { readonly pcm: SinkChoice; readonly encoded: null } | { readonly pcm: null; readonly encoded: EncodedChoice }

export interface OutputRequest {
  readonly source: AudioFormat
  readonly sourcePath: string
  readonly format: OutputFormat
  /** In the source's rate. */
  readonly frames: number
  /** Names of ffmpeg's encoders; empty without ffmpeg. */
  readonly encoders: ReadonlySet<string>
}

/**
 * What a source is written as: itself, what was asked for, or the nearest that can be written, with `changed` where that is
 * neither. Lossless sources without an encoder become WAV or FLAC, lossy ones M4A; the sound of a film becomes WAV.
 */
export function chooseOutput(request: OutputRequest): OutputChoice {
  const { source, format } = request
  const wanted = format === 'source' ? sourceKind(source) : ASKED_KINDS[format]
  if (wanted === null) return pcmChoice(request)
  const kind = [wanted.kind, ...INSTEAD[wanted.kind]].find((candidate) => canWrite(candidate, request))
  if (kind === undefined) return pcmChoice({ ...request, format: 'source' }, true)
  const sampleRateHz = nearestRate(RATES_HZ[kind], source.sampleRateHz)
  const extension = extensionOf(kind, request.sourcePath)
  const changed = wanted.changed || kind !== wanted.kind || sampleRateHz !== source.sampleRateHz
  const { channels, validBits } = source
  const channelMask = layoutFor(kind, source) ?? 0
  const { sampleFormat } = source
  const isFloat = sampleFormat === 'f32' || sampleFormat === 'f64'
  const bits = isFloat && kind !== 'caf' ? 24 : validBits <= 16 ? 16 : validBits <= 24 || kind !== 'caf' ? 24 : 32
  const lessBits = (kind === 'flac' || kind === 'alac') && validBits > bits
  return {
    pcm: null,
    encoded: { kind, sampleRateHz, channels, channelMask, validBits: bits, extension, changed: changed || lessBits }
  }
}

/** The nearest rate of a kind, not below the source's where there is one. */
function nearestRate(rates: readonly number[] | null, rateHz: number): number {
  if (rates === null) return rateHz
  return rates.find((rate) => rate >= rateHz) ?? rates.at(-1)!
}

interface WantedKind {
  readonly kind: EncodedKind
  /** Already another kind than the source's. */
  readonly changed: boolean
}

const as = (kind: EncodedKind, changed = false): WantedKind => ({ kind, changed })

const ASKED_KINDS: Readonly<Record<Exclude<OutputFormat, 'source'>, WantedKind | null>> = {
  wav16: null,
  wav24: null,
  wav32f: null,
  flac: as('flac'),
  mp3: as('mp3'),
  m4a: as('aac'),
  opus: as('opus')
}

const LOSSLESS = /^(?:ape|wavpack|tta|tak|shorten|mlp|truehd|wmalossless|mp4als)$/

/** The kind of a source that ffmpeg reads; null where PCM is what is nearest. */
function sourceKind({ origin, validBits }: AudioFormat): WantedKind | null {
  if (origin === undefined || origin.hasVideo) return null
  const { codecName } = origin
  const containers = origin.formatName.split(',')
  if (containers.includes('caf') && /^pcm_[su]?(?:8|16|24|32|f32|f64)/.test(codecName)) return as('caf')
  if (/^(?:pcm_|adpcm_)/.test(codecName)) return null
  if (codecName === 'flac') return as('flac', !containers.includes('flac'))
  if (codecName === 'alac') return as('alac', !containers.includes('mov'))
  if (LOSSLESS.test(codecName)) return validBits <= 24 ? as('flac', true) : null
  if (codecName === 'mp3') return as('mp3', !containers.includes('mp3'))
  if (codecName === 'mp1' || codecName === 'mp2') return as('mp3', true)
  if (codecName === 'vorbis' || codecName === 'opus') return as(codecName, !containers.includes('ogg'))
  if (codecName === 'speex') return as('opus', true)
  return as('aac', codecName !== 'aac' || !containers.includes('mov'))
}

function canWrite(kind: EncodedKind, { source, encoders }: OutputRequest): boolean {
  const hasEncoder = kind === 'caf' ? encoders.size > 0 : ENCODERS[kind].some((name) => encoders.has(name))
  const maxRateHz = MAX_RATE_HZ[kind] ?? Infinity
  const isHeld = source.channels <= MAX_CHANNELS[kind] && source.sampleRateHz <= maxRateHz
  return hasEncoder && isHeld && layoutFor(kind, source) !== null
}

function extensionOf(kind: EncodedKind, sourcePath: string): string {
  const own = extname(sourcePath)
  return EXTENSIONS[kind].includes(own.toLowerCase()) ? own : EXTENSIONS[kind][0]!
}

/** PCM by our own writer; AIFF that would pass its 4 GiB becomes WAV. */
function pcmChoice({ source, sourcePath, format, frames }: OutputRequest, forced = false): OutputChoice {
  const asked = wavAsked(format)
  const choice = sinkFormatFor(source, asked === null ? null : 'wav', sourcePath)
  if (asked !== null)
    return { pcm: { ...choice, format: { ...choice.format, ...asked }, changed: false }, encoded: null }
  if (sinkCanHold(choice.format, frames)) {
    return { pcm: { ...choice, changed: choice.changed || forced }, encoded: null }
  }
  return { pcm: { ...sinkFormatFor(source, 'wav', sourcePath), changed: true }, encoded: null }
}

function wavAsked(format: OutputFormat): Pick<SinkChoice['format'], 'sampleFormat' | 'validBits'> | null {
  if (format === 'wav16') return { sampleFormat: 's16', validBits: 16 }
  if (format === 'wav24') return { sampleFormat: 's24', validBits: 24 }
  return format === 'wav32f' ? { sampleFormat: 'f32', validBits: 32 } : null
}
