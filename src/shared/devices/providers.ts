import type { Device } from '../settings/choices'

/** A device that a model is opened on; `auto` has been decided. */
export type ConcreteDevice = Exclude<Device, 'auto'>

/** Why a device is not offered, or was found wrong. The window and the command have words for each. */
export const DEVICE_REASONS = [
  /** ONNX Runtime's package for this system and processor has no such provider. */
  'notOnThisSystem',
  /** CUDA's provider libraries are not installed: "Get CUDA support" brings them. */
  'noCudaSupport',
  /** A library that the provider needs is not there; `detail` names it. */
  'missingLibrary',
  'noVulkanLoader',
  /** The system's graphics interface knows no card that can be used. */
  'noAdapter',
  'noDriver',
  /** It counts, and comes to something else than the CPU. */
  'wrongResult',
  'notFinite',
  'outOfMemory',
  /** Its process died, or was silent for too long. */
  'crashed',
  'timedOut',
  /** It refused for another reason; `detail` has its words. */
  'failed'
] as const
export type DeviceReason = (typeof DEVICE_REASONS)[number]

/** A way of running a model: what it is called and where ONNX Runtime's package brings it. */
export interface Provider {
  readonly device: ConcreteDevice
  readonly name: string
  /** `platform/arch` of Node, where the package has it or, for CUDA, can take it up. */
  readonly systems: readonly string[]
  /** What a person has to have for it; English, for the command and the docs. */
  readonly needs: string
}

const LINUX_X64 = 'linux/x64'
const WINDOWS = ['win32/x64', 'win32/arm64']
const MAC_ARM64 = 'darwin/arm64'

/** By the contents of onnxruntime-node 1.30.0; the best first where nothing was measured. */
export const PROVIDERS: readonly Provider[] = [
  { device: 'cuda', name: 'CUDA', systems: [LINUX_X64], needs: 'an NVIDIA card with its driver, and CUDA support' },
  { device: 'dml', name: 'DirectML', systems: WINDOWS, needs: 'a DirectX 12 card' },
  { device: 'coreml', name: 'CoreML', systems: [MAC_ARM64], needs: 'nothing' },
  {
    device: 'webgpu',
    name: 'WebGPU',
    systems: [LINUX_X64, ...WINDOWS, MAC_ARM64],
    needs: 'a card with Vulkan (Linux), Direct3D 12 (Windows) or Metal (macOS)'
  },
  {
    device: 'cpu',
    name: 'CPU',
    systems: [LINUX_X64, 'linux/arm64', ...WINDOWS, MAC_ARM64],
    needs: 'nothing'
  }
]

/** The provider of a device. */
export function providerOf(device: ConcreteDevice): Provider {
  return PROVIDERS.find((provider) => provider.device === device)!
}

/** Providers of this system, in the table's order. Pure. */
export function providersOn(platform: string, arch: string): readonly Provider[] {
  return PROVIDERS.filter(({ systems }) => systems.includes(`${platform}/${arch}`))
}

/** A device's refusal, told by the words of ONNX Runtime and the libraries under it. */
export interface Refusal {
  readonly reason: DeviceReason
  readonly detail: string
}

const WORDS: readonly (readonly [RegExp, DeviceReason])[] = [
  [/providers_(?:shared|cuda)\.(?:so|dll)\S* cannot open|providers_shared\S*: cannot open/iu, 'noCudaSupport'],
  [/libcuda\.so\S*: cannot open|CUDA driver version is insufficient|CUDA failure (?:35|100|803|804)\b/iu, 'noDriver'],
  [/(lib[\w.+-]+\.so[.\d]*): cannot open shared object/iu, 'missingLibrary'],
  [/couldn'?t (?:load|open).{0,20}vulkan|libvulkan\.so\S*: cannot open/iu, 'noVulkanLoader'],
  [/Failed to get a WebGPU adapter|No supported adapters|Found no drivers/iu, 'noAdapter'],
  [/backend not found|no available backend|not (?:supported|enabled) in this build/iu, 'notOnThisSystem'],
  [/Failed to load shared library/iu, 'noCudaSupport']
]
const MAX_DETAIL = 300

/**
 * What a refusal means. `text` is the error's message with the end of what the process wrote: ONNX Runtime names the missing library
 * there only. Pure.
 */
export function explainRefusal(text: string): Refusal {
  for (const [pattern, reason] of WORDS) {
    const match = pattern.exec(text)
    if (match) return { reason, detail: match[1] ?? shortened(text) }
  }
  return { reason: 'failed', detail: shortened(text) }
}

function shortened(text: string): string {
  // eslint-disable-next-line no-control-regex -- colours of ONNX Runtime's log
  const plain = text.replace(/\u001b\[[\d;]*m/gu, '')
  return plain.replace(/\s+/gu, ' ').trim().slice(0, MAX_DETAIL)
}
