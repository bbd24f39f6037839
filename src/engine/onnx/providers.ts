import type { ConcreteDevice } from '../../shared/devices/providers'

/** How a session is opened on a device. */
export interface ProviderSession {
  /** As `executionProviders` of ONNX Runtime takes it: one provider, so that nothing is run elsewhere in silence. */
  readonly provider: string | { readonly name: string; readonly [option: string]: unknown }
  readonly graphOptimizationLevel: 'all' | 'basic'
}

/**
 * WebGPU of onnxruntime-node 1.30.0, measured with FRCRN-lite on SwiftShader against the CPU: with its own layout (NHWC) 10 dB, with
 * the optimizer's fused operators values that are no numbers, with neither 110 dB.
 */
function webgpu(hostNodes: readonly string[]): ProviderSession {
  const options = { name: 'webgpu', preferredLayout: 'NCHW' }
  const provider = hostNodes.length === 0 ? options : { ...options, forceCpuNodeNames: hostNodes }
  return { provider, graphOptimizationLevel: 'basic' }
}

/** The options of each provider; `hostNodes` are nodes that the device cannot run, by name. */
export function providerSession(device: ConcreteDevice, hostNodes: readonly string[] = []): ProviderSession {
  if (device === 'webgpu') return webgpu(hostNodes)
  return { provider: device, graphOptimizationLevel: 'all' }
}
