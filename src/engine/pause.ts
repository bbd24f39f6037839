import { abortable } from './denoise/abortable'

/** What a person's Pause holds: jobs wait at it between two chunks, everything that they have stays in memory. */
export class PauseGate {
  private resumed: Promise<void> | null = null
  private open: () => void = () => undefined

  get isPaused(): boolean {
    return this.resumed !== null
  }

  pause(): void {
    this.resumed ??= new Promise((resolve) => {
      this.open = resolve
    })
  }

  resume(): void {
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
