import { flushPromises, mount, type VueWrapper } from '@vue/test-utils'
import { createPinia, setActivePinia } from 'pinia'
import { TooltipProvider } from 'reka-ui'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { defineComponent, h } from 'vue'
import { DEFAULT_APP_SETTINGS, patchSettings, type AppSettings } from '../../../../shared/settings/appSettings'
import type { ModelShelf } from '../../../../shared/ipc/modelViews'
import type { Snapshot } from '../../../../shared/ipc/views'
import { emptyQueue } from '../../../../shared/jobs/reduceQueue'
import { applyLanguage, i18n } from '../../i18n'
import { fakeApi, FakeRefusal, installFake, restingSnapshot, type FakeApi } from '../../ipc/fakeApi.testkit'
import { useModels } from '../../stores/models'
import { useSession } from '../../stores/session'
import { useFileDrop } from '../../composables/useFileDrop'
import { aJob } from '../list/jobs.testkit'
import ListRegion from '../list/ListRegion.vue'
import { LITE, OFFER } from './models.testkit'

let fake: FakeApi
let region: VueWrapper
let main: AppSettings
let picked: boolean
let refuse: boolean

const SHELF: ModelShelf = { folder: '/m', defaultId: 'frcrn-lite', models: [LITE], offers: [OFFER], tasks: [] }

async function open(change: Partial<Snapshot> = {}): Promise<void> {
  fake = fakeApi({
    'app.snapshot': () => restingSnapshot({ settings: main, shelf: SHELF, ...change }),
    'settings.patch': (patch) => (main = patchSettings(main, patch)),
    'models.pick': () => (picked ? { taskIds: ['t1'] } : null),
    'models.addPaths': () => ({ taskIds: ['t1'] }),
    'queue.addPaths': () => ({ scanId: 's' }),
    'models.download': () => {
      if (refuse) throw new FakeRefusal({ code: 'E_DISK_FULL', data: {} })
      return { taskId: 't1' }
    }
  })
  installFake(fake)
  const pinia = createPinia()
  setActivePinia(pinia)
  const Root = defineComponent({
    setup: () => {
      useFileDrop()
      return () => h(TooltipProvider, null, { default: () => h(ListRegion) })
    }
  })
  region = mount(Root, { global: { plugins: [pinia, i18n] }, attachTo: document.body })
  await useSession().refresh()
  await flushPromises()
}
const welcome = (): boolean => region.find('[data-testid=welcome]').exists()
async function press(id: string): Promise<void> {
  await region.get(`[data-testid=${id}]`).trigger('click')
  await flushPromises()
}

beforeEach(() => {
  applyLanguage('en', 'en')
  main = { ...DEFAULT_APP_SETTINGS, language: 'en' }
  picked = true
  refuse = false
})
afterEach(() => {
  region.unmount()
})

it('offers what is here, and is gone with the answer', async () => {
  await open()
  expect(region.text()).toContain('FRCRN-lite is here already, 5.1 MB.')
  expect(region.text()).toContain('Apache-2.0 · 160 MB · huggingface.co')
  await press('welcome-start')
  expect(main.welcomed).toBe(true)
  expect(welcome()).toBe(false)
  expect(region.text()).toContain('Drop recordings or a folder here')
  expect(fake.requestsOf('models.download')).toEqual([])
})

it('downloads what is asked for, and shows it where it comes', async () => {
  await open()
  await press('welcome-download')
  expect(fake.requestsOf('models.download')).toEqual([{ id: OFFER.id }])
  expect([main.welcomed, useModels().isOpen]).toEqual([true, true])
})

it('stays with the reason where the download cannot begin (an answer that was none)', async () => {
  refuse = true
  await open()
  await press('welcome-download')
  expect(region.get('[data-testid=welcome-refused]').text()).toContain('Make room on the disk')
  expect(main.welcomed).toBe(false)
})

it('a dialog that was left is no answer', async () => {
  picked = false
  await open()
  await press('welcome-pick')
  expect([main.welcomed, welcome()]).toEqual([false, true])
  picked = true
  await press('welcome-pick')
  expect([main.welcomed, useModels().isOpen]).toEqual([true, true])
})

it('does not come back over a list that was emptied', async () => {
  await open({ queue: { ...emptyQueue('epoch-1'), jobs: [aJob('1', 'a.wav')] } })
  expect(welcome()).toBe(false)
  expect(main.welcomed).toBe(true)
})

it('parts a drop: models to the Models view, the rest to the list (weights among the recordings)', async () => {
  main = { ...main, welcomed: true }
  await open()
  const drop = async (...names: string[]): Promise<void> => {
    const files = names.map((name) => new File(['x'], name))
    const event = Object.assign(new Event('drop', { bubbles: true, cancelable: true }), {
      dataTransfer: { types: ['Files'], files }
    })
    window.dispatchEvent(event)
    await flushPromises()
  }
  await drop('a.wav', 'net.PT', 'b.flac')
  expect(fake.requestsOf('queue.addPaths')).toEqual([{ paths: ['/dropped/a.wav', '/dropped/b.flac'] }])
  expect(fake.requestsOf('models.addPaths')).toEqual([{ paths: ['/dropped/net.PT'] }])
  expect(useModels().isOpen).toBe(true)
  await drop('a.zip')
  expect(fake.requestsOf('models.addPaths')[1]).toEqual({ paths: ['/dropped/a.zip'] })
  useModels().isOpen = false
  await drop('a.zip')
  expect(fake.requestsOf('queue.addPaths')[1]).toEqual({ paths: ['/dropped/a.zip'] })
})
