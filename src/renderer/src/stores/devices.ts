import { defineStore } from 'pinia'
import { computed, ref, shallowRef, watch } from 'vue'
import type { ErrorPayload } from '../../../shared/errors/appError'
import type { ConcreteDevice } from '../../../shared/devices/providers'
import type { DevicesView } from '../../../shared/ipc/deviceViews'
import type { RequestOf, RouteName } from '../../../shared/ipc/contract'
import { call, onPush, payloadOf } from '../ipc/client'
import { useApp } from './app'
import { useSettings } from './settings'

type DeviceRoute = Extract<RouteName, `devices.${string}`>

/** Devices: what main found of them with the model of the settings, and whether their dialog is open. */
export const useDevices = defineStore('devices', () => {
  const settings = useSettings()
  const app = useApp()
  const view = shallowRef<DevicesView | null>(null)
  const isOpen = ref(false)
  /** A request that was refused: said in the dialog, where it was made. */
  const refusal = shallowRef<ErrorPayload | null>(null)
  let question = 0

  onPush('devices', ({ devices }) => {
    question++
    view.value = devices
  })

  /** A late answer to an old question is dropped. */
  async function load(): Promise<void> {
    const asked = ++question
    try {
      const answer = await call('devices.view', {})
      if (asked === question) view.value = answer
    } catch (thrown) {
      if (asked === question) refusal.value = payloadOf(thrown)
    }
  }

  async function ask<N extends DeviceRoute>(route: N, request: RequestOf<N>): Promise<void> {
    try {
      refusal.value = null
      await call(route, request)
    } catch (thrown) {
      refusal.value = payloadOf(thrown)
    }
  }
  const probe = (device: ConcreteDevice | 'all'): Promise<void> => ask('devices.probe', { device })
  const getCuda = (): Promise<void> => ask('devices.getCuda', {})
  const cancel = (): Promise<void> => ask('devices.cancel', {})
  function open(): void {
    refusal.value = null
    isOpen.value = true
    void load()
  }

  /** What speeds and choices depend on: main's settings, not those of this window that are on their way. */
  const meant = computed(() => {
    const { modelId, device, join } = settings.confirmedJob
    return JSON.stringify([settings.ready, modelId, device, join, app.models.map(({ id }) => id)])
  })
  /** An engine that was opened tells whether `auto` had to fall back. */
  const opened = computed(() => (app.engine.kind === 'ready' ? JSON.stringify(app.engine.deviceChoice ?? null) : ''))
  watch(
    [meant, opened],
    () => {
      if (settings.ready) void load()
    },
    { immediate: true }
  )

  const devices = computed(() => view.value?.devices ?? [])
  const task = computed(() => view.value?.task ?? null)
  const auto = computed(() => view.value?.auto ?? null)

  return { view, devices, task, auto, isOpen, refusal, load, probe, getCuda, cancel, open }
})
