import { flushPromises, mount } from '@vue/test-utils'
import type { Component } from 'vue'
import { createPinia, setActivePinia } from 'pinia'
import { afterEach, expect, it } from 'vitest'
import type { ShippedPart } from '../../../../shared/ipc/licenceViews'
import { applyLanguage, i18n } from '../../i18n'
import { fakeApi, FakeRefusal, installFake, restingSnapshot, type FakeApi } from '../../ipc/fakeApi.testkit'
import { useSession } from '../../stores/session'
import { useToasts } from '../../stores/toasts'
import AboutDialog from './AboutDialog.vue'
import LicencesDialog from './LicencesDialog.vue'

const part = (change: Partial<ShippedPart>): ShippedPart => ({
  ...{ name: 'vue', version: '3.5.0', kind: 'package', licence: 'MIT', text: 'Terms of Vue', notices: null },
  ...change
})
const PARTS = [
  part({}),
  part({ name: 'Model', version: null, licence: 'Apache-2.0', text: 'Terms', notices: 'Taught by X' })
]

afterEach(() => {
  document.body.replaceChildren()
})

function show(component: Component, fake: FakeApi): { emitted: (name: string) => unknown; unmount: () => void } {
  installFake(fake)
  const pinia = createPinia()
  setActivePinia(pinia)
  return mount(component, { props: { open: true }, global: { plugins: [pinia, i18n] }, attachTo: document.body })
}
const lines = (): HTMLButtonElement[] => [
  ...document.querySelectorAll<HTMLButtonElement>('[data-testid=licences] h3 button')
]

it('shows every part, opens its text and notices, and finds words within texts', async () => {
  applyLanguage('en', 'en')
  const dialog = show(LicencesDialog, fakeApi({ 'app.licences': () => PARTS }))
  await flushPromises()
  expect(lines().map((line) => line.textContent.trim())).toEqual(['vue 3.5.0MIT', 'ModelApache-2.0'])
  expect(document.body.textContent).not.toContain('Taught by X')
  lines()[1]!.click()
  await flushPromises()
  expect(lines().map((line) => line.getAttribute('aria-expanded'))).toEqual(['false', 'true'])
  expect(document.body.textContent).toContain('Taught by X')
  const field = document.querySelector<HTMLInputElement>('[data-testid=licences] input')!
  const type = async (text: string): Promise<void> => {
    field.value = text
    field.dispatchEvent(new Event('input', { bubbles: true }))
    await flushPromises()
  }
  await type('of VUE')
  expect(lines().map((line) => line.textContent.trim())).toEqual(['vue 3.5.0MIT'])
  await type('nowhere')
  expect(document.body.textContent).toContain('Nothing has “nowhere” in it.')
  dialog.unmount()
})

it('says why, and goes, where the licences cannot be read (a dialog that reads for ever)', async () => {
  applyLanguage('en', 'en')
  const refusal = new FakeRefusal({ code: 'E_INSTALLATION', data: { path: '/app/licences.json' } })
  const answers = {
    'app.licences': () => {
      throw refusal
    }
  }
  const dialog = show(LicencesDialog, fakeApi(answers))
  await flushPromises()
  expect(dialog.emitted('update:open')).toEqual([[false]])
  expect(useToasts().list).toHaveLength(1)
  dialog.unmount()
})

it('tells the model’s scores as the catalogue has them, in About and for no model without (figures of its own)', async () => {
  applyLanguage('en', 'en')
  const [model] = restingSnapshot().models
  const scores = { siSdrDb: 7.254, stoi: 0.705, pairs: 11 }
  const models = [
    { ...model!, scores },
    { ...model!, id: 'own', name: 'Own' }
  ]
  const dialog = show(AboutDialog, fakeApi({ 'app.snapshot': () => restingSnapshot({ models }) }))
  await useSession().refresh()
  await flushPromises()
  const said = document.body.textContent
  expect(said).toContain('FRCRN-lite: SI-SDR 7.25 dB, STOI 0.705, means of 11 noisy recordings')
  expect(said).not.toContain('Own: SI-SDR')
  dialog.unmount()
})
