import { MessageChannel } from 'node:worker_threads'

/** Below this a buffer may wait for the collector. */
const WORTH_BYTES = 1024 * 1024

/**
 * Gives an array's memory back at once; the array is empty afterwards. V8 sees a few bytes of object and lets tens of such
 * buffers pile up before it collects them. Sending a buffer to a port that nobody holds frees it (Node 20 has no
 * `ArrayBuffer.prototype.transfer`). False where the array is left to the collector: it is small, or its memory is not its own.
 */
export function discard(array: Float32Array | BigInt64Array): boolean {
  const { buffer } = array
  if (!(buffer instanceof ArrayBuffer) || buffer.byteLength < WORTH_BYTES) return false
  const { port1, port2 } = new MessageChannel()
  port2.close()
  port1.postMessage(null, [buffer])
  port1.close()
  return true
}
