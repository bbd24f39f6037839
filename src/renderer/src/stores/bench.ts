import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import type { ErrorPayload } from '../../../shared/errors/appError'
import type { BenchReport, BenchView } from '../../../shared/ipc/benchViews'
import { call, onPush, payloadOf } from '../ipc/client'

/** "Measure this machine": what main says of it, and whether its dialog is open. */
export const useBench = defineStore('bench', () => {
  const view = shallowRef<BenchView | null>(null)
  const isOpen = ref(false)
  /** A request that was refused: said in the dialog, where it was made. */
  const refusal = shallowRef<ErrorPayload | null>(null)

  onPush('bench', ({ bench }) => (view.value = bench))

  async function attempt<T>(work: () => Promise<T>): Promise<T | null> {
    try {
      refusal.value = null
      return await work()
    } catch (thrown) {
      refusal.value = payloadOf(thrown)
      return null
    }
  }

  async function open(): Promise<void> {
    isOpen.value = true
    const answer = await attempt(() => call('bench.view', {}))
    if (answer) view.value = answer
  }
  const start = (jobId: string | null, isQuick: boolean): Promise<unknown> =>
    attempt(() => call('bench.start', { jobId, isQuick }))
  const cancel = (): Promise<unknown> => attempt(() => call('bench.cancel', {}))
  /** Where it was written; null where the dialog was left or it did not work. */
  const exportReport = (): Promise<{ readonly path: string } | null> => attempt(() => call('bench.export', {}))

  const running = computed(() => (view.value?.kind === 'running' ? view.value : null))
  const report = computed((): BenchReport | null =>
    view.value === null || view.value.kind === 'running' ? null : view.value.report
  )

  return { view, isOpen, refusal, running, report, open, start, cancel, exportReport }
})
