import type { DevicesView, DeviceView } from '../../../../shared/ipc/deviceViews'

/** Devices for tests: a machine with a card. */

const NOTHING = {
  adapter: null,
  reason: null,
  detail: null,
  speed: null,
  matchDb: null,
  rssBytes: null,
  vramBytes: null,
  testedAt: null,
  isChosen: false
} as const

export const CPU: DeviceView = {
  ...NOTHING,
  device: 'cpu',
  name: 'CPU',
  state: 'right',
  speed: 5.13,
  rssBytes: 182e6,
  testedAt: '2026-03-01T10:00:00.000Z'
}
export const CUDA_RIGHT: DeviceView = {
  ...NOTHING,
  device: 'cuda',
  name: 'CUDA',
  adapter: 'NVIDIA H100',
  state: 'right',
  speed: 212,
  matchDb: 109.4,
  rssBytes: 900e6,
  vramBytes: 640e6,
  testedAt: '2026-03-01T10:00:00.000Z',
  isChosen: true
}
export const CUDA_ABSENT: DeviceView = {
  ...NOTHING,
  device: 'cuda',
  name: 'CUDA',
  state: 'unavailable',
  reason: 'noCudaSupport',
  detail: 'libonnxruntime_providers_cuda.so: cannot open'
}
export const WEBGPU_ABSENT: DeviceView = {
  ...NOTHING,
  device: 'webgpu',
  name: 'WebGPU',
  state: 'unavailable',
  reason: 'noVulkanLoader'
}
export const DML: DeviceView = {
  ...NOTHING,
  device: 'dml',
  name: 'DirectML',
  state: 'unavailable',
  reason: 'notOnThisSystem'
}

export function devicesOf(change: Partial<DevicesView> = {}): DevicesView {
  return {
    modelId: 'frcrn-lite',
    devices: [CUDA_RIGHT, DML, WEBGPU_ABSENT, CPU],
    auto: { device: 'cuda', reason: 'fastest', from: null, error: null },
    cuda: { state: 'installed', bytes: null, licence: 'MIT' },
    task: null,
    lastError: null,
    ...change
  }
}
