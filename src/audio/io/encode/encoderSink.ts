import { open, unlink } from 'node:fs/promises'
import { AppError } from '../../../shared/errors/appError'
import { Resampler } from '../../dsp/resampler'
import { pcmEncoder } from '../encodePcm'
import type { PcmEncoder } from '../encodePcm'
import { childCommand } from '../ffmpeg/ffmpegCommand'
import { fileError } from '../fileBytes'
import { bytesPerSample } from '../pcmLayout'
import type { AudioSink, SinkFormat, SinkResult } from '../types'
import { wavHeader } from '../wavHeader'
import { EncoderChild } from './encoderChild'
import type { EncoderLimits } from './encoderChild'
import { syncAndHash } from './fileHash'

const BLOCK_BYTES = 256 * 1024
const SILENCE_FRAMES = 8192
const SILENCE_BYTES = 1024 * 1024

/** What the child is told, and what it is given. */
export interface EncoderOptions {
  readonly ffmpegPath: string
  /** A WAV on standard input becomes the file; tags come in at file descriptor 3. */
  readonly args: readonly string[]
  /** The samples as they travel to the child, at the result's rate. */
  readonly pipe: SinkFormat
  /** Samples over full scale are counted: a lossy codec takes them, and its decoders cut them off. */
  readonly isLossy: boolean
  /** Frames that will be written, in the rate they come in. */
  readonly frames: number
  readonly sourceRateHz: number
  /** Frames at the beginning, in the result's rate, that the child does not get. */
  readonly skipFrames?: number
  /** Frames of silence, in the result's rate, that it gets before the first and after the last one. */
  readonly padFrames?: number
  /** ffmetadata; null for no tags. */
  readonly tags: string | null
  /** Looks at the synced file; throws E_IO where it is not what was meant. `frames` are the result's. */
  readonly verify: (written: { readonly frames: number; readonly bytes: number }) => Promise<void>
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
  private readonly encoder: PcmEncoder
  private readonly resamplers: readonly Resampler[]
  private readonly outFrames: number
  private readonly skipFrames: number
  private frames = 0
  private written = 0
  private overs = 0
  private isAborted = false

  constructor(
    private readonly path: string,
    private readonly options: EncoderOptions
  ) {
    const { ffmpegPath, args, pipe, tags, sourceRateHz, frames, skipFrames = 0 } = options
    const rates = { fromHz: sourceRateHz, toHz: pipe.sampleRateHz }
    this.resamplers =
      rates.fromHz === rates.toHz ? [] : Array.from({ length: pipe.channels }, () => new Resampler(rates))
    this.outFrames = Math.ceil((frames * rates.toHz) / rates.fromHz)
    this.skipFrames = Math.min(skipFrames, this.outFrames)
    this.encoder = pcmEncoder({ ...pipe, bigEndian: false }, BLOCK_BYTES)
    const limits = options.limits ?? { stallSec: 30, endSec: 60 + frames / sourceRateHz / 20 }
    this.child = new EncoderChild(childCommand(ffmpegPath, args), path, { limits, tags })
  }

  async start(): Promise<void> {
    const { pipe, padFrames = 0 } = this.options
    await this.child.write(wavHeader(pipe, this.outFrames - this.skipFrames + 2 * padFrames))
    await this.sendZeros(padFrames)
  }

  async write(planar: readonly Float32Array[]): Promise<void> {
    const total = planar[0]?.length ?? 0
    if (planar.length !== this.options.pipe.channels || planar.some((channel) => channel.length !== total)) {
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
    await this.sendZeros(frames - this.skipped(frames))
    this.frames += frames
  }

  private async sendZeros(frames: number): Promise<void> {
    const { sampleFormat, channels } = this.options.pipe
    const frameBytes = bytesPerSample(sampleFormat) * channels
    const most = Math.max(1, Math.floor(SILENCE_BYTES / frameBytes))
    const zeros = Buffer.alloc(Math.min(frames, most) * frameBytes, sampleFormat === 'u8' ? 0x80 : 0)
    for (let left = frames; left > 0; left -= most) {
      await this.child.write(zeros.subarray(0, Math.min(left, most) * frameBytes))
    }
  }

  private async resampleSilence(frames: number): Promise<void> {
    const zeros = new Float32Array(Math.min(frames, SILENCE_FRAMES))
    for (let left = frames; left > 0; left -= zeros.length) {
      const block = zeros.subarray(0, Math.min(left, zeros.length))
      await this.write(Array.from({ length: this.options.pipe.channels }, () => block))
    }
  }

  async finish(): Promise<SinkResult> {
    if (this.resamplers.length > 0) await this.encode(this.resamplers.map((one) => one.finish()))
    if (this.frames !== this.options.frames || this.written !== this.outFrames) {
      throw new AppError('E_INTERNAL', { detail: `${this.frames} frames came, ${this.options.frames} were announced` })
    }
    await this.sendZeros(this.options.padFrames ?? 0)
    await this.child.finish()
    const { bytes, sha256 } = await syncAndHash(this.path)
    await this.options.verify({ frames: this.outFrames - this.skipFrames, bytes })
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
    if (this.options.isLossy) this.countOvers(planar)
    for (let from = this.skipped(total); from < total; from += this.encoder.capacityFrames) {
      const frames = Math.min(this.encoder.capacityFrames, total - from)
      await this.child.write(this.encoder.encode(planar, from, frames))
    }
  }

  /** Counts the next frames as written; how many of them, from their first on, the child does not get. */
  private skipped(frames: number): number {
    const left = Math.max(0, this.skipFrames - this.written)
    this.written += frames
    return Math.min(left, frames)
  }

  private countOvers(planar: readonly Float32Array[]): void {
    for (const channel of planar) for (const sample of channel) if (sample > 1 || sample < -1) this.overs += 1
  }
}
