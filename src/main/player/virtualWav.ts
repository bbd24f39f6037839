import type { UnderlyingSource } from 'node:stream/web'
import type { ClipFacts } from '../../media/protocol'
import { MAX_READ_FRAMES } from '../../media/protocol'
import { AppError } from '../../shared/errors/appError'

/** What a block may weigh: small enough that twenty readers hold no more than one recording's worth of seconds. */
const BLOCK_BYTES = 1 << 18

/** Reads frames from `startFrame` on: interleaved float32, all that were asked for. */
export type ReadFrames = (startFrame: number, frames: number, signal: AbortSignal) => Promise<Uint8Array>

/** A WAV that is nowhere: its header, and after it samples that are read when somebody wants them. */
export class VirtualWav {
  readonly sizeBytes: number
  readonly frameBytes: number
  private readonly header: Uint8Array
  private readonly blockFrames: number

  /** `signals`: how many the frames hold side by side. Throws `E_TOO_LONG` where its size cannot be counted. */
  constructor(
    facts: Pick<ClipFacts, 'header' | 'frames' | 'channels'>,
    signals: number,
    private readonly read: ReadFrames
  ) {
    this.header = facts.header
    this.frameBytes = facts.channels * signals * Float32Array.BYTES_PER_ELEMENT
    this.sizeBytes = this.header.byteLength + facts.frames * this.frameBytes
    this.blockFrames = Math.min(MAX_READ_FRAMES, Math.floor(BLOCK_BYTES / this.frameBytes))
    if (!Number.isSafeInteger(this.sizeBytes)) throw new AppError('E_TOO_LONG')
  }

  /**
   * The bytes from `start` to before `end`, a block when it is asked for and none in advance. The end of `signal` is the end of
   * the stream, also while nobody reads. `onOver` is called once, however it ends.
   */
  stream(start: number, end: number, signal: AbortSignal, onOver: () => void): ReadableStream<Uint8Array> {
    const reading = new AbortController()
    const over = (): void => {
      if (reading.signal.aborted) return
      signal.removeEventListener('abort', abort)
      reading.abort(new AppError('E_CANCELLED'))
      onOver()
    }
    let fail = (_reason: unknown): void => undefined
    const abort = (): void => {
      over()
      fail(signal.reason)
    }
    let at = start
    const source: UnderlyingSource<Uint8Array> = {
      start: (controller) => {
        fail = (reason) => {
          controller.error(reason)
        }
        signal.addEventListener('abort', abort)
        if (signal.aborted) abort()
      },
      pull: async (controller) => {
        const block = await this.block(at, end, reading.signal).catch((thrown: unknown) => {
          over()
          throw thrown
        })
        if (reading.signal.aborted) return
        at += block.byteLength
        controller.enqueue(block)
        if (at < end) return
        over()
        controller.close()
      },
      cancel: over
    }
    return new ReadableStream(source, { highWaterMark: 0 })
  }

  /** As many bytes from `at` on as one block has, up to `end`. */
  private async block(at: number, end: number, signal: AbortSignal): Promise<Uint8Array> {
    const headerBytes = this.header.byteLength
    if (at < headerBytes) return this.header.slice(at, Math.min(end, headerBytes))
    const first = Math.floor((at - headerBytes) / this.frameBytes)
    const last = Math.min(Math.ceil((end - headerBytes) / this.frameBytes), first + this.blockFrames)
    const bytes = await this.read(first, last - first, signal)
    if (bytes.byteLength !== (last - first) * this.frameBytes) {
      throw new AppError('E_INTERNAL', { detail: `${bytes.byteLength} bytes for ${last - first} frames` })
    }
    const skip = at - headerBytes - first * this.frameBytes
    return bytes.subarray(skip, Math.min(bytes.byteLength, skip + end - at))
  }
}
