/**
 * How long a process has been silent, counted in steps that are capped: when the whole tree is stopped (a laptop that
 * sleeps, SIGSTOP) the one long step that follows counts as a short one, so nobody is killed for having slept
 * (RELIABILITY R42). The clock is monotonic; it comes in as `nowSec`.
 */
export class SilenceMeter {
  private silentSec = 0
  private lastSec: number

  constructor(
    private readonly maxStepSec: number,
    nowSec: number
  ) {
    this.lastSec = nowSec
  }

  /** Counts the time since the last call and returns the silence so far. */
  advance(nowSec: number): number {
    this.silentSec += Math.min(Math.max(nowSec - this.lastSec, 0), this.maxStepSec)
    this.lastSec = nowSec
    return this.silentSec
  }

  /** The process spoke: returns how long it had been silent. */
  heard(nowSec: number): number {
    const silence = this.advance(nowSec)
    this.silentSec = 0
    return silence
  }
}
