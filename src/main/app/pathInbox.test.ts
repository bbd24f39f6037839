import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { PathInbox, SecondStart } from './pathInbox'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

test('paths wait for the app to be there and become one scan (twenty opened files made twenty)', () => {
  const inbox = new PathInbox()
  const taken: (readonly string[])[] = []
  inbox.add(['/a'])
  inbox.add(['/b'])
  vi.advanceTimersByTime(1000)
  inbox.open((paths) => taken.push(paths))
  inbox.add(['/c'])
  vi.advanceTimersByTime(1000)
  expect(taken).toEqual([['/a', '/b', '/c']])
  inbox.add([])
  inbox.add(['/d'])
  vi.advanceTimersByTime(1000)
  expect(taken).toEqual([['/a', '/b', '/c'], ['/d']])
})

test.each([
  null,
  {},
  { paths: 'x' },
  { paths: [1] },
  { paths: [''] },
  { paths: [], more: 1 },
  { paths: ['x'.repeat(40_000)] }
])('a second start that hands over %j is refused (S19)', (data) => {
  expect(SecondStart.safeParse(data).success).toBe(false)
})
