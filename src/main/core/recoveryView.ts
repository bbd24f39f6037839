import { lstat } from 'node:fs/promises'
import type { RecoveryView } from '../../shared/ipc/views'
import type { QueueState } from '../../shared/jobs/queue'
import { countJobs } from '../../shared/jobs/reduceQueue'
import type { OpenedJournal } from '../jobs/journal'
import type { QueueStore } from '../jobs/queueStore'

/**
 * Killed between an output's last name and its line in the journal, a file would be done a second time where a taken name means
 * another one: its place was free when it was planned.
 */
export async function endWritten({ interrupted, journal }: OpenedJournal, store: QueueStore): Promise<void> {
  for (const { id, outputPath, settingsKey } of interrupted) {
    const renames = store.state.settings[settingsKey]?.output.onExists === 'rename'
    if (!renames || outputPath === null || !store.job(id)) continue
    if ((await lstat(outputPath).catch(() => null)) === null) continue
    const event = { type: 'jobSkipped', jobId: id } as const
    store.dispatch(event)
    await journal.append(event, store.state)
  }
}

/** What the window asks about; null where nothing waits. */
export function recoveryOf(state: QueueState, damagedCopyPath: string | null): RecoveryView | null {
  const counts = countJobs(state)
  if (counts.pending === 0 && damagedCopyPath === null) return null
  return { finished: state.jobs.length - counts.pending, total: state.jobs.length, damagedCopyPath }
}

/** Those of a list that wait. */
export function waitingIds({ jobs }: QueueState): readonly string[] {
  return jobs.filter(({ status }) => status.kind === 'pending').map(({ id }) => id)
}

/** Where nothing of the earlier list waits any more there is nothing to go on with; a damaged journal stays worth a word. */
export function stillOpen(
  recovery: RecoveryView,
  earlier: ReadonlySet<string>,
  state: QueueState
): RecoveryView | null {
  return waitingIds(state).some((id) => earlier.has(id)) || recovery.damagedCopyPath !== null ? recovery : null
}

/** Where a job's result lies; undefined where there is none. */
export function resultPath(job: QueueState['jobs'][number] | undefined): string | undefined {
  if (job?.status.kind === 'done') return job.status.result.outputPath
  return job?.status.kind === 'skipped' ? (job.outputPath ?? undefined) : undefined
}
