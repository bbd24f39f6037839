import { flushPromises, mount, type VueWrapper } from '@vue/test-utils'
import { createPinia, setActivePinia } from 'pinia'
import { TooltipProvider } from 'reka-ui'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { defineComponent, h } from 'vue'
import type { ModelShelf, ModelTaskView } from '../../../../shared/ipc/modelViews'
import type { ModelView } from '../../../../shared/ipc/views'
import { DEFAULT_APP_SETTINGS, patchSettings, type AppSettings } from '../../../../shared/settings/appSettings'
import { applyLanguage, i18n } from '../../i18n'
import { fakeApi, FakeRefusal, installFake, restingSnapshot, type FakeApi } from '../../ipc/fakeApi.testkit'
import { useModels } from '../../stores/models'
import { useSession } from '../../stores/session'
import { useToasts } from '../../stores/toasts'
import DialogHost from '../dialogs/DialogHost.vue'
import { LITE, OFFER, OWN, taskOf } from './models.testkit'

let fake: FakeApi
let host: VueWrapper
let main: AppSettings
let refuse: boolean

const shelfOf = (change: Partial<ModelShelf> = {}): ModelShelf => ({
  folder: '/data/models',
  defaultId: 'frcrn-lite',
  models: [LITE, OWN],
  offers: [OFFER],
  tasks: [],
  ...change
})
const choices: readonly ModelView[] = [LITE, OWN].map(({ id, name, sizeBytes, precisions, selfChecks }) => {
  return { id, name, licence: '', hasStateful: true, chunkSec: 0.5, sizeBytes, sha256: null, precisions, selfChecks }
})

async function open(shelf: Partial<ModelShelf> = {}): Promise<void> {
  fake = fakeApi({
    'app.snapshot': () => restingSnapshot({ settings: main, models: choices, shelf: shelfOf(shelf) }),
    'settings.patch': (patch) => (main = patchSettings(main, patch)),
    'models.remove': () => {
      if (refuse) throw new FakeRefusal({ code: 'E_MODEL_IN_USE', data: {} })
      return null
    },
    'models.download': () => ({ taskId: 't1' })
  })
  installFake(fake)
  const pinia = createPinia()
  setActivePinia(pinia)
  const Root = defineComponent({ render: () => h(TooltipProvider, null, { default: () => h(DialogHost) }) })
  host = mount(Root, { global: { plugins: [pinia, i18n] }, attachTo: document.body })
  await useSession().refresh()
  fake.push({ topic: 'command', command: 'models' })
  await flushPromises()
}
async function tell(change: Partial<ModelShelf>): Promise<void> {
  fake.push({ topic: 'models', models: choices, shelf: shelfOf(change) })
  await flushPromises()
}
async function step(task: ModelTaskView): Promise<void> {
  fake.push({ topic: 'modelTask', task })
  await flushPromises()
}

const at = (selector: string): HTMLElement => {
  const element = document.querySelector<HTMLElement>(selector)
  if (!element) throw new Error(`there is no ${selector}`)
  return element
}
const card = (id: string): HTMLElement => at(`[data-testid="${id}"]`)
async function press(name: string, within: ParentNode = document): Promise<void> {
  const button = [...within.querySelectorAll('button')].find(
    (one) => one.getAttribute('aria-label') === name || one.textContent.trim() === name
  )
  if (!button) throw new Error(`there is no button ${name}`)
  button.click()
  await flushPromises()
}

beforeEach(() => {
  applyLanguage('en', 'en')
  main = { ...DEFAULT_APP_SETTINGS, language: 'en', welcomed: true }
  refuse = false
})
afterEach(() => {
  host.unmount()
  document.body.replaceChildren()
})

