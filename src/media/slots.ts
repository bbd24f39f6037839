/** At most so many at a time; the others wait in their order. */
export class Slots {
  private free: number
  private readonly waiting: (() => void)[] = []

  constructor(count: number) {
    this.free = count
  }

  /** Runs `work` in a slot. A signal that is aborted while it waits ends the wait with its reason. */
  async run<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    await this.take(signal)
    try {
      return await work()
    } finally {
      this.give()
    }
  }

  private async take(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    if (this.free > 0) {
      this.free--
      return
    }
    await new Promise<void>((resolve, reject) => {
      const abort = (): void => {
        this.waiting.splice(this.waiting.indexOf(enter), 1)
        reject(signal.reason as Error)
      }
      const enter = (): void => {
        signal.removeEventListener('abort', abort)
        resolve()
      }
      this.waiting.push(enter)
      signal.addEventListener('abort', abort, { once: true })
    })
  }

  private give(): void {
    const next = this.waiting.shift()
    if (next === undefined) this.free++
    else next()
  }
}
