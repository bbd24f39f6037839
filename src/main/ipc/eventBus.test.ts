import { describe, expect, test } from 'vitest'
import { PUSH_CHANNEL } from '../../shared/ipc/channels'
import type { PushEvent } from '../../shared/ipc/views'
import { EventBus } from './eventBus'

const COMMAND: PushEvent = { topic: 'command', command: 'about' }
const FINISHED: PushEvent = { topic: 'finished', done: 1, failed: 0, wallSec: 2 }
const STOPPED: PushEvent = { topic: 'engine', engine: { kind: 'stopped' } }

class Target {
  readonly sent: PushEvent[] = []
  destroyed = false
  crashed = false
  throws = false
  isDestroyed(): boolean {
    return this.destroyed
  }
  isCrashed(): boolean {
    return this.crashed
  }
  send(channel: string, event: PushEvent): void {
    expect(channel).toBe(PUSH_CHANNEL)
    if (this.throws) throw new Error('Object has been destroyed')
    this.sent.push(event)
  }
}

function busOn(target: Target | null): { bus: EventBus; logged: string[] } {
  const logged: string[] = []
  return {
    bus: new EventBus(
      () => target,
      (line) => logged.push(line)
    ),
    logged
  }
}

describe('EventBus', () => {
  test('what the snapshot does not hold waits for the page, the latest of each (an end told while loading was lost)', () => {
    const target = new Target()
    const { bus } = busOn(target)
    bus.push({ ...FINISHED, done: 0 })
    bus.push(FINISHED)
    bus.push(COMMAND)
    bus.push(STOPPED)
    expect(target.sent).toEqual([])
    bus.pageAsks()
    expect(target.sent).toEqual([FINISHED, COMMAND])
    bus.pageAsks()
    expect(target.sent.length).toBe(2)
  })

  test('everything after the question for the snapshot is sent, in order', () => {
    const target = new Target()
    const { bus } = busOn(target)
    bus.pageAsks()
    bus.push(STOPPED)
    bus.push(COMMAND)
    expect(target.sent).toEqual([STOPPED, COMMAND])
  })

  test('a page that loads again misses nothing that it cannot ask for', () => {
    const target = new Target()
    const { bus } = busOn(target)
    bus.pageAsks()
    bus.pageLoading()
    bus.push(FINISHED)
    bus.push(STOPPED)
    expect(target.sent).toEqual([])
    bus.pageAsks()
    expect(target.sent).toEqual([FINISHED])
  })

  test.each([
    ['no window', null],
    ['a destroyed one', Object.assign(new Target(), { destroyed: true })],
    ['a crashed one', Object.assign(new Target(), { crashed: true })]
  ])('%s: dropped without a word (a push took main down with the window)', (_name, target) => {
    const { bus, logged } = busOn(target)
    bus.pageAsks()
    bus.push(COMMAND)
    expect(target?.sent ?? []).toEqual([])
    expect(logged).toEqual([])
  })

  test('a send that throws is logged and does not reach who pushed', () => {
    const { bus, logged } = busOn(Object.assign(new Target(), { throws: true }))
    bus.pageAsks()
    bus.push(COMMAND)
    expect(logged).toEqual(['push of command failed: Object has been destroyed'])
  })
})
