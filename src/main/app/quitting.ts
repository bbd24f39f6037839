import type { Log } from '../logNames'

/** What a quit needs of the rest of the app. */
export interface QuittingOptions {
  /** A batch is under way: somebody is asked first. */
  readonly isBusy: () => boolean
  /** Whether to quit all the same. */
  readonly ask: () => Promise<boolean>
  /** Saves and ends the processes; what takes longer than the deadline is left to the end of the process. */
  readonly close: () => Promise<void>
  readonly exit: (code: number) => void
  readonly log: Log
  readonly deadlineMs?: number
}

const DEADLINE_MS = 3000

/** The one way out: asks once in mid-batch, closes in order, and is gone by the deadline. */
export class Quitting {
  private asking = false
  private leaving = false

  constructor(private readonly options: QuittingOptions) {}

  /** The app is on its way out. */
  get isLeaving(): boolean {
    return this.leaving
  }

  /** A person wants to quit: the window's close button, the menu, the dock. */
  async request(): Promise<void> {
    if (this.leaving || this.asking) return
    if (this.options.isBusy()) {
      this.asking = true
      try {
        if (!(await this.options.ask())) return
      } finally {
        this.asking = false
      }
    }
    await this.now()
  }

  /** The system wants it: nobody is asked. */
  async now(): Promise<void> {
    if (this.leaving) return
    this.leaving = true
    const { close, exit, log, deadlineMs = DEADLINE_MS } = this.options
    let timer: NodeJS.Timeout | undefined
    const deadline = new Promise<void>((resolve) => {
      timer = setTimeout(() => {
        log('quitting took too long and was cut short', 'warn')
        resolve()
      }, deadlineMs)
    })
    const closing = close().catch((thrown: unknown) => {
      log(`closing failed: ${thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)}`, 'warn')
    })
    await Promise.race([closing, deadline])
    clearTimeout(timer)
    exit(0)
  }
}
