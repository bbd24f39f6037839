import { flushPromises, mount, type VueWrapper } from '@vue/test-utils'
import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { DeviceChoice } from '../../../../shared/ipc/deviceViews'
import type { ModelTaskView } from '../../../../shared/ipc/modelViews'
import type { ModelView } from '../../../../shared/ipc/views'
import { DEFAULT_APP_SETTINGS, patchSettings, type AppSettings } from '../../../../shared/settings/appSettings'
import { applyLanguage, i18n } from '../../i18n'
import { fakeApi, installFake, restingSnapshot, type FakeApi } from '../../ipc/fakeApi.testkit'
import { useModels } from '../../stores/models'
import { useSession } from '../../stores/session'
import { taskOf, TRUSTED } from '../models/models.testkit'
import ModelPart from './ModelPart.vue'

let fake: FakeApi
let part: VueWrapper
let main: AppSettings
let auto: DeviceChoice | null

async function open(change: Partial<ModelView>, tasks: readonly ModelTaskView[] = []): Promise<string> {
  const resting = restingSnapshot()
  const models = [{ ...resting.models[0]!, ...change }]
  fake = fakeApi({
    'app.snapshot': () => ({ ...resting, settings: main, models, shelf: { ...resting.shelf, tasks } }),
    'settings.patch': (patch) => (main = patchSettings(main, patch)),
    'models.selfCheck': () => ({ taskId: 't1' }),
    'devices.view': () => ({
      ...{ modelId: 'frcrn-lite', devices: [], auto, task: null, lastError: null },
      cuda: { state: 'notOffered', bytes: null, licence: '' }
    })
  })
  installFake(fake)
  const pinia = createPinia()
  setActivePinia(pinia)
  part = mount(ModelPart, { global: { plugins: [pinia, i18n] }, attachTo: document.body })
  await useSession().refresh()
  await flushPromises()
  return part.get('[data-testid=precision-field]').text()
}
const radio = (name: string): HTMLButtonElement =>
  part.findAll<HTMLButtonElement>('[role=radio]').find((one) => one.text() === name)!.element

beforeEach(() => {
  applyLanguage('en', 'en')
  main = { ...DEFAULT_APP_SETTINGS, language: 'en' }
  auto = null
})
afterEach(() => {
  part.unmount()
})

const BOTH = { precisions: ['fp32', 'fp16'] } as const

it('cannot choose what a model has not, and says so', async () => {
  expect(await open({})).toContain('This model is here in FP32 only.')
  expect(radio('FP16').disabled).toBe(true)
  part.unmount()
  expect(await open({ precisions: ['fp16'] })).toContain('This model is here in FP16 only.')
  expect(radio('FP16').getAttribute('aria-checked')).toBe('true')
})

it('puts FP16 into the settings, and says that it is slower here (half the bits taken for twice the speed)', async () => {
  const text = await open({ ...BOTH, selfChecks: [TRUSTED] })
  expect(text).toContain('FP16 is slower than FP32 on this CPU.')
  expect(text).toContain('matches FP32 to 62 dB on this CPU, 0.60× the speed, 140 MB less memory.')
  radio('FP16').click()
  await flushPromises()
  expect(main.job.precision).toBe('fp16')
})

it('says that FP32 is used where FP16 failed its check', async () => {
  const text = await open({ ...BOTH, selfChecks: [{ ...TRUSTED, isTrusted: false, snrDb: 30 }] })
  expect(text).toContain('FP32 is used there.')
  expect(text).not.toContain('slower')
})

it('offers the check of this device, and shows it at work', async () => {
  const elsewhere = { ...TRUSTED, device: 'cuda' } as const
  expect(await open({ ...BOTH, selfChecks: [elsewhere] })).toContain('FP16 is not checked on this computer yet')
  await part.get('[data-testid=precision-field] button:not([role])').trigger('click')
  await flushPromises()
  expect(fake.requestsOf('models.selfCheck')).toEqual([{ id: 'frcrn-lite', device: 'cpu' }])
  part.unmount()
  const running = taskOf({ kind: 'selfCheck', modelId: 'frcrn-lite' })
  expect(await open(BOTH, [running])).toContain('Comparing FP16 with FP32 …')
})

it('leads to the Models view', async () => {
  await open({})
  await part
    .findAll('button')
    .find((one) => one.text() === 'Models…')!
    .trigger('click')
  expect(useModels().isOpen).toBe(true)
})

it('tells and does the check of the device that auto stands for (the CPU was told of, and the work went elsewhere)', async () => {
  auto = { device: 'cuda', reason: 'fastest', from: null, error: null }
  const text = await open({ ...BOTH, selfChecks: [TRUSTED, { ...TRUSTED, device: 'cuda', snrDb: 71 }] })
  expect(text).toContain('71 dB')
  expect(text).not.toContain('62 dB')
  part.unmount()
  await open({ ...BOTH, selfChecks: [TRUSTED] })
  await part.get('[data-testid=precision-field] button:not([role])').trigger('click')
  await flushPromises()
  expect(fake.requestsOf('models.selfCheck')).toEqual([{ id: 'frcrn-lite', device: 'cuda' }])
})
