import { createHash } from 'node:crypto'
import type { Hash } from 'node:crypto'
import { open, unlink } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { AppError } from '../../shared/errors/appError'
import { aiffHeader } from './aiffWriteHeader'
import { pcmEncoder } from './encodePcm'
import type { PcmEncoder } from './encodePcm'
import { fileError, openRegularFile } from './fileBytes'
import { parsePcmHeader } from './openPcm'
import { bytesPerSample } from './pcmLayout'
import { sinkCanHold } from './sinkFormat'
import type { AudioSink, SinkFormat, SinkResult } from './types'
import { w64Header, wavHeader } from './wavHeader'

const BLOCK_BYTES = 256 * 1024
/** Shorter silence is written; longer becomes a hole in the file where the file system allows it. */
const MIN_HOLE_BYTES = 64 * 1024
const HASH_BLOCK_BYTES = 1024 * 1024

const HEADERS = { wav: wavHeader, w64: w64Header, aiff: aiffHeader }

/**
 * Starts a PCM file at `partPath`, which must not exist (a link there is not followed). Throws E_DISK_FULL, E_READ_ONLY,
 * E_IO, and E_UNSUPPORTED for a sample format that the container does not have. `tagChunks`, whole chunks of the
 * container, come behind the samples; W64 takes none.
 */
export async function createSink(
  partPath: string,
  format: SinkFormat,
  tagChunks: Buffer = Buffer.alloc(0)
): Promise<AudioSink> {
  const wrong = format.container === 'aiff' ? 'u8' : 's8'
  if (format.sampleFormat === wrong) {
    throw new AppError('E_UNSUPPORTED', { path: partPath, detail: `${wrong} in ${format.container}` })
  }
  try {
    return new PcmSink(partPath, { format, tagChunks }, await open(partPath, 'wx'))
  } catch (thrown) {
    throw fileError(thrown, partPath)
  }
}

class PcmSink implements AudioSink {
  private readonly frameBytes: number
  private readonly headerBytes: number
  private readonly encoder: PcmEncoder
  private readonly pending = Buffer.alloc(BLOCK_BYTES)
  private pendingBytes = 0
  /** Where `pending` goes in the file. */
  private position: number
  private readonly holes: Hole[] = []
  private frames = 0
  private isOpen = true
  private isAborted = false

  private readonly format: SinkFormat
  private readonly tagChunks: Buffer

  constructor(
    private readonly path: string,
    content: { readonly format: SinkFormat; readonly tagChunks: Buffer },
    private readonly handle: FileHandle
  ) {
    const { format, tagChunks } = content
    this.format = format
    this.tagChunks = tagChunks
    this.frameBytes = bytesPerSample(format.sampleFormat) * format.channels
    this.headerBytes = HEADERS[format.container](format, 0, 0).length
    this.position = this.headerBytes
    this.encoder = pcmEncoder({ ...format, bigEndian: format.container === 'aiff' }, BLOCK_BYTES)
  }

  async write(planar: readonly Float32Array[]): Promise<void> {
    const total = planar[0]?.length ?? 0
    if (planar.length !== this.format.channels || planar.some((channel) => channel.length !== total)) {
      throw new AppError('E_INTERNAL', { detail: 'channels of different number or length' })
    }
    this.takeRoom(total)
    for (let from = 0; from < total; from += this.encoder.capacityFrames) {
      const frames = Math.min(this.encoder.capacityFrames, total - from)
      await this.append(this.encoder.encode(planar, from, frames))
    }
  }

  async writeSilence(frames: number): Promise<void> {
    this.takeRoom(frames)
    const bytes = frames * this.frameBytes
    if (this.format.sampleFormat !== 'u8' && bytes >= MIN_HOLE_BYTES) {
      await this.flush()
      this.holes.push({ start: this.position, end: this.position + bytes })
      this.position += bytes
      return
    }
    const silence = Buffer.alloc(Math.min(bytes, BLOCK_BYTES), this.format.sampleFormat === 'u8' ? 128 : 0)
    for (let left = bytes; left > 0; left -= silence.length) {
      await this.append(silence.subarray(0, Math.min(left, silence.length)))
    }
  }

