/**
 * What providers say when the device has gone: after a crash or a reset of its driver, when the card was taken away or slept, or
 * after a wild access of any program. Nothing of that session works any more; a fresh process may. Words only, as for memory.
 */
const PATTERNS: readonly RegExp[] = [
  // CUDA: no device any more (46, 100, 101), an error of its memory (214), the errors that spoil the context (700-720 without those of
  // wrong use), and unknown (999).
  /CUDA (?:failure|error) (?:46|100|101|214|70[02]|71[0-9]|720|999)\b/iu,
  /cudaError(?:IllegalAddress|LaunchFailure|LaunchTimeout|ECCUncorrectable|DevicesUnavailable|HardwareStackError)/u,
  /CUDA_ERROR_(?:ILLEGAL_ADDRESS|LAUNCH_FAILED|LAUNCH_TIMEOUT|ECC_UNCORRECTABLE|HARDWARE_STACK_ERROR|DEVICE_UNAVAILABLE)/u,
  /an illegal memory access was encountered|unspecified launch failure|uncorrectable ECC error/iu,
  // Dawn, below WebGPU: its own words, and those of Vulkan, D3D12 and Metal.
  /VK_ERROR_DEVICE_LOST|DeviceLostReason|\bGPUDeviceLost/iu,
  /\bdevice (?:is|was|has been) lost\b|\bdevice lost\b|\blost device\b/iu,
  // DirectML: removed, hung, reset, an error of the driver.
  /DXGI_ERROR_(?:DEVICE_REMOVED|DEVICE_HUNG|DEVICE_RESET|DRIVER_INTERNAL_ERROR)|\b887A00(?:05|06|07|20)\b/iu,
  /GPU device instance has been suspended|GPU will not respond to more commands/iu,
  // Metal and CoreML.
  /kIO(?:GPU|Accel)CommandBufferCallbackError(?:Hang|Timeout|SubmissionsIgnored|InnocentVictim|PageFault|Blacklisted)/u,
  /Caused GPU (?:Hang|Timeout|Address Fault) Error|Ignored \(for causing prior\/excessive GPU errors\)/iu,
  /Discarded \(victim of GPU error\/recovery\)|MTLCommandBufferErrorDeviceRemoved/iu
]

/** Whether a message says that a device has gone. To be asked after memory: a card that ran out of it may say both. Pure. */
export function isDeviceLost(message: string): boolean {
  return PATTERNS.some((pattern) => pattern.test(message))
}
