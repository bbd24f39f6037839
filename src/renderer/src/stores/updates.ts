import { defineStore } from 'pinia'
import { computed, shallowRef } from 'vue'
import type { UpdatesView } from '../../../shared/ipc/updateViews'
import { call, onPush } from '../ipc/client'
import { useToasts } from './toasts'

/** What main knows of newer versions. */
export const useUpdates = defineStore('updates', () => {
  const toasts = useToasts()
  const view = shallowRef<UpdatesView | null>(null)

  onPush('updates', ({ updates }) => {
    view.value = updates
  })

  async function load(): Promise<void> {
    const answer = await toasts.attempt(() => call('updates.view', {}))
    if (answer) view.value ??= answer
  }
  async function ask(): Promise<void> {
    await toasts.attempt(() => call('updates.ask', {}))
  }

  /** Null where this copy was built without a feed, or before main has answered. */
  const host = computed(() => view.value?.host ?? null)
  const state = computed(() => view.value?.state ?? { kind: 'unknown' as const })
  return { view, host, state, load, ask }
})
