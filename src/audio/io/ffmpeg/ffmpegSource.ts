import { existsSync } from 'node:fs'
import { AppError } from '../../../shared/errors/appError'
import type { WarningCode } from '../../../shared/errors/appError'
import { pcmDecoder, toHostOrder } from '../decodePcm'
import type { DecodeFrames, StoredPcm } from '../decodePcm'
import type { OpenFile } from '../fileBytes'
import { assertPlausible, bytesPerSample } from '../pcmLayout'
import type { AudioFormat, AudioSource } from '../types'
import { speakersOf } from './channelLayouts'
import { DecoderChild, DEFAULT_TIME_LIMITS } from './decoderChild'
import type { TimeLimits } from './decoderChild'
import { childCommand, fileUrl, INPUT_LIMITS } from './ffmpegCommand'
import { probeAudio } from './ffmpegProbe'
import type { ProbedAudio } from './ffmpegProbe'
import { inspectEnd } from './tailCheck'

const BLOCK_BYTES = 256 * 1024
/** A decoder that never stops must; no recording is this long (RELIABILITY R32). */
const DEFAULT_MAX_DECODED_SEC = 200 * 3600

export interface FfmpegOptions {
  readonly ffmpegPath: string
  /** Of files with several tracks of sound, from 1; null and absent: the default one. */
  readonly track?: number | null
  /** The container's own sizes already say that something is missing (WAV with a compressed payload). */
  readonly payloadTruncated: boolean
  readonly limits?: TimeLimits
  readonly maxDecodedSec?: number
}

/**
 * Decodes a file's sound (see {@link ProbedAudio}) in an ffmpeg child, at its own rate and with its own channels; that of a film
 * keeps to its times: a gap in the middle is silence. Success is
 * exit 0 and samples; a message of level error, a decoded length short of the declared one, or a container whose end is
 * missing gives W_TRUNCATED. Throws E_NO_AUDIO, E_NO_TRACK, E_UNSUPPORTED, E_CORRUPT, E_TIMEOUT, E_MEMORY, E_NO_FFMPEG, E_TOO_LONG.
 */
export async function openFfmpegSource(file: OpenFile, options: FfmpegOptions): Promise<AudioSource> {
  const limits = options.limits ?? DEFAULT_TIME_LIMITS
  const probed = await probeForeign(file.path, { ffmpegPath: options.ffmpegPath, limits, track: options.track })
  const end = await inspectEnd(file, probed.formatName)
  const truncated = options.payloadTruncated || end.isMissing
  const child = new DecoderChild(childCommand(options.ffmpegPath, decodeArgs(file.path, probed)), file.path, limits)
  const maxDecodedSec = options.maxDecodedSec ?? DEFAULT_MAX_DECODED_SEC
  return new FfmpegSource(child, { path: file.path, probed, truncated, endFrame: end.endFrame, maxDecodedSec })
}

/** What ffmpeg says of a file, without decoding it. Errors as {@link openFfmpegSource}; E_CANCELLED where `signal` says so. */
export async function probeForeign(
  path: string,
  options: {
    readonly ffmpegPath: string
    readonly limits?: TimeLimits
    readonly signal?: AbortSignal
    readonly track?: number | null | undefined
  }
): Promise<ProbedAudio> {
  const { ffmpegPath, limits = DEFAULT_TIME_LIMITS, signal, track } = options
  // Under prlimit a missing program would look like a file that it refused.
  if (!existsSync(ffmpegPath)) throw new AppError('E_NO_FFMPEG', { path })
  const probed = await probeAudio(path, ffmpegPath, { limits, signal, track })
  assertPlausible(path, probed.sampleRateHz, probed.channels)
  return probed
}

/** Bits of a sample where the codec keeps them all; null for lossy codecs and where the file does not say. */
export function losslessBits({ codecName, bitsPerSample }: ProbedAudio): number | null {
  return LOSSLESS.test(codecName) && bitsPerSample > 0 ? bitsPerSample : null
}

function decodeArgs(path: string, probed: ProbedAudio): string[] {
  // A stream that changes its rate or layout on the way is brought to what it began with; else the filter does nothing.
  const layout = probed.channelLayout === null ? '' : `:channel_layouts=${probed.channelLayout}`
  const [filterFormat, pipeFormat] = PIPES[pipeOf(probed)]
  const inStep = probed.hasVideo ? `${IN_STEP},` : ''
  const filter = `${inStep}aformat=sample_fmts=${filterFormat}:sample_rates=${probed.sampleRateHz}${layout}`
  const output = ['-vn', '-sn', '-dn', '-af', filter, '-c:a', `pcm_${pipeFormat}`, '-f', pipeFormat, 'pipe:1']
  const common = ['-nostdin', '-hide_banner', '-v', 'level+warning', '-filter_threads', '1']
  // ffmpeg 5 cuts 128 frames too many off a Vorbis stream of one page: it must cut nothing, the end is known.
  const uncut = probed.codecName === 'vorbis' && cutFrameOf(probed) !== null ? ['-flags2', '+skip_manual'] : []
  return [...common, ...INPUT_LIMITS, ...uncut, '-i', fileUrl(path), '-map', `0:${probed.stream}`, ...output]
}

