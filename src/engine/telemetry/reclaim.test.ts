import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { Reclaimer } from './reclaim'

/** Allocates megabytes in a frame of its own, so that nothing of the caller's keeps them; weak references tell who was collected. */
function dropped(count: number): WeakRef<Uint8Array>[] {
  return Array.from({ length: count }, () => new WeakRef(new Uint8Array(1 << 20)))
}

it('frees buffers that nothing holds, once enough have gathered (would catch a collection that never runs)', async () => {
  const reclaimer = new Reclaimer()
  reclaimer.afterFile()
  const references = dropped(32)
  await sleep(0)
  reclaimer.afterFile()
  expect(references.filter((reference) => reference.deref() !== undefined)).toHaveLength(0)
})