describe('what is here', () => {
  it('says of each where it is from, its licence, its size, and how FP16 does', async () => {
    await open()
    expect(card('model-frcrn-lite').textContent).toContain('Comes with Stillwave · Apache-2.0 · 5.1 MB · FP32')
    const own = card('model-my-weights').textContent
    expect(own).toContain('Converted here from My weights.pt · Licence not known · 58 MB · FP32 and FP16')
    expect(own).toContain('FP16 matches FP32 to 62 dB on this CPU, 0.60× the speed, 140 MB less memory.')
    expect(own).toContain('Files checked 2 Mar 2026')
  })

  it('says when FP16 is not good enough, was never tried, or could not be (each looks like a good one)', async () => {
    const [check] = OWN.selfChecks
    await open({ models: [LITE, { ...OWN, selfChecks: [{ ...check!, isTrusted: false, snrDb: 31 }] }] })
    expect(card('self-check').dataset.trusted).toBe('false')
    expect(card('model-my-weights').textContent).toContain('(31 dB; at least 45 dB are needed): FP32 is used there.')
    await tell({ models: [LITE, { ...OWN, selfChecks: [] }] })
    expect(card('model-my-weights').textContent).toContain('FP16 is not checked on this computer yet')
    const error = { code: 'E_MEMORY', data: {} } as const
    await tell({ models: [LITE, { ...OWN, selfChecks: [{ ...check!, isTrusted: false, snrDb: null, error }] }] })
    expect(card('model-my-weights').textContent).toContain('There was not enough memory. Close other programs')
  })

  it('takes another model with its own chunks', async () => {
    await open()
    await press('Use My weights')
    expect(main.job).toMatchObject({ modelId: 'my-weights', chunkSec: 0.5, join: 'carried' })
    expect(card('model-my-weights').textContent).toContain('In use')
    expect(card('model-frcrn-lite').textContent).not.toContain('In use')
  })

  it('removes only after it was asked, and goes back to the default where the model was in use', async () => {
    main = patchSettings(main, { job: { modelId: 'my-weights' } })
    await open()
    await press('Remove My weights')
    expect(document.activeElement?.textContent.trim()).toBe('Keep')
    expect(at('[role=group]').textContent).toContain('58 MB. FRCRN-lite is used from then on.')
    await press('Keep')
    expect(fake.requestsOf('models.remove')).toEqual([])
    await press('Remove My weights')
    await press('Remove')
    expect(fake.requestsOf('models.remove')).toEqual([{ id: 'my-weights' }])
    expect(main.job.modelId).toBe('frcrn-lite')
  })

  it('keeps the model in use where main would not remove it, and says why', async () => {
    refuse = true
    main = patchSettings(main, { job: { modelId: 'my-weights' } })
    await open()
    await press('Remove My weights')
    await press('Remove')
    expect(card('models-refused').textContent).toContain('This model is in use. Wait until the batch is done')
    expect(main.job.modelId).toBe('my-weights')
  })

  it('has no way to remove what comes with Stillwave', async () => {
    await open()
    expect(card('model-frcrn-lite').querySelector('[aria-label="Remove FRCRN-lite"]')).toBeNull()
  })

  it('names what is wrong with a damaged one, cannot use it, and offers it again', async () => {
    const problem = { code: 'E_MODEL_DAMAGED', data: { detail: 'fp32/model.onnx' } } as const
    await open({ models: [LITE, { ...OWN, problem, offerId: OFFER.id }] })
    const own = card('model-my-weights')
    expect(own.textContent).toContain('My weights cannot be used')
    expect(own.textContent).toContain('fp32/model.onnx')
    expect(own.querySelector('[aria-label="Use My weights"]')).toBeNull()
    await press('Download again', own)
    expect(fake.requestsOf('models.download')).toEqual([{ id: OFFER.id }])
  })
})

