import { flushPromises, mount } from '@vue/test-utils'
import { createPinia, setActivePinia } from 'pinia'
import { afterEach, expect, it, vi } from 'vitest'
import { DEFAULT_APP_SETTINGS, patchSettings } from '../../../../shared/settings/appSettings'
import { applyLanguage, i18n } from '../../i18n'
import { fakeApi, installFake } from '../../ipc/fakeApi.testkit'
import { useSession } from '../../stores/session'
import PreferencesDialog from './PreferencesDialog.vue'

afterEach(() => {
  vi.useRealTimers()
  document.body.replaceChildren()
})

it('sends a new room for listening, and none under its limit (a value that main refuses)', async () => {
  vi.useFakeTimers()
  applyLanguage('en', 'en')
  let main = DEFAULT_APP_SETTINGS
  const fake = fakeApi({ 'settings.patch': (patch) => (main = patchSettings(main, patch)) })
  installFake(fake)
  const pinia = createPinia()
  setActivePinia(pinia)
  const dialog = mount(PreferencesDialog, {
    props: { open: true },
    global: { plugins: [pinia, i18n] },
    attachTo: document.body
  })
  await useSession().refresh()
  await flushPromises()
  const field = document.querySelector<HTMLInputElement>(
    'input[aria-label="Room for waveforms, decoded audio and previews"]'
  )!
  expect(field.value).toBe('4096')
  for (const typed of ['12', '2048']) {
    field.value = typed
    field.dispatchEvent(new Event('input', { bubbles: true }))
    field.dispatchEvent(new Event('change', { bubbles: true }))
    field.dispatchEvent(new Event('blur'))
    await vi.advanceTimersByTimeAsync(500)
    await flushPromises()
  }
  expect(fake.requestsOf('settings.patch')).toEqual([{ cacheLimitMb: 2048 }])
  dialog.unmount()
})
