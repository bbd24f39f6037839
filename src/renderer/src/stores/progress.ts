import { defineStore } from 'pinia'
import { shallowReactive, shallowRef, watch } from 'vue'
import type { BatchProgress, JobProgress } from '../../../shared/ipc/views'
import { onPush } from '../ipc/client'
import { useQueue } from './queue'
import { useSession } from './session'

/** Streams, not state: the last word of each running file, and of the batch. A row reads only its own entry. */
export const useProgress = defineStore('progress', () => {
  const session = useSession()
  const queue = useQueue()
  const byJob = shallowReactive(new Map<string, JobProgress>())
  const batch = shallowRef<BatchProgress | null>(null)

  function take(jobs: readonly JobProgress[], whole: BatchProgress | null): void {
    for (const job of jobs) byJob.set(job.jobId, job)
    batch.value = whole
  }

  onPush('progress', (push) => {
    take(push.jobs, push.batch)
  })
  watch(
    () => session.snapshot,
    (snapshot) => {
      if (snapshot) take(snapshot.progress, snapshot.batch)
    },
    { immediate: true, flush: 'sync' }
  )
  // A file that no longer runs has no progress: at most a few entries, whatever the length of the list.
  watch(
    () => queue.byId,
    (jobs) => {
      for (const id of [...byJob.keys()]) if (jobs.get(id)?.status.kind !== 'running') byJob.delete(id)
    }
  )

  return { byJob, batch }
})
