import { defineStore } from 'pinia'
import { computed, shallowRef } from 'vue'
import type { Job } from '../../../shared/jobs/job'
import type { ReductionSettings } from '../../../shared/settings/reduction'
import { call } from '../ipc/client'
import { useQueue } from './queue'
import { useToasts } from './toasts'

/** Another strength for files that are done: which, and what is being chosen for them. Nothing happens until it is applied. */
export const useStrengthChange = defineStore('strengthChange', () => {
  const queue = useQueue()
  const toasts = useToasts()
  const jobIds = shallowRef<readonly string[]>([])
  const reduction = shallowRef<ReductionSettings>({ strengthPercent: 100, floorDb: null })
  const isOpen = computed({
    get: () => jobIds.value.length > 0,
    set: (open) => {
      if (!open) jobIds.value = []
    }
  })

  /** For the done ones of these; begins with what the first of them was done with. */
  function ask(jobs: readonly Job[]): void {
    const done = jobs.filter(({ status }) => status.kind === 'done')
    const settings = done[0] && queue.state?.settings[done[0].settingsKey]
    if (!settings) return
    reduction.value = { strengthPercent: settings.strengthPercent, floorDb: settings.floorDb }
    jobIds.value = done.map(({ id }) => id)
  }
  function set(change: Partial<ReductionSettings>): void {
    reduction.value = { ...reduction.value, ...change }
  }
  async function apply(): Promise<void> {
    const request = { jobIds: [...jobIds.value], ...reduction.value }
    isOpen.value = false
    await toasts.attempt(() => call('queue.changeStrength', request))
  }

  return { jobIds, reduction, isOpen, ask, set, apply }
})
