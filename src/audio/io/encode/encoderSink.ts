import { open, unlink } from 'node:fs/promises'
import type { OutputQuality } from '../../../shared/settings/choices'
import { AppError } from '../../../shared/errors/appError'
import { Resampler } from '../../dsp/resampler'
import { pcmEncoder } from '../encodePcm'
import type { PcmEncoder } from '../encodePcm'
import { childCommand, INPUT_LIMITS } from '../ffmpeg/ffmpegCommand'
import { probeForeign } from '../ffmpeg/ffmpegSource'
import { fileError } from '../fileBytes'
import { bytesPerSample } from '../pcmLayout'
import type { AudioSink, SinkFormat, SinkResult } from '../types'
import { wavHeader } from '../wavHeader'
import { encodeArgs, pipeFormat } from './encodeArgs'
import { EncoderChild } from './encoderChild'
import type { EncoderLimits } from './encoderChild'
import { syncAndHash } from './fileHash'
import type { EncodedChoice } from './outputChoice'

const BLOCK_BYTES = 256 * 1024
const SILENCE_FRAMES = 8192
const SILENCE_BYTES = 1024 * 1024

export interface EncoderOptions {
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
  readonly limits?: EncoderLimits
}

/**
 * Starts an ffmpeg child that writes `partPath`, which must not exist (a link there is not followed). `finish` throws E_IO
 * where what was written is not what was meant. Throws E_DISK_FULL, E_READ_ONLY, E_IO, E_NO_FFMPEG, E_TIMEOUT, E_MEMORY.
 */
export async function createEncoderSink(partPath: string, options: EncoderOptions): Promise<AudioSink> {
  try {
    // Taken for us before ffmpeg opens it by name.
    await (await open(partPath, 'wx')).close()
  } catch (thrown) {
    throw fileError(thrown, partPath)
  }
  const sink = new EncoderSink(partPath, options)
  try {
    await sink.start()
    return sink
  } catch (thrown) {
    await sink.abort()
    throw thrown
  }
}

class EncoderSink implements AudioSink {
  private readonly child: EncoderChild
  private readonly pipe: SinkFormat
  private readonly encoder: PcmEncoder
  private readonly resamplers: readonly Resampler[]
  private readonly outFrames: number
  private frames = 0
  private written = 0
  private overs = 0
  private isAborted = false

  constructor(
    private readonly path: string,
    private readonly options: EncoderOptions
  ) {
    const { choice, ffmpegPath, tags, pictures, quality, sourceKbps, sourceRateHz, frames } = options
    const rates = { fromHz: sourceRateHz, toHz: choice.sampleRateHz }
    this.resamplers =
      rates.fromHz === rates.toHz ? [] : Array.from({ length: choice.channels }, () => new Resampler(rates))
    this.outFrames = Math.ceil((frames * rates.toHz) / rates.fromHz)
    this.pipe = pipeFormat(choice)
    this.encoder = pcmEncoder({ ...this.pipe, bigEndian: false }, BLOCK_BYTES)
    const request = { choice, partPath: path, quality, sourceKbps, hasTags: tags !== null, pictures }
    const limits = options.limits ?? { stallSec: 30, endSec: 60 + frames / sourceRateHz / 20 }
    const command = childCommand(ffmpegPath, encodeArgs(request, INPUT_LIMITS))
    this.child = new EncoderChild(command, path, { limits, tags })
  }

  async start(): Promise<void> {
    await this.child.write(wavHeader(this.pipe, this.outFrames))
  }

  async write(planar: readonly Float32Array[]): Promise<void> {
    const total = planar[0]?.length ?? 0
    if (planar.length !== this.options.choice.channels || planar.some((channel) => channel.length !== total)) {
      throw new AppError('E_INTERNAL', { detail: 'channels of different number or length' })
    }
    this.frames += total
    await this.encode(this.resamplers.length === 0 ? planar : this.resamplers.map((one, c) => one.push(planar[c]!)))
  }

