import { flushPromises, mount } from '@vue/test-utils'
import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { applyLanguage, i18n } from '../../i18n'
import { fakeApi, installFake } from '../../ipc/fakeApi.testkit'
import { useSession } from '../../stores/session'
import CostStrip from './CostStrip.vue'

async function textWith(forecastSec: number | null): Promise<string | null> {
  const example = { input: '/a', output: '/b' }
  installFake(
    fakeApi({ 'queue.preflight': () => ({ example, warnings: [], forecastBytes: 131e6, forecast: null, forecastSec }) })
  )
  const pinia = createPinia()
  setActivePinia(pinia)
  const strip = mount(CostStrip, { global: { plugins: [pinia, i18n] } })
  await useSession().refresh()
  await vi.advanceTimersByTimeAsync(500)
  await flushPromises()
  const time = strip.find('[data-testid="time-forecast"]')
  return time.exists() ? time.text() : null
}

beforeEach(() => {
  vi.useFakeTimers()
  applyLanguage('en', 'en')
})
afterEach(() => {
  vi.useRealTimers()
})

it('tells how long the waiting files are expected to take', async () => {
  expect(await textWith(745)).toBe('Waiting files: about 12 min')
})

it('tells no time before anything was measured with these settings (a time made up)', async () => {
  expect(await textWith(null)).toBeNull()
})
