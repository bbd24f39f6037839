import type { ErrorCode } from './appError'

/**
 * What programs say when memory runs out. ONNX Runtime, its providers and V8 have words only, no codes: each pattern is of messages
 * seen in their sources or logs, and the GPU's come first (a BFC arena of CUDA also says "failed to allocate").
 */
const GPU_PATTERNS: readonly RegExp[] = [
  // CUDA and its libraries: cudaErrorMemoryAllocation is 2.
  /CUDA (?:failure|error) 2\b|cudaErrorMemoryAllocation|CUDA_ERROR_OUT_OF_MEMORY|CUDA out of memory/iu,
  /CUBLAS_STATUS_ALLOC_FAILED|CUDNN_STATUS_ALLOC_FAILED|CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED/iu,
  /CUDA\w*.{0,200}failed to allocate memory/isu,
  // Dawn, below WebGPU: Vulkan, D3D12 and Metal.
  /VK_ERROR_OUT_OF_(?:DEVICE|HOST|POOL)_MEMORY/iu,
  /\bGPUOutOfMemoryError\b|wgpu\w*OutOfMemory|ErrorType::OutOfMemory|error type: out.of.memory/iu,
  /(?:WebGPU|Dawn|CreateBuffer|\bbuffer\b).{0,200}out of memory/isu,
  /out of memory.{0,200}(?:WebGPU|Dawn|CreateBuffer|\bGPU\b|\bdevice\b)/isu,
  // DirectML.
  /E_OUTOFMEMORY|8007000E|DXGI_ERROR_OUT_OF_MEMORY|Not enough memory resources are available to complete/iu,
  // CoreML and Metal.
  /kIOGPUCommandBufferCallbackErrorOutOfMemory|MTLCommandBufferErrorOutOfMemory|Insufficient Memory \(0000000[0-9a-f]/iu,
  /CoreML.{0,200}(?:out of memory|failed to allocate|insufficient memory)/isu
]

const RAM_PATTERNS: readonly RegExp[] = [
  /bad.?(?:alloc|array_new_length)/iu,
  /(?:BFCArena|CPUAllocator|arena).{0,200}(?:failed to allocate|available memory)/isu,
  /failed to allocate|cannot allocate memory|could not allocate|\bENOMEM\b|not enough memory/iu,
  // V8.
  /array buffer allocation failed|invalid (?:typed )?array (?:buffer )?length/iu,
  /heap out of memory|out of memory: \w+|Zone Allocation failed|Committing semi space failed/iu,
  // V8 that cannot reserve its room, and Node that cannot have a thread's stack.
  /Fatal process OOM|Failed to reserve virtual memory|\(uv_thread_create\w*\(/iu,
  /\bout of memory\b/iu
]

/** The code for a message that says that memory ran out: `E_GPU_OOM` where it was a device's, `E_MEMORY`; null for any other. Pure. */
export function outOfMemoryCode(message: string): Extract<ErrorCode, 'E_MEMORY' | 'E_GPU_OOM'> | null {
  if (GPU_PATTERNS.some((pattern) => pattern.test(message))) return 'E_GPU_OOM'
  return RAM_PATTERNS.some((pattern) => pattern.test(message)) ? 'E_MEMORY' : null
}

/** SIGKILL by a shell's count. */
export const KILLED_CODE = 137
/** An abort by the same. */
const ABORT_CODE = 134
/** STATUS_NO_MEMORY and STATUS_COMMITMENT_LIMIT of Windows. */
const WINDOWS_CODES: readonly number[] = [0xc0000017, 0xc000012d]

/** How a process ended, as its parent knows it. */
export interface ProcessExit {
  readonly code: number | null
  readonly signal: string | null
  /** The end of what it wrote to stderr. */
  readonly lastWords: string
}

/**
 * Whether a process that nobody ended was killed for memory: the kernel's killer sends SIGKILL and leaves no word; an allocator that
 * gives up aborts and says so. Pure.
 */
export function wasKilledForMemory({ code, signal, lastWords }: ProcessExit): boolean {
  if (signal === 'SIGKILL' || code === KILLED_CODE) return true
  if (code !== null && WINDOWS_CODES.includes(code >>> 0)) return true
  const aborted = signal === 'SIGABRT' || signal === 'SIGTRAP' || code === ABORT_CODE || signal === 'SIGILL'
  return aborted && outOfMemoryCode(lastWords) !== null
}