  async finish(): Promise<SinkResult> {
    await this.flush()
    // RIFF and FORM pad odd data; at the end of a W64 libsndfile would take the padding for samples.
    const padTo = this.format.container === 'w64' ? 1 : 2
    const dataBytes = this.frames * this.frameBytes
    const soundEnd = this.headerBytes + Math.ceil(dataBytes / padTo) * padTo
    const bytes = soundEnd + this.tagChunks.length
    try {
      await this.handle.truncate(bytes)
      await this.writeAt(this.tagChunks, soundEnd)
      await this.writeAt(HEADERS[this.format.container](this.format, this.frames, this.tagChunks.length), 0)
      await this.handle.sync()
      this.isOpen = false
      await this.handle.close()
    } catch (thrown) {
      throw fileError(thrown, this.path)
    }
    const sha256 = await this.verify(bytes)
    return { frames: this.frames, bytes, sha256, clippedSamples: this.encoder.clippedSamples() }
  }

  async abort(): Promise<void> {
    if (this.isAborted) return
    this.isAborted = true
    try {
      try {
        if (this.isOpen) await this.handle.close()
      } finally {
        await unlink(this.path)
      }
    } catch (thrown) {
      throw fileError(thrown, this.path)
    }
  }

  private takeRoom(frames: number): void {
    if (!sinkCanHold(this.format, this.frames + frames)) throw new AppError('E_TOO_LONG', { path: this.path })
    this.frames += frames
  }

  private async append(bytes: Buffer): Promise<void> {
    let taken = 0
    while (taken < bytes.length) {
      const copied = bytes.copy(this.pending, this.pendingBytes, taken)
      taken += copied
      this.pendingBytes += copied
      if (this.pendingBytes === this.pending.length) await this.flush()
    }
  }

  private async flush(): Promise<void> {
    const bytes = this.pending.subarray(0, this.pendingBytes)
    this.pendingBytes = 0
    await this.writeAt(bytes, this.position)
    this.position += bytes.length
  }

  private async writeAt(bytes: Buffer, position: number): Promise<void> {
    try {
      for (let done = 0; done < bytes.length;) {
        const { bytesWritten } = await this.handle.write(bytes, done, bytes.length - done, position + done)
        done += bytesWritten
      }
    } catch (thrown) {
      throw fileError(thrown, this.path)
    }
  }

  /** Reads the finished file back with our own reader: what it finds must be what was written. Returns its SHA-256. */
  private async verify(bytes: number): Promise<string> {
    const file = await openRegularFile(this.path)
    try {
      if (this.frames > 0) {
        const layout = await parsePcmHeader(file)
        const isWhole =
          layout !== null &&
          'format' in layout &&
          layout.format.declaredFrames === this.frames &&
          layout.dataBytes === this.frames * this.frameBytes &&
          file.sizeBytes === bytes
        if (!isWhole) throw new AppError('E_IO', { path: this.path, detail: 'the written file is not whole' })
      }
      return await hashOf(file.handle, this.holes)
    } catch (thrown) {
      throw fileError(thrown, this.path)
    } finally {
      await file.handle.close()
    }
  }
}

/** Bytes of the file that were never written: they read as zeros. */
interface Hole {
  readonly start: number
  readonly end: number
}

/** SHA-256 of the file, read back but for its `holes`, in their order: the system would make pages of zeros for gigabytes. */
async function hashOf(handle: FileHandle, holes: readonly Hole[]): Promise<string> {
  const hash = createHash('sha256')
  const block = Buffer.alloc(HASH_BLOCK_BYTES)
  let position = 0
  for (const { start, end } of holes) {
    await hashStored(hash, { handle, block, start: position, end: start })
    block.fill(0)
    for (position = start; position < end; position += block.length) {
      hash.update(block.subarray(0, end - position))
      await nextTurn()
    }
    position = end
  }
  await hashStored(hash, { handle, block, start: position, end: Infinity })
  return hash.digest('hex')
}

interface StoredBytes extends Hole {
  readonly handle: FileHandle
  readonly block: Buffer
}

async function hashStored(hash: Hash, { handle, block, start, end }: StoredBytes): Promise<void> {
  for (let position = start; position < end;) {
    const { bytesRead } = await handle.read(block, 0, Math.min(block.length, end - position), position)
    if (bytesRead === 0) return
    hash.update(block.subarray(0, bytesRead))
    position += bytesRead
  }
}
