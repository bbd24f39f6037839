import type { Join } from '../../shared/settings/choices'
import type { FallbackTrace } from './soundRuns'
import type { RunCounters } from './statefulLanes'

/** Zero samples before a file's first sample and at least as many after its last: FRCRN's edges are spikes (FRCRN.md 1.3). */
export const EDGE_SAMPLES = 640

/** What pass 1 must keep of each channel for {@link Joiner.open}; null where nothing is wanted. */
export interface ExcerptPlan {
  readonly excerptSamples: number
  readonly capacity: number
  readonly headSlots: number
}

/** What pass 1 kept of a channel, at the model's rate, not yet levelled. `whole` for short files. */
export interface Survey {
  readonly whole: Float32Array | null
  readonly excerpts: readonly Float32Array[]
}

export interface LaneOptions {
  /** Samples of the channel at the model's rate, exactly. */
  readonly totalSamples: number
  /** Brings the channel to the model's level; for the survey only, `push` gets levelled samples. */
  readonly gain: number
  readonly survey: Survey
  /** Called between two runs: waits while the engine is paused, throws once the job is cancelled. */
  readonly checkpoint: () => Promise<void>
  /** The next checkpoint will wait: other lanes do not wait for this one. Absent where nothing ever holds it. */
  readonly isHeld?: () => boolean
  /** Where to note how the file was run; absent where nobody asks. */
  readonly trace?: FallbackTrace
}

/** One channel on its way through the model: as many samples out as in, in time with each other once finished. */
export interface LaneDenoiser {
  /** Takes samples and gives what is ready, often nothing: a view, valid until the next call. */
  push(samples: Float32Array): Promise<Float32Array>
  /** The rest. Throws where fewer samples came than promised. */
  finish(): Promise<Float32Array>
  /** Wall seconds inside the model so far. */
  readonly modelSec: number
  /** Gives the lane back; also after a failure, never while a call is under way. */
  close(): void
}

/** The two ways of joining chunks, behind one interface. */
export interface Joiner {
  readonly kind: Join
  readonly excerptPlan: ExcerptPlan | null
  readonly counters: Readonly<RunCounters>
  /** Payload of one run. */
  readonly chunkSamples: number
  open(options: LaneOptions): Promise<LaneDenoiser>
}