/** Fills and cuts where the times in the stream jump by more than a frame of sound; touches nothing else. */
const IN_STEP = 'aresample=async=1:min_hard_comp=0.03'

const PIPES = { s16: ['s16', 's16le'], f32: ['flt', 'f32le'] } as const

/** What travels through the pipe: lossless 16-bit sources as they are, for half the bytes; all others as float32. */
function pipeOf(probed: ProbedAudio): keyof typeof PIPES {
  return probed.sampleFormatName.startsWith('s16') && bitsToWrite(probed) === 16 ? 's16' : 'f32'
}

interface Decoding {
  readonly path: string
  readonly probed: ProbedAudio
  readonly truncated: boolean
  /** Where the stream says that it ends; null where it does not say. */
  readonly endFrame: number | null
  readonly maxDecodedSec: number
}

class FfmpegSource implements AudioSource {
  readonly format: AudioFormat
  readonly warnings = new Set<WarningCode>()
  private readonly frameBytes: number
  private readonly block: Buffer
  private readonly stored: StoredPcm
  private readonly decode: DecodeFrames
  private readonly out: Float32Array[]
  /** Read and not yet taken. */
  private readonly chunks: Buffer[] = []
  /** Where the file says that its sound ends, for kinds whose last frame ffmpeg gives out whole; null for all else. */
  private cutFrame: number | null
  private blockFrames = 0
  private blockFrame = 0
  private decodedFrames = 0
  private isAtEnd = false

  constructor(
    private readonly child: DecoderChild,
    private readonly decoding: Decoding
  ) {
    const { probed } = decoding
    this.format = formatOf(probed)
    this.cutFrame = cutFrameOf(probed)
    const sampleFormat = pipeOf(probed)
    this.frameBytes = bytesPerSample(sampleFormat) * probed.channels
    const capacity = Math.floor(BLOCK_BYTES / this.frameBytes)
    const memory = new ArrayBuffer(capacity * this.frameBytes)
    this.block = Buffer.from(memory)
    this.stored = { sampleFormat, bigEndian: false, channels: probed.channels, rightJustified: false }
    this.decode = pcmDecoder(memory, this.stored)
    this.out = Array.from({ length: probed.channels }, () => new Float32Array(capacity))
  }

  async read(maxFrames: number): Promise<Float32Array[] | null> {
    if (this.blockFrame === this.blockFrames && !(await this.fill())) return null
    const frames = Math.min(maxFrames, this.blockFrames - this.blockFrame)
    this.decode(this.blockFrame, frames, this.out)
    this.blockFrame += frames
    return this.out.map((channel) => channel.subarray(0, frames))
  }

  async close(): Promise<void> {
    this.isAtEnd = true
    this.blockFrame = this.blockFrames
    await this.child.close()
  }

  /** Fills the block as far as the stream goes; false at its end, once all that must hold was checked. */
  private async fill(): Promise<boolean> {
    if (this.isAtEnd) return false
    const { sampleRateHz } = this.format
    const bytes = await this.fillBlock()
    this.blockFrame = 0
    this.blockFrames = Math.floor(bytes / this.frameBytes)
    this.decodedFrames += this.blockFrames
    toHostOrder(this.block.subarray(0, this.blockFrames * this.frameBytes), this.stored)
    if (this.decodedFrames > this.decoding.maxDecodedSec * sampleRateHz) {
      this.child.stop(new AppError('E_TOO_LONG', { path: this.decoding.path }))
    }
    // Checked with the last frames, not after them: who reads them must already know how the decoding ended.
    const mayBeLast = this.cutFrame !== null && this.decodedFrames >= this.cutFrame
    if (mayBeLast ? await this.isPaddingAhead() : bytes < this.block.length) this.conclude()
    return this.blockFrames > 0
  }

  /** Bytes of the block that are filled: all of it, or what there is up to the end or to the frame that may be the last. */
  private async fillBlock(): Promise<number> {
    const room = this.cutFrame === null ? Infinity : (this.cutFrame - this.decodedFrames) * this.frameBytes
    const wanted = Math.min(this.block.length, room)
    let bytes = 0
    while (bytes < wanted) {
      const chunk = this.chunks.shift() ?? (await this.nextChunk(bytes))
      if (chunk === null) break
      const copied = chunk.copy(this.block, bytes, 0, wanted - bytes)
      if (copied < chunk.length) this.chunks.unshift(chunk.subarray(copied))
      bytes += copied
    }
    return bytes
  }

