import { open, rm } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { pcmEncoder } from '../../audio/io/encodePcm'
import { fileError, openRegularFile } from '../../audio/io/fileBytes'
import { layoutOf } from '../../audio/io/pcmLayout'
import type { AudioSource, SinkFormat } from '../../audio/io/types'
import { wavHeader } from '../../audio/io/wavHeader'
import { AppError, toAppError } from '../../shared/errors/appError'
import type { ClipCache } from './clipCache'
import { FrameWaits } from './frameWaits'
import { hear, heardChannels } from './heardFile'
import type { HeardFile, ReadState } from './heardFile'
import { PcmFrames } from './pcmFrames'

const BLOCK_FRAMES = 32_768
const SAMPLE_BYTES = 2
/** Decoded before the first look over the whole file: enough to begin to play. */
const HEAD_SEC = 10

export interface Decoding {
  readonly path: string
  /** Its name in the cache, without what is added for the channels. */
  readonly key: string
  readonly source: AudioSource
  /** The length that was promised. */
  readonly frames: number
  readonly cache: ClipCache
  /** The decoding goes on beyond the first seconds when this has settled. */
  readonly afterFirstLook: Promise<void>
}

/** How a decoded copy is called in the cache: its source's key, and the channels that the source had. */
export function decodedName(key: string, sourceChannels: number): string {
  return `${key}.${sourceChannels}ch.wav`
}

/** The source's channels from such a name; null for any other. */
export function sourceChannelsOf(name: string): number | null {
  const digits = /\.(\d+)ch\.wav$/.exec(name)?.[1]
  return digits === undefined ? null : Number(digits)
}

/** A compressed file, decoded once in the background into a 16-bit WAV of what is heard; read while that goes on. */
export class DecodedFile implements HeardFile {
  readonly path: string
  readonly stream: number
  readonly sampleRateHz: number
  readonly sourceChannels: number
  readonly channels: 1 | 2
  readonly frames: number
  onProgress: (() => void) | null = null
  private written = 0
  private isWhole = false
  private failure: AppError | null = null
  private isClosed = false
  private pcm: PcmFrames | null = null
  private part: string | null = null
  private kept: string | null = null
  private writer: FileHandle | null = null
  private reader: FileHandle | null = null
  private readonly waits = new FrameWaits()
  private readonly format: SinkFormat
  private readonly ended: Promise<void>
  private readonly closed: Promise<void>
  private settleClosed!: () => void

  constructor(private readonly decoding: Decoding) {
    const { format } = decoding.source
    this.stream = format.origin?.stream ?? 0
    this.path = decoding.path
    this.frames = decoding.frames
    this.sampleRateHz = format.sampleRateHz
    this.sourceChannels = format.channels
    this.channels = heardChannels(format.channels)
    this.format = {
      container: 'wav',
      sampleFormat: 's16',
      validBits: 16,
      sampleRateHz: this.sampleRateHz,
      channels: this.channels,
      channelMask: 0
    }
    this.closed = new Promise((resolve) => (this.settleClosed = resolve))
    this.ended = this.run()
  }

  get state(): ReadState {
    return { readyFrames: Math.min(this.written, this.frames), isWhole: this.isWhole, failure: this.failure }
  }

  async read(startFrame: number, out: readonly Float32Array[], signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    const end = Math.min(startFrame + out[0]!.length, this.frames)
    if (end > this.written && !this.isWhole) {
      if (this.failure !== null) throw this.failure
      await this.waits.until(end, signal)
    }
    const there = Math.max(0, Math.min(end, this.written) - startFrame)
    if (there > 0) {
      await this.pcm!.read(startFrame, there, (planar, at, count) => {
        signal.throwIfAborted()
        hear(planar, count, out, at)
      })
    }
    for (const channel of out) channel.fill(0, there)
  }

  async close(): Promise<void> {
    if (this.isClosed) return
    this.isClosed = true
    this.settleClosed()
    this.waits.fail(new AppError('E_CANCELLED', { path: this.path }))
    // Ends a read of it that is under way.
    await this.decoding.source.close()
    await this.ended
    await this.reader?.close()
    if (this.kept !== null) this.decoding.cache.release(this.kept)
  }

