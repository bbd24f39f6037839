import { pcmDecoder, toHostOrder } from '../../audio/io/decodePcm'
import type { StoredPcm } from '../../audio/io/decodePcm'
import { readFully } from '../../audio/io/fileBytes'
import type { OpenFile } from '../../audio/io/fileBytes'
import type { PcmLayout, PcmSampleFormat } from '../../audio/io/pcmLayout'
import { AppError } from '../../shared/errors/appError'

/** One read of the disk. */
const BLOCK_BYTES = 256 * 1024
/** Blocks kept for the next reads: one for the reading of the whole file, one for who asks meanwhile. */
const MAX_SPARE = 2

interface Block {
  readonly bytes: Buffer
  readonly decode: ReturnType<typeof pcmDecoder>
  readonly planar: Float32Array[]
}

/** Any part of a PCM file, all its channels. Memory: a block for each read that is under way at one time. */
export class PcmFrames {
  readonly channels: number
  private readonly frameBytes: number
  private readonly capacityFrames: number
  private readonly stored: StoredPcm
  private readonly spare: Block[] = []

  constructor(
    private readonly file: OpenFile,
    private readonly layout: PcmLayout
  ) {
    const { format, sampleBytes, rightJustified } = layout
    this.channels = format.channels
    this.frameBytes = sampleBytes * format.channels
    this.capacityFrames = Math.floor(BLOCK_BYTES / this.frameBytes)
    this.stored = {
      sampleFormat: format.sampleFormat as PcmSampleFormat,
      bigEndian: format.bigEndian,
      channels: format.channels,
      rightJustified
    }
  }

  /**
   * Frames `[startFrame, startFrame + frames)`, all of which must be in the file, in pieces: `take` gets each with its place
   * in the range; its arrays are valid only until it has settled. Throws E_SOURCE_CHANGED where the file became shorter.
   */
  async read(
    startFrame: number,
    frames: number,
    take: (planar: readonly Float32Array[], at: number, count: number) => void | Promise<void>
  ): Promise<void> {
    const block = this.spare.pop() ?? this.newBlock()
    try {
      for (let at = 0; at < frames; at += this.capacityFrames) {
        const count = Math.min(this.capacityFrames, frames - at)
        const bytes = block.bytes.subarray(0, count * this.frameBytes)
        const got = await readFully(this.file, bytes, this.layout.dataOffset + (startFrame + at) * this.frameBytes)
        if (got < bytes.length)
          throw new AppError('E_SOURCE_CHANGED', { path: this.file.path, detail: 'it became shorter' })
        toHostOrder(bytes, this.stored)
        block.decode(0, count, block.planar)
        await take(block.planar, at, count)
      }
    } finally {
      if (this.spare.length < MAX_SPARE) this.spare.push(block)
    }
  }

  private newBlock(): Block {
    const memory = new ArrayBuffer(this.capacityFrames * this.frameBytes)
    return {
      bytes: Buffer.from(memory),
      decode: pcmDecoder(memory, this.stored),
      planar: Array.from({ length: this.channels }, () => new Float32Array(this.capacityFrames))
    }
  }
}
