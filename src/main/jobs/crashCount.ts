const MAX_CRASHES = 5
const WINDOW_SEC = 60

/** Counts crashed engines: five in a minute mean that it is not the files (RELIABILITY R9). */
export class CrashCount {
  private readonly at = new Map<number, number>()

  constructor(private readonly nowSec: () => number) {}

  /** Counts each engine once, however many jobs went down with it. */
  tooMany(generation: number): boolean {
    const now = this.nowSec()
    this.at.set(generation, this.at.get(generation) ?? now)
    return [...this.at.values()].filter((at) => now - at <= WINDOW_SEC).length >= MAX_CRASHES
  }
}