  /** Never rejects: how it ended is the state. */
  private async run(): Promise<void> {
    try {
      await this.begin()
      await this.decode()
      await this.finish()
    } catch (thrown) {
      const error = toAppError(thrown)
      this.failure = this.isClosed ? new AppError('E_CANCELLED', { path: this.path }) : error
      if (error.code === 'E_INTERNAL') console.error(error.stack, error.cause ?? '')
      this.waits.fail(this.failure)
    }
    await this.cleanUp()
    this.onProgress?.()
  }

  private async begin(): Promise<void> {
    const { cache } = this.decoding
    const bytes = this.frames * this.channels * SAMPLE_BYTES
    this.part = await cache.newPart(bytes)
    try {
      this.writer = await open(this.part, 'wx')
    } catch (thrown) {
      throw fileError(thrown, this.part)
    }
    await this.writeAt(wavHeader(this.format, this.frames), 0)
    const file = await openRegularFile(this.part)
    this.reader = file.handle
    const dataOffset = wavHeader(this.format, 0).length
    const declared = { ...this.format, container: 'wav' as const, bigEndian: false, dataOffset, declaredBytes: null }
    // The layout's length does not count: how far it can be read is known here.
    const layout = layoutOf(this.part, Number.MAX_SAFE_INTEGER, { ...declared, sampleFormat: 's16' })
    this.pcm = new PcmFrames(file, layout)
  }

  private async decode(): Promise<void> {
    const { source, afterFirstLook } = this.decoding
    const encoder = pcmEncoder({ ...this.format, bigEndian: false }, BLOCK_FRAMES * this.channels * SAMPLE_BYTES)
    const heard = Array.from({ length: this.channels }, () => new Float32Array(BLOCK_FRAMES))
    const headerBytes = wavHeader(this.format, 0).length
    let hasLooked = false
    for (;;) {
      const planar = await source.read(BLOCK_FRAMES)
      if (this.isClosed) throw new AppError('E_CANCELLED', { path: this.path })
      if (planar === null) return
      const count = planar[0]!.length
      hear(planar, count, heard, 0)
      const bytes = encoder.encode(heard, 0, count)
      await this.writeAt(bytes, headerBytes + this.written * this.channels * SAMPLE_BYTES)
      this.written += count
      this.waits.reached(this.written)
      this.onProgress?.()
      if (!hasLooked && this.written > HEAD_SEC * this.sampleRateHz) {
        await Promise.race([afterFirstLook, this.closed])
        hasLooked = true
      }
    }
  }

  private async finish(): Promise<void> {
    await this.writeAt(wavHeader(this.format, this.written), 0)
    await this.writer!.close()
    this.writer = null
    this.isWhole = true
    this.waits.reached(Infinity)
    const { cache, key } = this.decoding
    try {
      this.kept = await cache.keep(this.part!, decodedName(key, this.sourceChannels))
      this.part = null
    } catch (thrown) {
      // All of it is there for this time (another clip may hold the name open); the next time it is decoded again.
      console.error(`a decoded copy is not kept: ${String(thrown)}`)
    }
  }

  private async cleanUp(): Promise<void> {
    try {
      await this.decoding.source.close()
      await this.writer?.close()
      // What was decoded before a failure can still be heard, where the system lets an open file go; else it is swept later.
      if (this.part !== null) await rm(this.part, { force: true })
    } catch (thrown) {
      console.error(`a half-decoded file stays: ${String(thrown)}`)
    }
  }

  private async writeAt(bytes: Buffer, position: number): Promise<void> {
    try {
      for (let done = 0; done < bytes.length;) {
        const { bytesWritten } = await this.writer!.write(bytes, done, bytes.length - done, position + done)
        done += bytesWritten
      }
    } catch (thrown) {
      throw fileError(thrown, this.part!)
    }
  }
}
