import { AppError } from '../../shared/errors/appError'

/** One after another, in the order of asking: two conversions at once would take twice the memory and be no sooner done. */
export class Turns {
  private last: Promise<void> = Promise.resolve()
  private taken = 0

  /** `onWait` is told where it is somebody else's turn. Throws `E_CANCELLED` where the signal comes first, and what `work` throws. */
  async take<T>(work: () => Promise<T>, signal?: AbortSignal, onWait?: () => void): Promise<T> {
    const before = this.last
    let pass = (): void => undefined
    const mine = new Promise<void>((resolve) => (pass = resolve))
    this.last = before.then(() => mine)
    this.taken++
    try {
      if (this.taken > 1) onWait?.()
      await until(before, signal)
      return await work()
    } finally {
      this.taken--
      pass()
    }
  }
}

async function until(before: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  let onAbort = (): void => undefined
  const aborted = new Promise<void>((resolve) => {
    onAbort = resolve
    signal?.addEventListener('abort', onAbort, { once: true })
  })
  if (signal?.aborted !== true) await Promise.race([before, aborted])
  signal?.removeEventListener('abort', onAbort)
  if (signal?.aborted) throw new AppError('E_CANCELLED')
}
