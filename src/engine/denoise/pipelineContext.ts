import type { Joiner } from './join'
import type { FallbackTrace } from './soundRuns'

export interface FileProgress {
  /** 0 to 1 over both passes. */
  readonly fraction: number
  readonly audioSecDone: number
  readonly audioSec: number | null
}

/** What a file's way through the pipeline stands on. */
export interface PipelineContext {
  readonly joiner: Joiner
  readonly modelRateHz: number
  readonly ffmpegPath: string | null
  readonly signal: AbortSignal
  readonly checkpoint: () => Promise<void>
  readonly isHeld: () => boolean
  readonly trace: FallbackTrace
  readonly onChannels: (channels: number) => void
  readonly onProgress: (progress: FileProgress) => void
}
