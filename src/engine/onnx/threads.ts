import { readdir } from 'node:fs/promises'
import { availableParallelism } from 'node:os'

/**
 * How many threads to ask for where the user leaves it open: null (ONNX Runtime takes one a physical core, bound to it) where
 * {@link countThreads} can tell afterwards how many that were; elsewhere a number of our own, so that it is known.
 */
export function fixedThreads(): number | null {
  return process.platform === 'linux' ? null : availableParallelism()
}

/** Threads of this process; 0 where the system does not tell. */
export async function countThreads(): Promise<number> {
  // Asynchronous on purpose: libuv's own pool is there after it, so that it is not counted as a session's.
  return process.platform === 'linux' ? (await readdir('/proc/self/task')).length : 0
}