  async writeSilence(frames: number): Promise<void> {
    if (this.resamplers.length === 0) await this.writeZeros(frames)
    else await this.resampleSilence(frames)
  }

  /** The same bytes again and again: an hour in eight channels is 5 GB, which nobody wants to count through sample by sample. */
  private async writeZeros(frames: number): Promise<void> {
    const frameBytes = bytesPerSample(this.pipe.sampleFormat) * this.options.choice.channels
    const most = Math.max(1, Math.floor(SILENCE_BYTES / frameBytes))
    const zeros = Buffer.alloc(Math.min(frames, most) * frameBytes, this.pipe.sampleFormat === 'u8' ? 0x80 : 0)
    for (let left = frames; left > 0; left -= most) {
      await this.child.write(zeros.subarray(0, Math.min(left, most) * frameBytes))
    }
    this.frames += frames
    this.written += frames
  }

  private async resampleSilence(frames: number): Promise<void> {
    const zeros = new Float32Array(Math.min(frames, SILENCE_FRAMES))
    for (let left = frames; left > 0; left -= zeros.length) {
      const block = zeros.subarray(0, Math.min(left, zeros.length))
      await this.write(Array.from({ length: this.options.choice.channels }, () => block))
    }
  }

  async finish(): Promise<SinkResult> {
    if (this.resamplers.length > 0) await this.encode(this.resamplers.map((one) => one.finish()))
    if (this.frames !== this.options.frames || this.written !== this.outFrames) {
      throw new AppError('E_INTERNAL', { detail: `${this.frames} frames came, ${this.options.frames} were announced` })
    }
    await this.child.finish()
    const { bytes, sha256 } = await syncAndHash(this.path)
    await this.verify(bytes)
    const clippedSamples = this.encoder.clippedSamples() + this.overs
    return { frames: this.frames, bytes, sha256, clippedSamples }
  }

  async abort(): Promise<void> {
    if (this.isAborted) return
    this.isAborted = true
    try {
      await this.child.close()
    } finally {
      await unlink(this.path).catch((thrown: unknown) => {
        throw fileError(thrown, this.path)
      })
    }
  }

  private async encode(planar: readonly Float32Array[]): Promise<void> {
    const total = planar[0]!.length
    if (this.pipe.sampleFormat === 'f32') this.countOvers(planar)
    for (let from = 0; from < total; from += this.encoder.capacityFrames) {
      const frames = Math.min(this.encoder.capacityFrames, total - from)
      await this.child.write(this.encoder.encode(planar, from, frames))
    }
    this.written += total
  }

  /** A lossy codec takes what is over full scale, and its decoders cut it off. */
  private countOvers(planar: readonly Float32Array[]): void {
    if (this.options.choice.kind === 'caf') return
    for (const channel of planar) for (const sample of channel) if (sample > 1 || sample < -1) this.overs += 1
  }

  /** The finished file by its own words: the codec, the rate, the channels and the length that were meant. */
  private async verify(bytes: number): Promise<void> {
    const { choice, ffmpegPath } = this.options
    const probed = await probeForeign(this.path, { ffmpegPath })
    // CAF declares no length: it is what fits into the file.
    const frames =
      choice.kind === 'caf'
        ? Math.min(this.outFrames, Math.floor(bytes / (bytesPerSample(this.pipe.sampleFormat) * choice.channels)))
        : (probed.declaredSec ?? 0) * choice.sampleRateHz
    const isWhole =
      CODEC_NAMES[choice.kind].test(probed.codecName) &&
      probed.sampleRateHz === choice.sampleRateHz &&
      probed.channels === choice.channels &&
      Math.abs(frames - this.outFrames) <= SPARE_FRAMES[choice.kind] + choice.sampleRateHz / 100
    if (isWhole) return
    const detail = `the written file is not whole: ${probed.codecName}, ${probed.sampleRateHz} Hz, ${frames} frames`
    throw new AppError('E_IO', { path: this.path, detail })
  }
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
