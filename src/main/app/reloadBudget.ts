const WINDOW_MS = 60_000

/** How often a crashed page may come back by itself: `limit` times a minute, then a person is asked. */
export class ReloadBudget {
  private spentAtMs: number[] = []

  constructor(private readonly limit = 3) {}

  /** Takes one reload if there is one left. */
  take(nowMs: number): boolean {
    this.spentAtMs = this.spentAtMs.filter((atMs) => nowMs - atMs < WINDOW_MS)
    if (this.spentAtMs.length >= this.limit) return false
    this.spentAtMs.push(nowMs)
    return true
  }

  reset(): void {
    this.spentAtMs = []
  }
}
