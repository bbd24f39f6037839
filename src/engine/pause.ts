import { abortable } from './denoise/abortable'

/** Why jobs are held: a person's Pause, or an urgent job that runs alone. */
export type HoldReason = 'pause' | 'urgent'

/** What jobs wait at between two chunks while there is a reason to; everything that they have stays in memory. */
export class PauseGate {
  private readonly reasons = new Set<HoldReason>()
  private resumed: Promise<void> | null = null
  private open: () => void = () => undefined

  get isPaused(): boolean {
    return this.resumed !== null
  }

  pause(reason: HoldReason = 'pause'): void {
    this.reasons.add(reason)
    this.resumed ??= new Promise((resolve) => {
      this.open = resolve
    })
  }

  /** Lets go once no other reason is left. */
  resume(reason: HoldReason = 'pause'): void {
    this.reasons.delete(reason)
    if (this.reasons.size > 0) return
    this.resumed = null
    this.open()
  }

  /** Resolves when nothing is paused (at once where nothing is). */
  async passed(): Promise<void> {
    while (this.resumed !== null) await this.resumed
  }
}

/**
 * One job's stops at the gate. Its channels stop one by one; the job counts as held from the moment that the last of them has
 * stopped, so that what still worked when Pause was pressed counts as work.
 */
export class JobHold {
  private stoppedAtSec: number | null = null
  private totalSec = 0

  constructor(
    private readonly gate: PauseGate,
    private readonly signal: AbortSignal
  ) {}

  /** The job stops at its next checkpoint, or has. */
  readonly isHeld = (): boolean => this.gate.isPaused

  /** Seconds in which the job stood still. */
  get heldSec(): number {
    return this.totalSec
  }

  /** To be called between two chunks: waits while paused, throws the signal's reason once the job is cancelled, also while it waits. */
  readonly checkpoint = async (): Promise<void> => {
    this.signal.throwIfAborted()
    if (!this.gate.isPaused) return
    this.stoppedAtSec = monotonicSec()
    try {
      await abortable(this.gate.passed(), this.signal)
    } finally {
      this.goOn()
    }
  }

  /** The first channel that goes on counts for all. */
  private goOn(): void {
    if (this.stoppedAtSec !== null) this.totalSec += monotonicSec() - this.stoppedAtSec
    this.stoppedAtSec = null
  }
}

function monotonicSec(): number {
  return performance.now() / 1000
}
