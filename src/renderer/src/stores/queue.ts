import { defineStore } from 'pinia'
import { computed, shallowRef, watch } from 'vue'
import type { Job } from '../../../shared/jobs/job'
import type { RunState } from '../../../shared/jobs/queue'
import { countJobs } from '../../../shared/jobs/reduceQueue'
import { onPush } from '../ipc/client'
import { FIRST_MIRROR, takePush, takeSnapshot, type Mirror } from './queueMirror'
import { useSession } from './session'

const IDLE: RunState = { kind: 'idle', because: null }
const NO_JOBS: readonly Job[] = []

/** The queue as main has it; read only. Shallow: ten thousand jobs are never made reactive one by one. */
export const useQueue = defineStore('queue', () => {
  const session = useSession()
  const mirror = shallowRef<Mirror>(FIRST_MIRROR)

  function move(next: Mirror): void {
    const lost = next.asking && (!mirror.value.asking || next.kept.length === 0)
    mirror.value = next
    if (lost) void session.refresh()
  }

  onPush('queue', (push) => {
    move(takePush(mirror.value, push))
  })
  watch(
    () => session.snapshot,
    (snapshot) => {
      if (snapshot) move(takeSnapshot(mirror.value, snapshot.queue))
    },
    { immediate: true, flush: 'sync' }
  )

  const state = computed(() => mirror.value.state)
  const jobs = computed(() => state.value?.jobs ?? NO_JOBS)
  const run = computed(() => state.value?.run ?? IDLE)
  const byId = computed(() => new Map(jobs.value.map((job) => [job.id, job])))
  const counts = computed(() => countJobs({ jobs: jobs.value }))
  const ready = computed(() => state.value !== null)

  return { state, jobs, run, byId, counts, ready }
})
