/** Seconds at work: pauses and the time between runs do not count. */
export class ActiveClock {
  private total = 0
  private since: number | null = null

  constructor(private readonly nowSec: () => number = () => performance.now() / 1000) {}

  get sec(): number {
    return this.total + (this.since === null ? 0 : this.nowSec() - this.since)
  }

  reset(): void {
    this.total = 0
    this.since = null
  }

  go(): void {
    this.since ??= this.nowSec()
  }

  hold(): void {
    this.total = this.sec
    this.since = null
  }
}
