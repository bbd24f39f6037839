import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it, vi } from 'vitest'
import { Reclaimer } from './reclaim'

const arrayBuffers = (): number => process.memoryUsage().arrayBuffers

/** Allocates in a frame of its own, so that nothing of the caller's keeps the buffers. */
function heldBytes(count: number): number {
  const held = Array.from({ length: count }, () => new Uint8Array(1 << 20))
  return arrayBuffers() * Math.sign(held.length)
}

it('frees buffers that nothing holds, once enough have gathered (would catch a collection that never runs)', async () => {
  const reclaimer = new Reclaimer()
  reclaimer.afterFile()
  const before = heldBytes(32)
  await sleep(0)
  reclaimer.afterFile()
  // The memory itself is given back by V8's own thread, a moment later on a busy machine.
  await vi.waitFor(() => {
    expect(before - arrayBuffers()).toBeGreaterThan(28 << 20)
  }, 10_000)
})