  /**
   * At the frame that the file calls its end: whether only the padding of the encoder's last frame follows, which is then
   * left out. Where more follows the file was wrong about its length, and all of it is sound.
   */
  private async isPaddingAhead(): Promise<boolean> {
    this.cutFrame = null
    let ahead = 0
    for (let chunk = await this.nextChunk(0); chunk !== null; chunk = await this.nextChunk(ahead)) {
      this.chunks.push(chunk)
      ahead += chunk.length
      if (this.chunks.reduce((sum, one) => sum + one.length, 0) > MAX_PADDING_FRAMES * this.frameBytes) return false
    }
    return true
  }

  private nextChunk(bytesAhead: number): Promise<Buffer | null> {
    return this.child.read((this.decodedFrames + bytesAhead / this.frameBytes) / this.format.sampleRateHz)
  }

  private conclude(): void {
    this.isAtEnd = true
    const { path, probed } = this.decoding
    if (!this.child.exitedWell) {
      if (this.decodedFrames === 0) throw decodingFailure(path, this.child.stderr, this.child.ending)
      throw new AppError('E_CORRUPT', { path, detail: `the decoder gave up (${this.child.ending})` })
    }
    if (this.decodedFrames === 0) {
      const endsAfterStart = (this.decoding.endFrame ?? 0) > 0
      throw new AppError(endsAfterStart ? 'E_TOO_SHORT' : 'E_NO_AUDIO', { path })
    }
    // A film may go on when its sound has ended.
    const isLength = probed.isExact || !probed.hasVideo
    const isShort =
      isLength && this.decodedFrames / probed.sampleRateHz < (probed.declaredSec ?? 0) - toleranceSec(probed)
    if (this.decoding.truncated || this.child.sawError || isShort) this.warnings.add('W_TRUNCATED')
  }
}

/** Why nothing came out of a file that the probe had recognised. */
function decodingFailure(path: string, said: string, ending: string): AppError {
  const detail = `the decoder gave up (${ending})`
  if (said.includes('Cannot allocate memory')) return new AppError('E_MEMORY', { path, detail })
  return new AppError(/Decoder .*not found/.test(said) ? 'E_UNSUPPORTED' : 'E_CORRUPT', { path, detail })
}

/** Lossless streams declare their length exactly; others by whole frames, with the encoder's delay and padding. */
function toleranceSec(probed: ProbedAudio): number {
  return LOSSLESS.test(probed.codecName) ? 0.01 : 0.05 + 4800 / probed.sampleRateHz
}

const LOSSLESS = /^(?:flac|alac|ape|wavpack|tta|tak|shorten|mlp|truehd|wmalossless|mp4als|pcm_[suf]\d+.*)$/

/** The longest frame that is padded at the end: Vorbis has up to 8192 samples, HE-AAC 2048. */
const MAX_PADDING_FRAMES = 8192

/** Ogg's last page and the edit list of MP4 tell the end to the sample; ffmpeg up to 6 does not cut there. */
function cutFrameOf({ formatName, codecName, declaredSec, isExact, sampleRateHz }: ProbedAudio): number | null {
  const names = formatName.split(',')
  const tellsEnd = (names.includes('ogg') && codecName === 'vorbis') || (names.includes('mov') && codecName === 'aac')
  return tellsEnd && isExact && declaredSec !== null ? Math.round(declaredSec * sampleRateHz) : null
}

function formatOf(probed: ProbedAudio): AudioFormat {
  return {
    container: 'other',
    sampleFormat: 'compressed',
    validBits: bitsToWrite(probed),
    bigEndian: false,
    sampleRateHz: probed.sampleRateHz,
    channels: probed.channels,
    channelMask: speakersOf(probed.channelLayout),
    declaredFrames: probed.declaredSec === null ? null : Math.round(probed.declaredSec * probed.sampleRateHz),
    origin: {
      formatName: probed.formatName,
      codecName: probed.codecName,
      bitsPerSec: probed.bitsPerSec,
      stream: probed.stream,
      hasVideo: probed.hasVideo,
      tracks: probed.tracks.length
    }
  }
}

/** 16 for lossy codecs; what a lossless one holds, at least 16; 32 (float) for more than 24 bits. */
function bitsToWrite(probed: ProbedAudio): number {
  if (!LOSSLESS.test(probed.codecName)) return 16
  if (/^(?:flt|dbl)/.test(probed.sampleFormatName)) return 32
  const bits = probed.bitsPerSample || (probed.sampleFormatName.startsWith('s32') ? 24 : 16)
  return bits <= 16 ? 16 : bits <= 24 ? 24 : 32
}
