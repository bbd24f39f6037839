import type { ErrorPayload } from '../errors/appError'
import type { JobSettings } from '../settings/jobSettings'
import type { Job, JobResult, NewJob, Probe, SourceIdentity } from './job'

/** What the queue is doing. `stopAfter`: the files in work are the last ones. `because`: what ended the batch by itself. */
export type RunState =
  | { readonly kind: 'idle'; readonly because: ErrorPayload | null }
  | { readonly kind: 'running'; readonly stopAfter: boolean }
  /** Files in work are held between two chunks, their state kept. */
  | { readonly kind: 'paused' }

/**
 * The queue: the one truth about a batch. `epoch` names one life of the queue, `revision` counts its changes, so that a
 * mirror knows a gap when it sees one (DESIGN section 5).
 */
export interface QueueState {
  readonly epoch: string
  readonly revision: number
  readonly run: RunState
  readonly jobs: readonly Job[]
  /** The frozen settings that jobs name. */
  readonly settings: Readonly<Record<string, JobSettings>>
}

/** A waiting job's new place, or why it has none. `identity` where the source is another than before: it is probed anew. */
export interface Replanned {
  readonly jobId: string
  readonly outputPath: string | null
  readonly error: ErrorPayload | null
  readonly identity?: SourceIdentity
}

/** All that can happen to a queue. Progress is not here: it is a stream, not state. */
export type QueueEvent =
  | {
      readonly type: 'jobsAdded'
      readonly jobs: readonly NewJob[]
      readonly settingsKey: string
      readonly settings: JobSettings
    }
  | { readonly type: 'jobsProbed'; readonly probes: readonly { readonly jobId: string; readonly probe: Probe }[] }
  /** In their present order to before `beforeId`; null is the end. */
  | { readonly type: 'jobsMoved'; readonly jobIds: readonly string[]; readonly beforeId: string | null }
  /** Out of the list; never one that runs. */
  | { readonly type: 'jobsRemoved'; readonly jobIds: readonly string[] }
  /** Waiting jobs take other settings, and with them other places. */
  | {
      readonly type: 'jobsReplanned'
      readonly jobs: readonly Replanned[]
      readonly settingsKey: string
      readonly settings: JobSettings
    }
  | { readonly type: 'jobStarted'; readonly jobId: string }
  | { readonly type: 'jobFinished'; readonly jobId: string; readonly result: JobResult }
  | { readonly type: 'jobFailed'; readonly jobId: string; readonly error: ErrorPayload }
  /** Back to the queue: after a crash of the engine (attempts are kept), or by a person's wish (they begin anew, done ones too). */
  | { readonly type: 'jobsRetried'; readonly jobIds: readonly string[] }
  /** Back to the queue without blame: the run was stopped, or the engine was ended for another job's sake. */
  | { readonly type: 'jobsReturned'; readonly jobIds: readonly string[] }
  | { readonly type: 'jobSkipped'; readonly jobId: string }
  | { readonly type: 'jobsCancelled'; readonly jobIds: readonly string[]; readonly because: ErrorPayload | null }
  | { readonly type: 'runChanged'; readonly run: RunState }
