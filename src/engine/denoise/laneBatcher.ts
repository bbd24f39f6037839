/**
 * Gathers the chunks of independent lanes into runs of the model. A lane is one channel of one file; when a file ends its
 * lanes close and those of the next one take their places (continuous batching), so nothing waits for the longest.
 */

/** One chunk to run; `output` is filled by the run. Both stay untouched by their owner until the run is over. */
export interface BatchItem<Lane> {
  readonly lane: Lane
  readonly input: Float32Array
  readonly output: Float32Array
}

/** Runs up to a batch of chunks of one length at once; answers one error or null for each. Throws where all of them failed. */
export type RunBatch<Lane> = (items: readonly BatchItem<Lane>[]) => Promise<readonly (Error | null)[]>

interface Pending<Lane> extends BatchItem<Lane> {
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

/** A lane may be waiting for a slow disk or decoder: the others go on without it after this long. */
const STALL_MS = 50

export class LaneBatcher<Lane extends object> {
  /** Open lanes, and whether each is held between two chunks: then nobody waits for it. */
  private readonly active = new Map<Lane, () => boolean>()
  private pending: Pending<Lane>[] = []
  private draining = false
  private stallTimer: NodeJS.Timeout | null = null

  constructor(
    /** The most lanes in one run of chunks with this many samples. */
    private readonly widthFor: (samples: number) => number,
    private readonly runBatch: RunBatch<Lane>
  ) {}

  open(lane: Lane, isHeld: () => boolean = () => false): void {
    this.active.set(lane, isHeld)
  }

  /** Takes a lane out; a chunk of it that still waits is dropped with an error. */
  close(lane: Lane): void {
    this.active.delete(lane)
    const [dropped, kept] = [
      this.pending.filter((item) => item.lane === lane),
      this.pending.filter((item) => item.lane !== lane)
    ]
    this.pending = kept
    for (const item of dropped) item.reject(new Error('lane closed while a chunk waited'))
    this.schedule()
  }

  /** Runs `input` of `lane` into `output`, together with whatever other lanes have waiting. */
  run(lane: Lane, input: Float32Array, output: Float32Array): Promise<void> {
    if (!this.active.has(lane)) return Promise.reject(new Error('lane is not open'))
    return new Promise((resolve, reject) => {
      this.pending.push({ lane, input, output, resolve, reject })
      this.schedule()
    })
  }

  private schedule(): void {
    if (this.draining || this.pending.length === 0) return
    if (this.isFull()) {
      this.startDraining()
    } else {
      this.stallTimer ??= setTimeout(() => {
        this.stallTimer = null
        this.startDraining()
      }, STALL_MS)
    }
  }

  private isFull(): boolean {
    const [oldest] = this.pending
    if (oldest && this.pending.length >= this.widthFor(oldest.input.length)) return true
    const waiting = new Set(this.pending.map(({ lane }) => lane))
    for (const [lane, isHeld] of this.active) if (!waiting.has(lane) && !isHeld()) return false
    return true
  }

  private startDraining(): void {
    if (this.draining || this.pending.length === 0) return
    if (this.stallTimer !== null) clearTimeout(this.stallTimer)
    this.stallTimer = null
    this.draining = true
    void this.drain()
  }

  /** Between two runs the event loop turns once, so that messages (cancel) and timers (heartbeat) are seen. */
  private async drain(): Promise<void> {
    do {
      await this.runOnce(this.takeBatch())
      await nextTurn()
    } while (this.pending.length > 0 && this.isFull())
    this.draining = false
    this.schedule()
  }

  /** The oldest chunk and those that can share its run: the same length, each lane once. */
  private takeBatch(): Pending<Lane>[] {
    const length = this.pending[0]?.input.length ?? 0
    const sharing = this.pending.filter((item) => item.input.length === length)
    const taken = new Set(sharing.slice(0, this.widthFor(length)))
    this.pending = this.pending.filter((item) => !taken.has(item))
    return [...taken]
  }

  private async runOnce(items: readonly Pending<Lane>[]): Promise<void> {
    if (items.length === 0) return
    try {
      const errors = await this.runBatch(items)
      items.forEach((item, index) => {
        const error = errors[index] ?? null
        if (error === null) item.resolve()
        else item.reject(error)
      })
    } catch (thrown) {
      const error = thrown instanceof Error ? thrown : new Error(String(thrown))
      for (const item of items) item.reject(error)
    }
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
