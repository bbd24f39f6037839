import type { ErrorPayload } from '../errors/appError'
import type { Job, JobResult, JobStatus, NewJob } from './job'

/**
 * The queue: the one truth about a batch. `epoch` names one life of the queue, `revision` counts its changes, so that a
 * mirror knows a gap when it sees one (DESIGN section 5).
 */
export interface QueueState {
  readonly epoch: string
  readonly revision: number
  readonly jobs: readonly Job[]
}

/** All that can happen to a queue. Progress is not here: it is a stream, not state. */
export type QueueEvent =
  | { readonly type: 'jobsAdded'; readonly jobs: readonly NewJob[] }
  | { readonly type: 'jobStarted'; readonly jobId: string }
  | { readonly type: 'jobFinished'; readonly jobId: string; readonly result: JobResult }
  | { readonly type: 'jobFailed'; readonly jobId: string; readonly error: ErrorPayload }
  /** Back to the queue: after a crash of the engine (attempts are kept), or by a person's wish (they begin anew). */
  | { readonly type: 'jobRetried'; readonly jobId: string }
  | { readonly type: 'jobSkipped'; readonly jobId: string }
  | { readonly type: 'jobCancelled'; readonly jobId: string; readonly because: ErrorPayload | null }

type JobEvent = Exclude<QueueEvent, { type: 'jobsAdded' }>

/** A queue without jobs. */
export function emptyQueue(epoch: string): QueueState {
  return { epoch, revision: 0, jobs: [] }
}

/**
 * The queue after `event`. Pure; used by the queue's owner and by its mirrors alike.
 * Throws a `RangeError` for an event that cannot happen in this state (an unknown job, a second end): such an event is a bug.
 */
export function reduceQueue(state: QueueState, event: QueueEvent): QueueState {
  const jobs = event.type === 'jobsAdded' ? addJobs(state.jobs, event.jobs) : changeJob(state.jobs, event)
  return { epoch: state.epoch, revision: state.revision + 1, jobs }
}

function addJobs(jobs: readonly Job[], added: readonly NewJob[]): readonly Job[] {
  const ids = new Set(jobs.map((job) => job.id))
  for (const { id } of added) {
    if (ids.has(id)) throw new RangeError(`job ${id} is in the queue already`)
    ids.add(id)
  }
  return [...jobs, ...added.map((job): Job => ({ ...job, status: { kind: 'pending', attempts: 0 } }))]
}

function changeJob(jobs: readonly Job[], event: JobEvent): readonly Job[] {
  const index = jobs.findIndex((job) => job.id === event.jobId)
  const job = jobs[index]
  if (!job) throw new RangeError(`${event.type}: no job ${event.jobId}`)
  const status = nextStatus(job.status, event)
  if (!status) throw new RangeError(`${event.type}: job ${job.id} is ${job.status.kind}`)
  const changed = [...jobs]
  changed[index] = { ...job, status }
  return changed
}

/** The one table of what may follow what; null where `event` may not happen. */
function nextStatus(status: JobStatus, event: JobEvent): JobStatus | null {
  const open = status.kind === 'pending' || status.kind === 'running'
  switch (event.type) {
    case 'jobStarted':
      return status.kind === 'pending' ? { kind: 'running', attempts: status.attempts + 1 } : null
    case 'jobFinished':
      return status.kind === 'running' ? { kind: 'done', result: event.result } : null
    case 'jobFailed':
      return open ? { kind: 'failed', error: event.error } : null
    case 'jobSkipped':
      return open ? { kind: 'skipped' } : null
    case 'jobCancelled':
      return open ? { kind: 'cancelled', because: event.because } : null
    case 'jobRetried':
      return retried(status)
  }
}

function retried(status: JobStatus): JobStatus | null {
  if (status.kind === 'running') return { kind: 'pending', attempts: status.attempts }
  if (status.kind === 'failed' || status.kind === 'cancelled') return { kind: 'pending', attempts: 0 }
  return null
}

/** How many jobs there are of each kind. */
export function countJobs(state: QueueState): Readonly<Record<JobStatus['kind'], number>> {
  const counts = { pending: 0, running: 0, done: 0, failed: 0, skipped: 0, cancelled: 0 }
  for (const job of state.jobs) counts[job.status.kind]++
  return counts
}
