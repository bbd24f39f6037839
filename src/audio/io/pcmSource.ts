import { AppError } from '../../shared/errors/appError'
import type { WarningCode } from '../../shared/errors/appError'
import { pcmDecoder, toHostOrder } from './decodePcm'
import type { DecodeFrames, StoredPcm } from './decodePcm'
import { fileError, readFully } from './fileBytes'
import type { OpenFile } from './fileBytes'
import type { PcmLayout, PcmSampleFormat } from './pcmLayout'
import type { AudioFormat, AudioSource } from './types'

/** One read of the disk. 64 channels of float64 still fit 512 frames. */
const BLOCK_BYTES = 256 * 1024

/** A PCM file read through one fixed block; memory does not depend on the file, only on its channel count (at most 64). */
export class PcmSource implements AudioSource {
  readonly format: AudioFormat
  readonly warnings = new Set<WarningCode>()
  private readonly frameBytes: number
  private readonly block: Buffer
  private readonly decode: DecodeFrames
  private readonly stored: StoredPcm
  private readonly out: Float32Array[]
  private nextByte = 0
  private blockFrames = 0
  private blockFrame = 0

  constructor(
    private readonly file: OpenFile,
    private readonly layout: PcmLayout
  ) {
    const { format } = layout
    this.format = format
    this.frameBytes = layout.sampleBytes * format.channels
    const capacity = Math.floor(BLOCK_BYTES / this.frameBytes)
    const memory = new ArrayBuffer(capacity * this.frameBytes)
    this.block = Buffer.from(memory)
    this.stored = {
      sampleFormat: format.sampleFormat as PcmSampleFormat,
      bigEndian: format.bigEndian,
      channels: format.channels,
      rightJustified: layout.rightJustified
    }
    this.decode = pcmDecoder(memory, this.stored)
    this.out = Array.from({ length: format.channels }, () => new Float32Array(capacity))
  }

  async read(maxFrames: number): Promise<Float32Array[] | null> {
    if (this.blockFrame === this.blockFrames && !(await this.fill())) return null
    const frames = Math.min(maxFrames, this.blockFrames - this.blockFrame)
    this.decode(this.blockFrame, frames, this.out)
    this.blockFrame += frames
    return this.out.map((channel) => channel.subarray(0, frames))
  }

  private async fill(): Promise<boolean> {
    const leftBytes = this.layout.dataBytes - this.nextByte
    if (leftBytes === 0) {
      if (this.layout.truncated) this.warnings.add('W_TRUNCATED')
      return false
    }
    const bytes = this.block.subarray(0, Math.min(leftBytes, this.block.length))
    const got = await readFully(this.file, bytes, this.layout.dataOffset + this.nextByte)
    // The file was this long when it was opened.
    if (got < bytes.length)
      throw new AppError('E_SOURCE_CHANGED', { path: this.file.path, detail: 'it became shorter' })
    toHostOrder(bytes, this.stored)
    this.nextByte += got
    this.blockFrames = got / this.frameBytes
    this.blockFrame = 0
    return true
  }

  async close(): Promise<void> {
    try {
      await this.file.handle.close()
    } catch (thrown) {
      throw fileError(thrown, this.file.path)
    }
  }
}
