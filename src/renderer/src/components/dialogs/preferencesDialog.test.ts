import { flushPromises, mount } from '@vue/test-utils'
import { createPinia, setActivePinia } from 'pinia'
import { afterEach, expect, it, vi } from 'vitest'
import { DEFAULT_APP_SETTINGS, patchSettings } from '../../../../shared/settings/appSettings'
import { applyLanguage, i18n } from '../../i18n'
import { fakeApi, installFake } from '../../ipc/fakeApi.testkit'
import { useApp } from '../../stores/app'
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

it('names what the ffmpeg in use cannot write, and a chosen one that does not start ("not found" for a wrong choice)', async () => {
  applyLanguage('en', 'en')
  const fake = fakeApi({})
  installFake(fake)
  const pinia = createPinia()
  setActivePinia(pinia)
  const dialog = mount(PreferencesDialog, {
    props: { open: true },
    global: { plugins: [pinia, i18n] },
    attachTo: document.body
  })
  await useSession().refresh()
  const app = useApp()
  const info = app.info!
  const said = async (): Promise<string> => {
    await flushPromises()
    return document.querySelector('[role=group][aria-label=ffmpeg]')!.textContent
  }
  app.info = { ...info, ffmpeg: { path: '/opt/ffmpeg', version: '8.1', origin: 'app', lacks: ['mp3', 'opus'] } }
  const words = await said()
  expect(words).toContain('Comes with Stillwave')
  expect(words).toContain('Writes FLAC, ALAC, M4A, Ogg Vorbis.')
  expect(words).toContain('Cannot write MP3, Opus')
  app.info = { ...info, ffmpeg: null, ffmpegError: { code: 'E_NO_FFMPEG', data: { path: '/opt/wrong' } } }
  expect(await said()).toContain('does not start')
  dialog.unmount()
})