describe('what can be downloaded', () => {
  it('shows licence, size and mirror, and where an earlier download stands', async () => {
    main = { ...main, modelMirror: 'hf-mirror.com' }
    await open({ offers: [{ ...OFFER, partialBytes: 54_400_000 }] })
    const offer = card(`offer-${OFFER.id}`)
    expect(offer.textContent).toContain('Apache-2.0 · 160 MB · from hf-mirror.com')
    expect(offer.textContent).toContain('34% of it is here: 54 MB of 160 MB')
    await press(`Go on with the download of ${OFFER.name}`)
    expect(fake.requestsOf('models.download')).toEqual([{ id: OFFER.id }])
  })

  it('shows bytes while it comes, and can be cancelled', async () => {
    const task = taskOf({ kind: 'download', modelId: OFFER.id, name: OFFER.name })
    const at10: ModelTaskView = { ...task, state: { kind: 'running', phase: 'download', fraction: 0.1 } }
    await open({ tasks: [at10] })
    await step({ ...at10, state: { kind: 'running', phase: 'download', fraction: 0.25 } })
    const offer = card(`offer-${OFFER.id}`)
    expect(offer.textContent).toContain('Downloading …')
    expect(offer.textContent).toContain('25% · 40 MB of 160 MB')
    await press(`Cancel: ${OFFER.name}`)
    expect(fake.requestsOf('models.cancelTask')).toEqual([{ taskId: 't1' }])
  })

  it('says why it failed and tries again (two buttons for one thing)', async () => {
    const error = { code: 'E_DOWNLOAD_MISMATCH', data: {} } as const
    const failed = taskOf({ kind: 'download', modelId: OFFER.id, name: OFFER.name, state: { kind: 'failed', error } })
    await open({ tasks: [failed] })
    const offer = card(`offer-${OFFER.id}`)
    expect(offer.textContent).toContain('was not downloaded')
    expect(offer.textContent).toContain(
      'not the expected one and was thrown away. Try again, or choose another mirror.'
    )
    expect(offer.querySelectorAll('button').length).toBe(2)
    await press('Try again')
    expect(fake.requestsOf('models.dismissTask')).toEqual([{ taskId: 't1' }])
    expect(fake.requestsOf('models.download')).toEqual([{ id: OFFER.id }])
  })

  it('says that all is here once it is', async () => {
    await open({ offers: [{ ...OFFER, installedAs: 'my-weights' }] })
    expect(card('models-dialog').textContent).toContain('Every model on offer is installed.')
  })
})

describe('what is being done', () => {
  it('tells the phase, then the end, aloud as well', async () => {
    await open({ tasks: [taskOf()] })
    expect(card('model-task').textContent).toContain('Converting to FP32 and FP16 …')
    const state = { kind: 'done', modelId: 'my-weights', isNew: true, damaged: [] } as const
    await tell({ tasks: [taskOf({ state })] })
    expect(card('models-said').textContent).toBe('My weights is installed and can be used.')
    expect(useToasts().list).toEqual([])
    await press('Use My weights', card('model-task'))
    expect(main.job.modelId).toBe('my-weights')
    expect(fake.requestsOf('models.dismissTask')).toEqual([{ taskId: 't1' }])
  })

  it('a refused file says what, why and what to do, without words about recordings', async () => {
    const error = { code: 'E_MODEL_UNSAFE', data: { detail: 'os.system' } } as const
    await open({ tasks: [taskOf({ state: { kind: 'failed', error } })] })
    expect(card('model-task').textContent).toContain('My weights.pt was not imported')
    expect(card('model-task').textContent).toContain('was not opened. Get the model from its authors.')
    expect(card('model-task').textContent).toContain('os.system')
  })

  it('ends as a toast where the view is closed, and a late step brings no ended task back', async () => {
    await open({ tasks: [taskOf()] })
    useModels().isOpen = false
    await tell({ tasks: [taskOf({ state: { kind: 'failed', error: { code: 'E_CANCELLED', data: {} } } })] })
    expect(useToasts().list.map(({ text }) => text)).toEqual(['My weights.pt: cancelled. Nothing was left behind.'])
    await step(taskOf())
    expect(useModels().running).toEqual([])
  })

  it('a check that was done leaves its result only, one that failed its reason', async () => {
    const check = taskOf({ kind: 'selfCheck', modelId: 'my-weights', name: 'My weights' })
    await open({ tasks: [check] })
    const done = { kind: 'done', modelId: 'my-weights', isNew: false, damaged: [] } as const
    await tell({ tasks: [{ ...check, state: done }] })
    expect(fake.requestsOf('models.dismissTask')).toEqual([{ taskId: 't1' }])
    expect(card('models-said').textContent).toBe('My weights: FP16 was checked.')
    await tell({ tasks: [check] })
    await tell({ tasks: [{ ...check, state: { kind: 'failed', error: { code: 'E_WORKSHOP_CRASH', data: {} } } }] })
    expect(card('model-task').textContent).toContain('FP16 of My weights could not be checked')
    expect(fake.requestsOf('models.dismissTask').length).toBe(1)
  })

  it('takes the model that the welcome was answered with (downloaded, and the light one goes on)', async () => {
    await open({ tasks: [] })
    await useModels().downloadAndUse(OFFER.id)
    const task = taskOf({ kind: 'download', modelId: OFFER.id })
    await tell({ tasks: [task] })
    await tell({ tasks: [{ ...task, state: { kind: 'done', modelId: 'my-weights', isNew: true, damaged: [] } }] })
    expect(main.job.modelId).toBe('my-weights')
  })
})
