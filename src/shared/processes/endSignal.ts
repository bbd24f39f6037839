/**
 * An end that is waited for beside many short events, in turn. A promise will not do for it: what `Promise.race` leaves on each of its
 * promises stays until that one settles, so that the end of a decoder would gather a few hundred bytes at every read of its life.
 */
export class EndSignal {
  private readonly waiting = new Set<() => void>()
  private over = false

  get isOver(): boolean {
    return this.over
  }

  /** Once; whoever waits goes on. */
  end(): void {
    this.over = true
    for (const wake of this.waiting) wake()
    this.waiting.clear()
  }

  /** Resolves at the end; at once where that has been. */
  async reached(): Promise<void> {
    await this.orEnd(new Promise<void>(() => undefined))
  }

  /** Resolves as `event` or at the end, whichever is first, and leaves nothing behind. */
  async orEnd(event: Promise<void>): Promise<void> {
    if (this.over) return
    let wake: () => void = () => undefined
    const ended = new Promise<void>((done) => {
      wake = done
      this.waiting.add(done)
    })
    try {
      await Promise.race([event, ended])
    } finally {
      this.waiting.delete(wake)
    }
  }
}
