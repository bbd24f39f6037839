import { defineStore } from 'pinia'
import { computed, shallowRef, watch } from 'vue'
import {
  DEFAULT_APP_SETTINGS,
  type AppSettings,
  type ChunkSettings,
  type SettingsPatch
} from '../../../shared/settings/appSettings'
import { computeFactor, presetOf } from '../../../shared/settings/presets'
import { call, onPush, payloadOf } from '../ipc/client'
import { useApp } from './app'
import { useSession } from './session'
import { joinPatches, shownSettings, type Overlay } from './settingsOverlay'
import { useToasts } from './toasts'

/** How long a field may be quiet before its value is sent. */
const QUIET_MS = 300

/** The settings: main's, with the changes of this window that main has not answered yet. */
export const useSettings = defineStore('settings', () => {
  const session = useSession()
  const app = useApp()
  const toasts = useToasts()
  const overlay = shallowRef<Overlay>({ confirmed: DEFAULT_APP_SETTINGS, sent: null, waiting: null })
  const ready = shallowRef(false)
  let timer: ReturnType<typeof setTimeout> | null = null
  let sending: Promise<void> | null = null

  const take = (confirmed: AppSettings): void => {
    overlay.value = { ...overlay.value, confirmed }
    ready.value = true
  }
  onPush('settings', (push) => {
    take(push.settings)
  })
  watch(
    () => session.snapshot,
    (snapshot) => {
      if (snapshot) take(snapshot.settings)
    },
    { immediate: true, flush: 'sync' }
  )

  /** Sends what waits, one request after another; a refusal is shown and takes the change back. */
  async function flush(): Promise<void> {
    if (timer !== null) clearTimeout(timer)
    timer = null
    sending ??= sendAll().finally(() => (sending = null))
    await sending
  }

  async function sendAll(): Promise<void> {
    for (let patch = overlay.value.waiting; patch; patch = overlay.value.waiting) {
      overlay.value = { ...overlay.value, sent: patch, waiting: null }
      try {
        take(await call('settings.patch', patch))
      } catch (thrown) {
        toasts.showError(payloadOf(thrown))
      }
      overlay.value = { ...overlay.value, sent: null }
    }
  }

  function put(patch: SettingsPatch): void {
    overlay.value = { ...overlay.value, waiting: joinPatches(overlay.value.waiting, patch) }
  }

  /** A choice: shown and sent at once. */
  async function patch(change: SettingsPatch): Promise<void> {
    put(change)
    await flush()
  }

  /** A value that is still being typed or slid: shown at once, sent when it has been quiet. */
  function patchSoon(change: SettingsPatch): void {
    put(change)
    if (timer !== null) clearTimeout(timer)
    timer = setTimeout(() => void flush(), QUIET_MS)
  }

  const current = computed(() => shownSettings(overlay.value))
  const job = computed(() => current.value.job)
  /** As main has it: what main is asked about the settings is asked about these. */
  const confirmedJob = computed(() => overlay.value.confirmed.job)
  const chunks = computed((): ChunkSettings => {
    const { join, chunkSec, overlapSec, batch } = job.value
    return { join, chunkSec, overlapSec, batch }
  })
  const model = computed(() => app.models.find((one) => one.id === job.value.modelId) ?? null)
  const preset = computed(() => model.value && presetOf(chunks.value, model.value, current.value.userPresets))
  const factor = computed(() => (model.value ? computeFactor(chunks.value, model.value) : null))

  return { ready, current, job, confirmedJob, chunks, model, preset, factor, patch, patchSoon, flush }
})
