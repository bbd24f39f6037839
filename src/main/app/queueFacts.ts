import type { BatchProgress } from '../../shared/ipc/views'
import type { QueueState } from '../../shared/jobs/queue'
import type { AppSettings } from '../../shared/settings/appSettings'

/** The queue as the desktop shows it: how many of what, and what can be done. */
export interface QueueFacts {
  readonly run: 'idle' | 'running' | 'paused'
  readonly stopAfter: boolean
  readonly pending: number
  readonly failedIds: readonly string[]
  /** Done, failed, skipped or cancelled. */
  readonly ended: number
}

export function queueFacts({ run, jobs }: QueueState): QueueFacts {
  let pending = 0
  let ended = 0
  const failedIds: string[] = []
  for (const { id, status } of jobs) {
    if (status.kind === 'pending') pending++
    else if (status.kind !== 'running') ended++
    if (status.kind === 'failed') failedIds.push(id)
  }
  return { run: run.kind, stopAfter: run.kind === 'running' && run.stopAfter, pending, failedIds, ended }
}

/** A batch is under way: also one that is held. */
export function isBusy(queue: QueueState): boolean {
  return queue.run.kind !== 'idle'
}

export function wantsAwake(queue: QueueState, settings: AppSettings): boolean {
  return settings.keepAwake && queue.run.kind === 'running'
}

/** What the taskbar or dock shows; `value` under 0 takes the bar away. */
export interface TaskbarView {
  readonly value: number
  readonly mode: 'none' | 'normal' | 'paused' | 'error'
}

/** The batch's progress: red once a file failed, yellow while held, gone at the end. */
export function taskbarView(facts: QueueFacts, batch: BatchProgress | null): TaskbarView {
  if (facts.run === 'idle') return { value: -1, mode: 'none' }
  const value = Math.min(1, Math.max(0, batch?.fraction ?? 0))
  if (facts.run === 'paused') return { value, mode: 'paused' }
  return { value, mode: facts.failedIds.length > 0 ? 'error' : 'normal' }
}
