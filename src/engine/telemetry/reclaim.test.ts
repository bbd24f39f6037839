import { expect, it } from 'vitest'
import { Reclaimer } from './reclaim'

it('frees buffers that nothing holds, once enough have gathered (would catch a collection that never runs)', async () => {
  const reclaimer = new Reclaimer()
  reclaimer.afterFile()
  const held: Uint8Array[] = Array.from({ length: 32 }, () => new Uint8Array(1 << 20))
  const before = process.memoryUsage().arrayBuffers
  expect(held.length).toBe(32)
  held.length = 0
  await new Promise((resolve) => setImmediate(resolve))
  reclaimer.afterFile()
  expect(before - process.memoryUsage().arrayBuffers).toBeGreaterThan(28 << 20)
})
