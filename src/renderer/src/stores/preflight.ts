import { defineStore } from 'pinia'
import { computed, shallowRef, watch } from 'vue'
import type { ErrorPayload } from '../../../shared/errors/appError'
import type { Preflight } from '../../../shared/ipc/views'
import { call, onPush, payloadOf } from '../ipc/client'
import { useQueue } from './queue'
import { useSettings } from './settings'

/** A change is asked about once it has been quiet for so long. */
const QUIET_MS = 250

/** What a run with the form's settings would meet. Asked again when the settings or the waiting files change; a late answer to an old question is dropped. */
export const usePreflight = defineStore('preflight', () => {
  const settings = useSettings()
  const queue = useQueue()
  const result = shallowRef<Preflight | null>(null)
  const error = shallowRef<ErrorPayload | null>(null)
  const checking = shallowRef(false)
  let question = 0
  let timer: ReturnType<typeof setTimeout> | null = null

  async function ask(): Promise<void> {
    timer = null
    const asked = ++question
    try {
      const answer = await call('queue.preflight', { settings: settings.job })
      if (asked !== question) return
      result.value = answer
      error.value = null
    } catch (thrown) {
      if (asked !== question) return
      error.value = payloadOf(thrown)
    }
    checking.value = false
  }

  function askSoon(): void {
    checking.value = true
    // What is on its way answers an old question.
    question++
    if (timer !== null) clearTimeout(timer)
    timer = setTimeout(() => void ask(), QUIET_MS)
  }

  /** Finished files do not change what is asked: only those that wait, and with what. */
  const waiting = computed(() => {
    const kinds = new Map<string, number>()
    for (const job of queue.jobs) {
      if (job.status.kind === 'pending') kinds.set(job.settingsKey, (kinds.get(job.settingsKey) ?? 0) + 1)
    }
    return JSON.stringify([...kinds])
  })

  watch(
    () => [settings.ready, JSON.stringify(settings.job), waiting.value] as const,
    ([ready]) => {
      if (ready) askSoon()
    },
    { immediate: true }
  )

  // A model was measured in the background: what is said of memory is there now.
  onPush('forecast', askSoon)

  const warnings = computed(() => result.value?.warnings ?? [])
  const example = computed(() => result.value?.example ?? null)
  const forecastBytes = computed(() => result.value?.forecastBytes ?? null)

  return { result, warnings, example, forecastBytes, error, checking, askSoon }
})
