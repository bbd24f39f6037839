import type { Job, JobStatus, NewJob } from './job'
import type { QueueEvent, QueueState } from './queue'

/** A queue without jobs. */
export function emptyQueue(epoch: string): QueueState {
  return { epoch, revision: 0, run: { kind: 'idle', because: null }, jobs: [], settings: {} }
}

/**
 * The queue after `event`. Pure; used by the queue's owner and by its mirrors alike.
 * Throws a `RangeError` for an event that cannot happen in this state (an unknown job, a second end): such an event is a bug.
 */
export function reduceQueue(state: QueueState, event: QueueEvent): QueueState {
  return { ...state, ...change(state, event), revision: state.revision + 1 }
}

function change(state: QueueState, event: QueueEvent): Partial<QueueState> {
  const { jobs } = state
  switch (event.type) {
    case 'runChanged':
      return { run: event.run }
    case 'jobsAdded':
      return { jobs: addJobs(jobs, event.jobs, event.settingsKey), settings: withSettings(state, event) }
    case 'jobsReplanned':
      return { jobs: replan(jobs, event), settings: withSettings(state, event) }
    case 'jobsRemoved':
      return removeJobs(state, event.jobIds)
    case 'jobsMoved':
      return { jobs: moveJobs(jobs, event.jobIds, event.beforeId) }
    case 'jobsProbed': {
      const probes = new Map(event.probes.map(({ jobId, probe }) => [jobId, probe]))
      return { jobs: changeJobs(jobs, probes, (job, probe) => ({ ...job, probe })) }
    }
    case 'jobsRetried':
    case 'jobsReturned':
    case 'jobsCancelled':
      return { jobs: changeStatus(jobs, event.jobIds, event) }
    default:
      return { jobs: changeStatus(jobs, [event.jobId], event) }
  }
}

type StatusEvent = Extract<QueueEvent, { jobId: string } | { type: 'jobsRetried' | 'jobsReturned' | 'jobsCancelled' }>

function withSettings(
  state: QueueState,
  { settingsKey, settings }: { readonly settingsKey: string; readonly settings: QueueState['settings'][string] }
): QueueState['settings'] {
  return { ...state.settings, [settingsKey]: settings }
}

function addJobs(jobs: readonly Job[], added: readonly NewJob[], settingsKey: string): readonly Job[] {
  const ids = new Set(jobs.map((job) => job.id))
  for (const { id } of added) {
    if (ids.has(id)) throw new RangeError(`job ${id} is in the queue already`)
    ids.add(id)
  }
  return [
    ...jobs,
    ...added.map(({ error, ...job }): Job => ({ ...job, settingsKey, probe: null, status: first(error) }))
  ]
}

function first(error: NewJob['error']): JobStatus {
  return error ? { kind: 'failed', error } : { kind: 'pending', attempts: 0 }
}

function replan(jobs: readonly Job[], event: Extract<QueueEvent, { type: 'jobsReplanned' }>): readonly Job[] {
  const plans = new Map(event.jobs.map((plan) => [plan.jobId, plan]))
  return changeJobs(jobs, plans, (job, { outputPath, error, identity }) => {
    if (job.status.kind !== 'pending') throw new RangeError(`jobsReplanned: job ${job.id} is ${job.status.kind}`)
    const status = error ? first(error) : job.status
    return { ...job, outputPath, settingsKey: event.settingsKey, status, ...(identity && { identity, probe: null }) }
  })
}

/** Settings that no job names any more go with the last job that did. */
function removeJobs(state: QueueState, jobIds: readonly string[]): Partial<QueueState> {
  const gone = idSet(state.jobs, jobIds)
  const running = state.jobs.find((job) => gone.has(job.id) && job.status.kind === 'running')
  if (running) throw new RangeError(`jobsRemoved: job ${running.id} is running`)
  const jobs = state.jobs.filter((job) => !gone.has(job.id))
  const named = new Set(jobs.map((job) => job.settingsKey))
  const settings = Object.fromEntries(Object.entries(state.settings).filter(([key]) => named.has(key)))
  return { jobs, settings }
}

function moveJobs(jobs: readonly Job[], jobIds: readonly string[], beforeId: string | null): readonly Job[] {
  const moved = idSet(jobs, jobIds)
  if (beforeId !== null && moved.has(beforeId)) throw new RangeError(`jobsMoved: ${beforeId} is among the moved`)
  const rest = jobs.filter((job) => !moved.has(job.id))
  const at = beforeId === null ? rest.length : rest.findIndex((job) => job.id === beforeId)
  if (at < 0) throw new RangeError(`jobsMoved: no job ${String(beforeId)}`)
  return [...rest.slice(0, at), ...jobs.filter((job) => moved.has(job.id)), ...rest.slice(at)]
}

function idSet(jobs: readonly Job[], jobIds: readonly string[]): ReadonlySet<string> {
  const known = new Set(jobs.map((job) => job.id))
  for (const id of jobIds) if (!known.has(id)) throw new RangeError(`no job ${id}`)
  return new Set(jobIds)
}

/** One walk for any number of changed jobs: ten thousand rows are cancelled at once. */
function changeJobs<T>(
  jobs: readonly Job[],
  changes: ReadonlyMap<string, T>,
  apply: (job: Job, value: T) => Job
): readonly Job[] {
  let met = 0
  const changed = jobs.map((job) => {
    const value = changes.get(job.id)
    if (value === undefined) return job
    met++
    return apply(job, value)
  })
  if (met !== changes.size) throw new RangeError(`${changes.size - met} jobs are not in the queue`)
  return changed
}

function changeStatus(jobs: readonly Job[], jobIds: readonly string[], event: StatusEvent): readonly Job[] {
  return changeJobs(jobs, new Map(jobIds.map((id) => [id, true])), (job) => {
    const status = nextStatus(job.status, event)
    if (!status) throw new RangeError(`${event.type}: job ${job.id} is ${job.status.kind}`)
    return { ...job, status }
  })
}

/** The one table of what may follow what; null where `event` may not happen. */
function nextStatus(status: JobStatus, event: StatusEvent): JobStatus | null {
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
    case 'jobsCancelled':
      return open ? { kind: 'cancelled', because: event.because } : null
    case 'jobsRetried':
      return retried(status)
    case 'jobsReturned':
      return status.kind === 'running' ? { kind: 'pending', attempts: status.attempts - 1 } : null
  }
}

function retried(status: JobStatus): JobStatus | null {
  if (status.kind === 'running') return { kind: 'pending', attempts: status.attempts }
  // Done: with another strength, in its result's place.
  if (status.kind === 'failed' || status.kind === 'cancelled' || status.kind === 'done')
    return { kind: 'pending', attempts: 0 }
  return null
}

/** How many jobs there are of each kind. */
export function countJobs(state: Pick<QueueState, 'jobs'>): Readonly<Record<JobStatus['kind'], number>> {
  const counts = { pending: 0, running: 0, done: 0, failed: 0, skipped: 0, cancelled: 0 }
  for (const job of state.jobs) counts[job.status.kind]++
  return counts
}
