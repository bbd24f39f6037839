import { expect, it } from 'vitest'
import { isDeviceLost } from './deviceLost'
import { outOfMemoryCode } from './outOfMemory'
import { OUT_OF_MEMORY_MESSAGES } from './outOfMemory.testkit'

/** As the providers' sources and users' logs have them. */
const LOST = [
  'CUDA failure 700: an illegal memory access was encountered ; GPU=0 ; hostname=a ; file=/onnxruntime_src/onnxruntime/core/providers/cuda/gpu_data_transfer.cc ; line=63 ; expr=cudaMemcpyAsync(dst, src, bytes, cudaMemcpyHostToDevice, stream);',
  'Non-zero status code returned while running Conv node. Status Message: CUDA failure 719: unspecified launch failure ; GPU=0',
  'CUDA failure 999: unknown error ; GPU=0 ; expr=cudaSetDevice(info_.device_id);',
  'CUDA failure 214: uncorrectable ECC error encountered ; GPU=0',
  'vkQueueSubmit failed with VK_ERROR_DEVICE_LOST',
  'Device Disconnected due to DeviceLostReason::Unknown',
  'WebGPU device error(3): Device is lost.',
  'DmlCommandRecorder.cpp(371): Exception(3) tid(5a68) 887A0005 The GPU device instance has been suspended. Use GetDeviceRemovedReason to determine the appropriate action.',
  'DmlGraphFusionHelper.cpp(1078) 887A0006 The GPU will not respond to more commands, most likely because of an invalid command passed by the calling application.',
  'Execution of the command buffer was aborted due to an error during execution. Caused GPU Hang Error (00000003:kIOGPUCommandBufferCallbackErrorHang)',
  'Execution of the command buffer was aborted due to an error during execution. Ignored (for causing prior/excessive GPU errors) (00000004:kIOGPUCommandBufferCallbackErrorSubmissionsIgnored)'
]

it.each(LOST)('knows a lost device by its provider’s words (R26, a batch that fails file by file): %s', (message) => {
  expect(isDeviceLost(message)).toBe(true)
  expect(outOfMemoryCode(message)).toBeNull()
})

it.each([
  ...OUT_OF_MEMORY_MESSAGES.map(([, , message]) => message),
  'CUDA failure 1: invalid argument ; GPU=0 ; expr=cudaMemcpyAsync(...)',
  'CUDA failure 35: CUDA driver version is insufficient for CUDA runtime version',
  'Load model failed: Protobuf parsing failed.',
  'the model gave a value that is not finite'
])('takes nothing else for it (a mistake of ours that is tried again): %s', (message) => {
  expect(isDeviceLost(message)).toBe(false)
})
