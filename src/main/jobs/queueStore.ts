import type { Job } from '../../shared/jobs/job'
import type { QueueEvent, QueueState } from '../../shared/jobs/queue'
import { reduceQueue } from '../../shared/jobs/reduceQueue'

export type QueueListener = (event: QueueEvent, state: QueueState, before: QueueState) => void

/** The queue as it is now. Changed by events only; listeners hear each one in its order, at once. */
export class QueueStore {
  private current: QueueState
  private readonly listeners = new Set<QueueListener>()
  /** Events that a listener dispatched while another is being told. */
  private readonly waiting: (readonly [QueueEvent, QueueState, QueueState])[] = []
  private telling = false

  constructor(initial: QueueState) {
    this.current = initial
  }

  get state(): QueueState {
    return this.current
  }

  job(jobId: string): Job | undefined {
    return this.current.jobs.find((job) => job.id === jobId)
  }

  /** Throws a `RangeError` for an event that cannot happen now. */
  dispatch(event: QueueEvent): void {
    const before = this.current
    this.current = reduceQueue(before, event)
    this.waiting.push([event, this.current, before])
    if (this.telling) return
    this.telling = true
    try {
      for (let next = this.waiting.shift(); next; next = this.waiting.shift()) {
        for (const listener of this.listeners) listener(...next)
      }
    } finally {
      this.telling = false
    }
  }

  /** Gives back the end of the subscription. */
  subscribe(listener: QueueListener): () => void {
    this.listeners.add(listener)
    return () => {
      this.listeners.delete(listener)
    }
  }
}
