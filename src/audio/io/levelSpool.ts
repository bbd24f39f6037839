import { open, rm } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { randomUUID } from 'node:crypto'
import { basename, dirname, join } from 'node:path'
import { AppError } from '../../shared/errors/appError'
import { fileError } from './fileBytes'
import type { AudioSink } from './types'

const BLOCK_FRAMES = 16_384
const BYTES = 4

/**
 * A result on its way, as float32 on disk, until its gain is known. It lies beside the part file and loses its name at once where
 * the system allows it, so that an engine that dies leaves nothing; its name is one that sweeping knows.
 */
export class LevelSpool implements Pick<AudioSink, 'write' | 'writeSilence'> {
  private readonly segments: { frames: number; readonly isSilent: boolean }[] = []
  private position = 0

  private constructor(
    private readonly path: string,
    private readonly channels: number,
    private readonly handle: FileHandle
  ) {}

  /** Throws E_DISK_FULL, E_READ_ONLY, E_IO. */
  static async open(partPath: string, channels: number): Promise<LevelSpool> {
    const owner = /\.(\d+-[0-9a-f]{12})\.part$/u.exec(basename(partPath))?.[1] ?? randomUUID()
    const path = join(dirname(partPath), `.level.${owner}.part`)
    try {
      const handle = await open(path, 'wx+')
      const spool = new LevelSpool(path, channels, handle)
      // Windows may refuse while it is open: `close` does it then.
      await rm(path, { force: true }).catch(() => undefined)
      return spool
    } catch (thrown) {
      throw fileError(thrown, path)
    }
  }

  /** [channels][frames], kept as they are. Throws E_DISK_FULL, E_IO. */
  async write(planar: readonly Float32Array[]): Promise<void> {
    const frames = planar[0]?.length ?? 0
    if (frames === 0) return
    const block = new Float32Array(frames * this.channels)
    planar.forEach((samples, channel) => {
      for (let i = 0, at = channel; i < frames; i++, at += this.channels) block[at] = samples[i]!
    })
    const bytes = Buffer.from(block.buffer)
    try {
      for (let done = 0; done < bytes.length;) {
        const { bytesWritten } = await this.handle.write(bytes, done, bytes.length - done, this.position + done)
        done += bytesWritten
      }
    } catch (thrown) {
      throw fileError(thrown, this.path)
    }
    this.position += bytes.length
    this.note(frames, false)
  }

  /** Takes no room. */
  writeSilence(frames: number): Promise<void> {
    this.note(frames, true)
    return Promise.resolve()
  }

  /** All of it into `sink`, times `gain`; `checkpoint` is called before every block. */
  async pour(sink: Pick<AudioSink, 'write' | 'writeSilence'>, options: PourOptions): Promise<void> {
    let position = 0
    for (const { frames, isSilent } of this.segments) {
      if (isSilent) await sink.writeSilence(frames)
      for (let done = 0; !isSilent && done < frames; done += BLOCK_FRAMES) {
        await options.checkpoint()
        const planar = await this.read(position, Math.min(BLOCK_FRAMES, frames - done), options.gain)
        position += planar[0]!.length * this.channels * BYTES
        await sink.write(planar)
      }
    }
  }

  async close(): Promise<void> {
    await this.handle.close()
    await rm(this.path, { force: true })
  }

  private note(frames: number, isSilent: boolean): void {
    const last = this.segments.at(-1)
    if (last?.isSilent === isSilent) last.frames += frames
    else this.segments.push({ frames, isSilent })
  }

  private async read(position: number, frames: number, gain: number): Promise<Float32Array[]> {
    const block = new Float32Array(frames * this.channels)
    const bytes = Buffer.from(block.buffer)
    try {
      for (let done = 0; done < bytes.length;) {
        const { bytesRead } = await this.handle.read(bytes, done, bytes.length - done, position + done)
        if (bytesRead === 0) throw new AppError('E_IO', { path: this.path, detail: 'the intermediate is cut short' })
        done += bytesRead
      }
    } catch (thrown) {
      throw fileError(thrown, this.path)
    }
    return Array.from({ length: this.channels }, (_, channel) => {
      const samples = new Float32Array(frames)
      for (let i = 0, at = channel; i < frames; i++, at += this.channels) samples[i] = block[at]! * gain
      return samples
    })
  }
}

export interface PourOptions {
  /** A factor. */
  readonly gain: number
  readonly checkpoint: () => Promise<void>
}
