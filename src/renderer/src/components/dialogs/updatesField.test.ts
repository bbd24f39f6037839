import { flushPromises, mount } from '@vue/test-utils'
import { createPinia, getActivePinia, setActivePinia } from 'pinia'
import { afterEach, describe, expect, it } from 'vitest'
import type { UpdatesView } from '../../../../shared/ipc/updateViews'
import { DEFAULT_APP_SETTINGS, patchSettings } from '../../../../shared/settings/appSettings'
import { applyLanguage, i18n } from '../../i18n'
import { fakeApi, installFake, type FakeApi } from '../../ipc/fakeApi.testkit'
import { useSession } from '../../stores/session'
import { useDialogs } from '../../stores/dialogs'
import { useToasts } from '../../stores/toasts'
import UpdatesField from './UpdatesField.vue'
import { useUpdateToast } from './useUpdateToast'

afterEach(() => {
  document.body.replaceChildren()
})

async function shown(host: string | null): Promise<FakeApi> {
  applyLanguage('en', 'en')
  const view: UpdatesView = { host, state: { kind: 'unknown' } }
  const fake = fakeApi({
    'updates.view': () => view,
    'updates.ask': () => null,
    'settings.patch': (patch) => patchSettings(DEFAULT_APP_SETTINGS, patch)
  })
  installFake(fake)
  const pinia = createPinia()
  setActivePinia(pinia)
  mount(UpdatesField, { global: { plugins: [pinia, i18n] }, attachTo: document.body })
  await useSession().refresh()
  await flushPromises()
  return fake
}

const box = (): HTMLElement => document.querySelector<HTMLElement>('[role=switch]')!

describe('new versions', () => {
  it('are not looked for by a copy without a feed, which says so (a switch that does nothing)', async () => {
    await shown(null)
    expect(document.body.textContent).toContain('without an address')
    expect(document.querySelector('button')).toBeNull()
  })

  it('are looked for once the user agrees, and now where asked', async () => {
    const fake = await shown('example.org')
    expect(document.body.textContent).toContain('Asks example.org')
    expect(box().getAttribute('aria-checked')).toBe('false')
    box().click()
    await flushPromises()
    expect(fake.requestsOf('settings.patch')).toEqual([{ askForUpdates: true }])
    document.querySelector<HTMLButtonElement>('button:not([role=switch])')!.click()
    await flushPromises()
    expect(fake.requestsOf('updates.ask')).toEqual([{}])
  })

  it('say which there is and where, or what went wrong', async () => {
    const fake = await shown('example.org')
    const said = async (state: UpdatesView['state']): Promise<string> => {
      fake.push({ topic: 'updates', updates: { host: 'example.org', state } })
      await flushPromises()
      return document.querySelector('[data-testid=updates-state]')!.textContent
    }
    expect(await said({ kind: 'asking' })).toContain('Asking')
    expect(await said({ kind: 'current' })).toContain('newest')
    const newer = await said({ kind: 'newer', version: '0.2.0', address: 'https://example.org/packages/' })
    expect(newer).toContain('0.2.0')
    expect(newer).toContain('example.org/packages')
    expect(await said({ kind: 'failed', detail: 'example.org: status 404' })).toContain('status 404')
  })

  it('are said once at the corner, where the preferences are closed (a check nobody hears of, or a toast a day)', async () => {
    const fake = await shown('example.org')
    mount({ template: '<i />', setup: useUpdateToast }, { global: { plugins: [getActivePinia()!, i18n] } })
    const find = async (version: string): Promise<void> => {
      for (const kind of ['asking', 'newer'] as const) {
        const state = kind === 'newer' ? { kind, version, address: 'https://example.org/' } : { kind }
        fake.push({ topic: 'updates', updates: { host: 'example.org', state } })
        await flushPromises()
      }
    }
    await find('0.2.0')
    await find('0.2.0')
    expect(useToasts().list.map(({ text }) => text)).toEqual(['Stillwave 0.2.0 is there'])
    useDialogs().open.preferences = true
    await find('0.3.0')
    expect(useToasts().list).toHaveLength(1)
    useDialogs().open.preferences = false
  })
})
