interface Wait {
  readonly frame: number
  readonly resolve: (none: undefined) => void
  readonly reject: (reason: Error) => void
}

/** Who waits until so many frames are there. */
export class FrameWaits {
  private waits: Wait[] = []

  /** Resolves once `reached(frames)` says at least `frame`. Rejects with the signal's reason, or that of `fail`. */
  until(frame: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason as Error)
        return
      }
      const abort = (): void => {
        this.waits = this.waits.filter((one) => one !== wait)
        reject(signal.reason as Error)
      }
      const settled = <T>(settle: (value: T) => void) => {
        return (value: T): void => {
          signal.removeEventListener('abort', abort)
          settle(value)
        }
      }
      const wait: Wait = { frame, resolve: settled<undefined>(resolve), reject: settled<Error>(reject) }
      this.waits.push(wait)
      signal.addEventListener('abort', abort, { once: true })
    })
  }

  reached(frames: number): void {
    if (this.waits.length === 0) return
    const [ready, rest]: [Wait[], Wait[]] = [[], []]
    for (const wait of this.waits) (wait.frame <= frames ? ready : rest).push(wait)
    this.waits = rest
    for (const wait of ready) wait.resolve(undefined)
  }

  fail(reason: Error): void {
    for (const wait of this.waits.splice(0)) wait.reject(reason)
  }
}
