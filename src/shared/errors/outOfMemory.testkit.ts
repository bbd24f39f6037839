import type { ErrorCode } from './appError'

/** What providers say when memory runs out, as the sources and users' logs of ONNX Runtime, its providers' libraries, Dawn and V8 have it. */
export const OUT_OF_MEMORY_MESSAGES: readonly (readonly [ErrorCode, string, string])[] = [
  ['E_MEMORY', 'the C++ library', 'std::bad_alloc'],
  ['E_MEMORY', 'the C++ library', 'std::bad_array_new_length'],
  [
    'E_MEMORY',
    "ONNX Runtime's arena",
    "Non-zero status code returned while running Conv node. Name:'conv_12' Status Message: /onnxruntime_src/onnxruntime/core/framework/bfc_arena.cc:376 void* onnxruntime::BFCArena::AllocateRawInternal(size_t, bool, onnxruntime::Stream*) Failed to allocate memory for requested buffer of size 1073741824"
  ],
  ['E_MEMORY', 'Windows', 'Exception during initialization: bad allocation'],
  ['E_MEMORY', 'Node', 'ENOMEM: not enough memory, read'],
  ['E_MEMORY', 'V8', 'Array buffer allocation failed'],
  ['E_MEMORY', 'V8', 'Invalid typed array length: 4294967296'],
  [
    'E_MEMORY',
    'V8',
    'FATAL ERROR: Ineffective mark-compacts near heap limit Allocation failed - JavaScript heap out of memory'
  ],
  [
    'E_GPU_OOM',
    'CUDA',
    'CUDA failure 2: out of memory ; GPU=0 ; hostname=a ; file=/onnxruntime_src/onnxruntime/core/providers/cuda/cuda_allocator.cc ; line=34 ; expr=cudaMalloc((void**)&p, size);'
  ],
  ['E_GPU_OOM', 'CUDA', 'CUBLAS failure 3: CUBLAS_STATUS_ALLOC_FAILED ; GPU=0 ; expr=cublasCreate(&cublas_handle_);'],
  ['E_GPU_OOM', 'CUDA', 'CUDNN failure 4: CUDNN_STATUS_ALLOC_FAILED ; GPU=0'],
  [
    'E_GPU_OOM',
    'CUDA',
    'Non-zero status code returned while running Conv node. CUDAExecutionProvider: BFCArena::AllocateRawInternal Failed to allocate memory for requested buffer of size 536870912'
  ],
  ['E_GPU_OOM', 'WebGPU', 'Failed to create a WebGPU buffer: out of memory'],
  ['E_GPU_OOM', 'WebGPU', 'vkAllocateMemory failed with VK_ERROR_OUT_OF_DEVICE_MEMORY'],
  ['E_GPU_OOM', 'WebGPU', 'WebGPU device error(2): Out of memory: at CreateBuffer (dawn/native/Buffer.cpp:512)'],
  [
    'E_GPU_OOM',
    'DirectML',
    'AbiCustomRegistry.cpp(519): Exception(2) tid(2a8) 8007000E Not enough memory resources are available to complete this operation.'
  ],
  ['E_GPU_OOM', 'DirectML', 'Exception(1) tid(1f8) 8007000E Ran out of memory'],
  [
    'E_GPU_OOM',
    'Metal',
    'Execution of the command buffer was aborted due to an error during execution. Insufficient Memory (00000008:kIOGPUCommandBufferCallbackErrorOutOfMemory)'
  ],
  ['E_GPU_OOM', 'CoreML', 'CoreMLExecution: Error computing NN outputs: failed to allocate an output buffer']
]
