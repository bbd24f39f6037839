import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Buffers of finished files that may wait for V8's own collection. */
const TOLERATED_BYTES = 4 * 1024 * 1024

/**
 * Frees what a file leaves behind before the next one begins. V8 counts a Float32Array of a megabyte as a few bytes of heap
 * and lets dozens of them wait: over many short files their peak would look, and be, like a leak.
 */
export class Reclaimer {
  private readonly collect: () => void
  private floorBytes = 0

  constructor() {
    setFlagsFromString('--expose-gc')
    this.collect = runInNewContext('gc') as () => void
    setFlagsFromString('--no-expose-gc')
  }

  /** Call between files: a few milliseconds where enough has gathered, nothing otherwise. */
  afterFile(): void {
    const bytes = process.memoryUsage().arrayBuffers
    // V8 gives buffers back on another thread: what was read right after a collection may have counted dead ones.
    this.floorBytes = Math.min(this.floorBytes, bytes)
    if (bytes - this.floorBytes < TOLERATED_BYTES) return
    this.collect()
    this.floorBytes = process.memoryUsage().arrayBuffers
  }
}
