import type { PushEvent } from '../../shared/ipc/views'
import type { QueueJournal } from '../jobs/journal'
import type { QueueStore } from '../jobs/queueStore'

/** Nothing of the queue is told to the window before it is on disk: what a person has seen done is done after a crash too. */
export class Outbox {
  private readonly waiting: { readonly event: PushEvent; readonly written: Promise<void> }[] = []
  private sending: Promise<void> | null = null
  private lastWritten: Promise<void> = Promise.resolve()

  constructor(
    store: QueueStore,
    journal: QueueJournal,
    private readonly push: (event: PushEvent) => void
  ) {
    store.subscribe((event, state) => {
      this.lastWritten = journal.append(event, state)
      const { epoch, revision } = state
      this.post({ topic: 'queue', epoch, revision, event })
    })
  }

  /** Resolves when every change of the queue so far is on disk. */
  get written(): Promise<void> {
    return this.lastWritten
  }

  /** After all changes of the queue so far. */
  post(event: PushEvent): void {
    this.waiting.push({ event, written: this.lastWritten })
    this.sending ??= this.send().finally(() => (this.sending = null))
  }

  /** Resolves when all is told. */
  async drained(): Promise<void> {
    while (this.sending) await this.sending
  }

  private async send(): Promise<void> {
    for (let next = this.waiting[0]; next; next = this.waiting[0]) {
      await next.written
      this.waiting.shift()
      this.push(next.event)
    }
  }
}
