import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { PushEvent } from '../../shared/ipc/views'
import { Countdown } from './countdown'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

function setUp(): { countdown: Countdown; pushed: PushEvent[]; acted: string[] } {
  const pushed: PushEvent[] = []
  const acted: string[] = []
  const countdown = new Countdown(
    (event) => pushed.push(event),
    (action) => acted.push(action)
  )
  return { countdown, pushed, acted }
}

const tick = (leftSec: number): PushEvent => ({ topic: 'countdown', countdown: { action: 'sleep', leftSec } })
const OVER: PushEvent = { topic: 'countdown', countdown: null }

test('thirty seconds, told each, then the action, once', () => {
  const { countdown, pushed, acted } = setUp()
  countdown.start('sleep')
  vi.advanceTimersByTime(29_999)
  expect(acted).toEqual([])
  expect(pushed).toEqual(Array.from({ length: 30 }, (_, index) => tick(30 - index)))
  vi.advanceTimersByTime(1)
  expect(acted).toEqual(['sleep'])
  expect(pushed.at(-1)).toEqual(OVER)
  vi.advanceTimersByTime(60_000)
  expect(acted).toEqual(['sleep'])
})

test('taken back nothing happens (the machine slept all the same)', () => {
  const { countdown, pushed, acted } = setUp()
  countdown.start('quit')
  vi.advanceTimersByTime(29_000)
  countdown.cancel()
  expect(pushed.at(-1)).toEqual(OVER)
  const told = pushed.length
  countdown.cancel()
  vi.advanceTimersByTime(60_000)
  expect([acted, pushed.length, countdown.running]).toEqual([[], told, false])
})

test('a second start begins anew, with one clock', () => {
  const { countdown, acted } = setUp()
  countdown.start('sleep')
  vi.advanceTimersByTime(20_000)
  countdown.start('sleep')
  vi.advanceTimersByTime(29_000)
  expect(acted).toEqual([])
  vi.advanceTimersByTime(1000)
  expect(acted).toEqual(['sleep'])
})
