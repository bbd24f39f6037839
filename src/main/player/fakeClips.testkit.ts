import { AppError } from '../../shared/errors/appError'
import type { Signal } from '../../shared/ipc/playerViews'
import type { ClipProgressListener, ClipSpec, FrameRange, MediaClip, ReadingProgress } from '../processes/mediaClip'
import type { MediaHost } from '../processes/mediaHost'

const FRAMES = 100_000
const HEADER = Uint8Array.from({ length: 44 }, (_, i) => i)
const SILENT = { lufs: null, peak: 0 }

/** A media process without a process: clips of one mono signal whose bytes are known. */
export class FakeClips implements Pick<MediaHost, 'openClip'> {
  /** The whole virtual WAV of an original alone. */
  static readonly truth = Buffer.concat([HEADER, samplesOf(0, FRAMES)])

  readonly specs: ClipSpec[] = []
  readonly asked: string[] = []
  openClips = 0
  readBytes = 0
  largestRead = 0
  cancelledReads = 0
  /** Reads do not come to an end. */
  isStuck = false
  onOpen = (): void => undefined
  private listener: ClipProgressListener = () => undefined

  openClip(spec: ClipSpec, onProgress: ClipProgressListener): Promise<MediaClip> {
    this.specs.push(spec)
    this.openClips++
    this.listener = onProgress
    onProgress({ fraction: 0.25, readyFrames: 10, error: null })
    this.onOpen()
    const facts = { sampleRateHz: 16_000, frames: FRAMES, channels: 1, sourceChannels: 1, header: HEADER } as const
    const clip: Pick<MediaClip, keyof MediaClip> = {
      facts,
      read: (first, frames, signal) => this.read(first, frames, signal),
      peaks: (signal: Signal, { startFrame, endFrame, bins }: FrameRange & { bins: number }) => {
        this.asked.push(`peaks ${signal} ${startFrame} ${endFrame} ${bins}`)
        return Promise.resolve({ channels: [], isExact: true })
      },
      tile: (signal: Signal, { level, index }) => {
        this.asked.push(`tile ${signal} ${level} ${index}`)
        return Promise.resolve({ bytes: new Uint8Array(0), isComplete: true })
      },
      loudness: ({ startFrame, endFrame }: FrameRange) => {
        this.asked.push(`loudness ${startFrame} ${endFrame}`)
        return Promise.resolve({ original: SILENT, clean: null, removed: null, isExact: true })
      },
      close: () => {
        this.openClips--
      }
    }
    return Promise.resolve(clip as MediaClip)
  }

  /** As the newest clip's reading goes on. */
  tell(progress: ReadingProgress): void {
    this.listener(progress)
  }

  private read(first: number, frames: number, signal: AbortSignal | undefined): Promise<Uint8Array> {
    if (this.isStuck) {
      return new Promise((_resolve, reject) => {
        signal?.addEventListener('abort', () => {
          this.cancelledReads++
          reject(new AppError('E_CANCELLED'))
        })
      })
    }
    const bytes = samplesOf(first, frames)
    this.readBytes += bytes.byteLength
    this.largestRead = Math.max(this.largestRead, bytes.byteLength)
    return Promise.resolve(bytes)
  }
}

function samplesOf(first: number, frames: number): Uint8Array {
  return new Uint8Array(Float32Array.from({ length: frames }, (_, i) => Math.sin((first + i) * 0.37)).buffer)
}
