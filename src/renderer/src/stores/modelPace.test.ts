import { expect, it } from 'vitest'
import { paceOf } from './modelPace'

it('counts bytes a second over reports, and begins anew where a mirror does (a speed below nought)', () => {
  const first = paceOf(null, { atMs: 0, doneBytes: 1000 })
  expect(first.bytesPerSec).toBeNull()
  const second = paceOf(first, { atMs: 1000, doneBytes: 3000 })
  expect(second.bytesPerSec).toBe(2000)
  expect(paceOf(second, { atMs: 1100, doneBytes: 9000 })).toBe(second)
  expect(paceOf(second, { atMs: 2000, doneBytes: 3000 }).bytesPerSec).toBeCloseTo(1400)
  expect(paceOf(second, { atMs: 2000, doneBytes: 0 }).bytesPerSec).toBeNull()
})
