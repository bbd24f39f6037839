import { flushPromises, mount, type VueWrapper } from '@vue/test-utils'
import { createPinia, setActivePinia } from 'pinia'
import { TooltipProvider } from 'reka-ui'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { h, type Component } from 'vue'
import type { DevicesView } from '../../../../shared/ipc/deviceViews'
import type { EngineView } from '../../../../shared/ipc/views'
import { DEFAULT_APP_SETTINGS, patchSettings, type AppSettings } from '../../../../shared/settings/appSettings'
import { applyLanguage, i18n } from '../../i18n'
import { fakeApi, FakeRefusal, installFake, restingSnapshot, type FakeApi } from '../../ipc/fakeApi.testkit'
import { useSession } from '../../stores/session'
import DeviceField from '../settings/DeviceField.vue'
import NoticeStack from '../shell/NoticeStack.vue'
import StatusBar from '../status/StatusBar.vue'
import DevicesDialog from './DevicesDialog.vue'
import { CPU, CUDA_ABSENT, devicesOf } from './devices.testkit'

let fake: FakeApi
let main: AppSettings
let part: VueWrapper

async function open(component: Component, view: DevicesView, engine: EngineView = { kind: 'stopped' }): Promise<void> {
  fake = fakeApi({
    'app.snapshot': () => ({ ...restingSnapshot({ engine }), settings: main }),
    'settings.patch': (patch) => (main = patchSettings(main, patch)),
    'devices.view': () => view,
    'devices.probe': () => {
      throw new FakeRefusal({ code: 'E_BAD_REQUEST', data: { detail: 'devices are tried when nothing else runs' } })
    }
  })
  installFake(fake)
  const pinia = createPinia()
  setActivePinia(pinia)
  const inside = {
    render: () => h(TooltipProvider, {}, () => h(component, component === DevicesDialog ? { open: true } : null))
  }
  part = mount(inside, { global: { plugins: [pinia, i18n] }, attachTo: document.body })
  await useSession().refresh()
  await flushPromises()
}
const at = (id: string): HTMLElement => document.querySelector<HTMLElement>(`[data-testid="${id}"]`)!
const text = (id: string): string => at(id).textContent.replace(/\s+/gu, ' ').trim()
const press = async (label: string, within: ParentNode = document): Promise<void> => {
  const found = [...within.querySelectorAll('button')].find(
    (one) => one.getAttribute('aria-label') === label || one.textContent.trim() === label
  )
  found!.click()
  await flushPromises()
}

beforeEach(() => {
  applyLanguage('en', 'en')
  main = { ...DEFAULT_APP_SETTINGS, language: 'en' }
})
afterEach(() => {
  part.unmount()
  document.body.replaceChildren()
})

it('shows what a card came to, and that auto takes it as the fastest right one', async () => {
  await open(DevicesDialog, devicesOf())
  expect(text('device-auto')).toContain('Now CUDA: the fastest one that comes to the right result.')
  expect(text('device-cuda')).toContain('NVIDIA H100')
  expect(text('device-cuda')).toContain(
    '212× real time · matches the CPU to 109 dB · 900 MB of memory · 640 MB on the card'
  )
  expect(text('device-cuda')).toContain('Automatic takes this')
  expect(text('device-webgpu')).toContain('Not available: No Vulkan loader')
  expect(text('devices-dialog')).toContain('On other systems: DirectML')
  await press('Use CPU')
  expect(main.job.device).toBe('cpu')
})

it('offers CUDA support with its size and licence, shows the download, and cancels it', async () => {
  const absent = { state: 'absent', bytes: 1_100e6, licence: 'MIT, NVIDIA EULA' } as const
  const view = devicesOf({ devices: [CUDA_ABSENT, CPU], cuda: absent })
  await open(DevicesDialog, view)
  expect(text('device-cuda')).toContain('Not available: CUDA 12 libraries not found.')
  expect(text('device-cuda')).toContain('1.1 GB to download · MIT, NVIDIA EULA')
  at('get-cuda').click()
  await flushPromises()
  expect(fake.requestsOf('devices.getCuda')).toHaveLength(1)
  const task = { kind: 'getCuda', phase: 'download', subject: 'cudnn.whl', fraction: 0.42 } as const
  fake.push({ topic: 'devices', devices: { ...view, task } })
  await flushPromises()
  expect(text('device-task')).toContain('Downloading cudnn.whl …')
  expect(text('device-task')).toContain('42%')
  expect((at('get-cuda') as HTMLButtonElement).disabled).toBe(true)
  await press('Cancel', at('device-task'))
  expect(fake.requestsOf('devices.cancel')).toHaveLength(1)
})

it('offers no download where there is none, and says so (a button that leads nowhere)', async () => {
  const cuda = { state: 'notOffered', bytes: null, licence: '' } as const
  await open(DevicesDialog, devicesOf({ devices: [CUDA_ABSENT, CPU], cuda }))
  expect(at('get-cuda')).toBeNull()
  expect(text('device-cuda')).toContain('no CUDA libraries to download for this system')
})

it('says what was refused and what went wrong, where it was asked for', async () => {
  const lastError = { code: 'E_DOWNLOAD_FAILED', data: {} } as const
  await open(DevicesDialog, devicesOf({ lastError }))
  expect(text('devices-failed')).toContain('The download failed.')
  at('try-devices').click()
  await flushPromises()
  expect(text('devices-refused')).toContain('devices are tried when nothing else runs')
})

it('names in the settings what auto stands for, and why the chosen device is not to be had', async () => {
  await open(DeviceField, devicesOf())
  expect(text('settings-device')).toContain('Now CUDA: the fastest one')
  part.unmount()
  main = patchSettings(main, { job: { device: 'webgpu' } })
  await open(DeviceField, devicesOf())
  expect(text('settings-device')).toContain('Not available: No Vulkan loader')
})

const FELL_BACK: EngineView = {
  kind: 'ready',
  device: 'cpu',
  threads: 2,
  join: 'carried',
  precision: 'fp32',
  precisionReason: null,
  pid: 7,
  deviceChoice: {
    device: 'cpu',
    reason: 'fellBack',
    from: 'cuda',
    error: { code: 'E_DEVICE_UNAVAILABLE', data: { detail: 'CUDA failure 2' } }
  }
}

it('says that auto fell back to the CPU, in the status bar and above the list (silently on the CPU)', async () => {
  await open(StatusBar, devicesOf(), FELL_BACK)
  expect(text('status-device-why')).toBe('Automatic: CUDA failed')
  fake.push({ topic: 'engine', engine: { ...FELL_BACK, deviceChoice: null } as EngineView })
  await flushPromises()
  expect(text('status-device-why')).toBe('As chosen')
  part.unmount()
  await open(NoticeStack, devicesOf(), FELL_BACK)
  expect(text('device-notice')).toContain('CUDA could not be used')
  expect(text('device-notice')).toContain('CUDA failure 2 The work is done on CPU.')
  await press('Dismiss')
  expect(at('device-notice')).toBeNull()
})
