import { PUSH_CHANNEL } from '../../shared/ipc/channels'
import type { PushEvent } from '../../shared/ipc/views'

/** What is used of the window's web contents. */
export interface PushTarget {
  isDestroyed(): boolean
  isCrashed(): boolean
  send(channel: string, event: PushEvent): void
}

/** Topics whose present value the snapshot has anyway; the rest is held while the page loads, the latest of each. */
const IN_SNAPSHOT: ReadonlySet<PushEvent['topic']> = new Set([
  'queue',
  'progress',
  'engine',
  'settings',
  'recovery',
  'scan',
  'models',
  'modelTask'
])

/**
 * What main tells the window by itself. The page listens first and then asks for the snapshot: until it has asked, it is not
 * listening for sure. Sending never throws: a window that is gone or crashed misses it and asks again when it is back.
 */
export class EventBus {
  private listening = false
  private readonly held = new Map<PushEvent['topic'], PushEvent>()

  constructor(
    private readonly target: () => PushTarget | null,
    private readonly log: (line: string) => void
  ) {}

  /** A page begins to load, or is gone. */
  pageLoading(): void {
    this.listening = false
  }

  /** The page asks for the snapshot: everything from here on reaches it. */
  pageAsks(): void {
    this.listening = true
    const held = [...this.held.values()]
    this.held.clear()
    for (const event of held) this.send(event)
  }

  push(event: PushEvent): void {
    if (this.listening) this.send(event)
    else if (!IN_SNAPSHOT.has(event.topic)) this.held.set(event.topic, event)
  }

  private send(event: PushEvent): void {
    const target = this.target()
    if (target === null || target.isDestroyed() || target.isCrashed()) return
    try {
      target.send(PUSH_CHANNEL, event)
    } catch (thrown) {
      // The frame can go between the question and the sending.
      this.log(`push of ${event.topic} failed: ${thrown instanceof Error ? thrown.message : String(thrown)}`)
    }
  }
}
