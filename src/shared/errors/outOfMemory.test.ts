import { describe, expect, it } from 'vitest'
import { OUT_OF_MEMORY_MESSAGES } from './outOfMemory.testkit'
import { outOfMemoryCode, wasKilledForMemory } from './outOfMemory'

const exit = { code: null, signal: null, lastWords: '' }

describe('outOfMemoryCode', () => {
  it.each(OUT_OF_MEMORY_MESSAGES)(
    'knows %s of %s (the file would fail where a smaller piece fits)',
    (code, _of, message) => {
      expect(outOfMemoryCode(message)).toBe(code)
    }
  )

  it.each([
    'CUDA failure 100: no CUDA-capable device is detected',
    'CUDA failure 700: an illegal memory access was encountered',
    'the model gave a value that is not finite',
    'DXGI_ERROR_DEVICE_REMOVED',
    'A valid external Instance reference no longer exists.',
    'Load model failed: Protobuf parsing failed.',
    'ENOSPC: no space left on device, write'
  ])('takes nothing else for it (a lost device is not helped by smaller pieces): %s', (message) => {
    expect(outOfMemoryCode(message)).toBeNull()
  })
})

describe('wasKilledForMemory', () => {
  it('knows the kernel’s killer, a shell’s word for it, and an abort that says why', () => {
    expect(wasKilledForMemory({ ...exit, signal: 'SIGKILL' })).toBe(true)
    expect(wasKilledForMemory({ ...exit, code: 137 })).toBe(true)
    expect(
      wasKilledForMemory({ ...exit, signal: 'SIGABRT', lastWords: "terminate called after throwing 'std::bad_alloc'" })
    ).toBe(true)
    expect(
      wasKilledForMemory({
        ...exit,
        signal: 'SIGTRAP',
        lastWords: '# Fatal process OOM in Failed to reserve virtual memory for CodeRange'
      })
    ).toBe(true)
    const v8 = 'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory'
    expect(wasKilledForMemory({ ...exit, code: 134, lastWords: v8 })).toBe(true)
  })

  it('leaves crashes of other kinds to the rules for crashes', () => {
    expect(wasKilledForMemory({ ...exit, signal: 'SIGSEGV', lastWords: 'bad_alloc' })).toBe(false)
    expect(wasKilledForMemory({ ...exit, signal: 'SIGABRT', lastWords: 'free(): invalid pointer' })).toBe(false)
    expect(wasKilledForMemory({ ...exit, code: 1 })).toBe(false)
  })
})
