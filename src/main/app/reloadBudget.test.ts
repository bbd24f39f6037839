import { expect, test } from 'vitest'
import { ReloadBudget } from './reloadBudget'

test('three reloads a minute, then no more until the first is a minute old (a page that crashes at once came back for ever)', () => {
  const budget = new ReloadBudget()
  expect([0, 1000, 2000, 3000, 59_999].map((atMs) => budget.take(atMs))).toEqual([true, true, true, false, false])
  expect(budget.take(60_000)).toBe(true)
  expect(budget.take(60_001)).toBe(false)
  budget.reset()
  expect(budget.take(60_002)).toBe(true)
})
