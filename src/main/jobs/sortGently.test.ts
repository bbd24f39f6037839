import { expect, it } from 'vitest'
import { sortGently } from './sortGently'

it('sorts as sort does, equal ones in their order, and lets the event loop in (a look at 10,000 files held it up)', async () => {
  const items = Array.from({ length: 5000 }, (_, n) => ({ n, key: (n * 7919) % 1000 }))
  const compare = (a: { key: number }, b: { key: number }): number => a.key - b.key
  let longest = 0
  let since = 0
  let isOver = false
  const turn = (): void => {
    since = 0
    if (!isOver) setImmediate(turn)
  }
  setImmediate(turn)
  const sorted = await sortGently(items, (a, b) => {
    longest = Math.max(longest, ++since)
    return compare(a, b)
  })
  isOver = true
  expect(sorted).toEqual([...items].sort(compare))
  expect(longest).toBeLessThan(items.length * 2)
  expect(await sortGently([], compare)).toEqual([])
})
