import type { Handlers } from '../../shared/ipc/contract'
import type { UpdateState, UpdatesView } from '../../shared/ipc/updateViews'
import { hostOf } from '../models/downloadRequest'
import { isNewer, newestVersion } from './updateFeed'

export interface UpdateOptions {
  /** Null where this copy was built without one. */
  readonly feed: string | null
  /** What runs here. */
  readonly version: string
  /** Whether the user agreed to be told of new versions. */
  readonly isAgreed: () => boolean
  readonly onView: (view: UpdatesView) => void
  /** From the start, or from the user's agreement, to the first question, and from one to the next. */
  readonly firstMs?: number
  readonly everyMs?: number
}

const FIRST_MS = 10_000
const DAY_MS = 24 * 3_600_000

/**
 * Asks the feed whether there is a newer version: once a day where the user agreed to it, else only when asked to. One request for a
 * list, nothing sent but the request; nothing is downloaded or installed.
 */
export class UpdateService {
  readonly handlers: Pick<Handlers, 'updates.view' | 'updates.ask'>
  private state: UpdateState = { kind: 'unknown' }
  private asking: Promise<void> | null = null
  private timer: NodeJS.Timeout | null = null
  private readonly closed = new AbortController()

  constructor(private readonly options: UpdateOptions) {
    this.handlers = {
      'updates.view': () => Promise.resolve(this.view),
      'updates.ask': async () => {
        await this.ask()
        return null
      }
    }
    this.agreed()
  }

  get view(): UpdatesView {
    const { feed } = this.options
    return { host: feed === null ? null : hostOf(feed), state: this.state }
  }

  /** The user's agreement was given or taken back. */
  agreed(): void {
    if (this.timer !== null) clearTimeout(this.timer)
    this.timer = null
    this.wait(this.options.firstMs ?? FIRST_MS)
  }

  close(): void {
    this.closed.abort()
    if (this.timer !== null) clearTimeout(this.timer)
  }

  private wait(ms: number): void {
    const { feed, isAgreed, everyMs } = this.options
    if (feed === null || !isAgreed() || this.closed.signal.aborted) return
    this.timer = setTimeout(() => {
      void this.ask().then(() => {
        this.wait(everyMs ?? DAY_MS)
      })
    }, ms)
    this.timer.unref()
  }

  private ask(): Promise<void> {
    this.asking ??= this.askOnce().finally(() => {
      this.asking = null
    })
    return this.asking
  }

  private async askOnce(): Promise<void> {
    const { feed, version } = this.options
    if (feed === null) return
    this.tell({ kind: 'asking' })
    try {
      const newest = await newestVersion(feed, this.closed.signal)
      this.tell(isNewer(newest, version) ? { kind: 'newer', version: newest, address: feed } : { kind: 'current' })
    } catch (thrown) {
      this.tell({ kind: 'failed', detail: thrown instanceof Error ? thrown.message : String(thrown) })
    }
  }

  private tell(state: UpdateState): void {
    this.state = state
    if (!this.closed.signal.aborted) this.options.onView(this.view)
  }
}
