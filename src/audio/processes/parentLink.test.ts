import { EventEmitter } from 'node:events'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { parentLink } from './parentLink'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

/** The child's side of a utility process whose parent the test owns. */
class Child extends EventEmitter {
  ppid = 50
  killError: NodeJS.ErrnoException | null = null
  readonly posted: unknown[] = []
  readonly parentPort = Object.assign(new EventEmitter(), {
    postMessage: (message: unknown) => {
      this.posted.push(message)
    }
  })

  kill(): boolean {
    if (this.killError) throw this.killError
    return true
  }
}

it('speaks over the port of a utility process: the data of a message, not its event', () => {
  const child = new Child()
  const link = parentLink(child)!
  const heard: unknown[] = []
  link.onMessage((message) => heard.push(message))
  child.parentPort.emit('message', { data: { type: 'pause' } })
  link.post({ type: 'ready' })
  expect(heard).toEqual([{ type: 'pause' }])
  expect(child.posted).toEqual([{ type: 'ready' }])
})

it.each([
  ['a new parent (POSIX)', (child: Child) => (child.ppid = 1)],
  [
    'a parent that is not there (Windows)',
    (child: Child) => (child.killError = Object.assign(new Error('gone'), { code: 'ESRCH' }))
  ]
])('notices once that its parent is gone by %s', (_, orphan) => {
  const child = new Child()
  const onOrphaned = vi.fn()
  parentLink(child)!.onOrphaned(onOrphaned)
  vi.advanceTimersByTime(5000)
  expect(onOrphaned).not.toHaveBeenCalled()
  orphan(child)
  vi.advanceTimersByTime(5000)
  expect(onOrphaned).toHaveBeenCalledTimes(1)
})

it('is no orphan where its parent belongs to another user', () => {
  const child = new Child()
  child.killError = Object.assign(new Error('not yours'), { code: 'EPERM' })
  const onOrphaned = vi.fn()
  parentLink(child)!.onOrphaned(onOrphaned)
  vi.advanceTimersByTime(5000)
  expect(onOrphaned).not.toHaveBeenCalled()
})

it('waits under fork until the last message is sent (a process that ends at once lost its last answer)', async () => {
  const sent: (() => void)[] = []
  const child = Object.assign(new EventEmitter(), {
    ppid: 50,
    kill: () => true,
    send: (_message: unknown, _handle: undefined, _options: undefined, done: () => void) => sent.push(done)
  })
  const link = parentLink(child)!
  link.post('a')
  link.post('b')
  let isFlushed = false
  const flushed = link.flushed().then(() => (isFlushed = true))
  sent[0]!()
  await Promise.resolve()
  expect(isFlushed).toBe(false)
  sent[1]!()
  await flushed
  expect(isFlushed).toBe(true)
})

it('has nobody to speak to where it was started by hand', () => {
  expect(parentLink(Object.assign(new EventEmitter(), { ppid: 1, kill: () => true }))).toBeNull()
})
