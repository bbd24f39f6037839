import type { BatchItem, RunBatch } from './laneBatcher'
import type { RunCounters } from './statefulLanes'

/** Runs of each width before one is chosen; the very first of a width makes its buffers and does not count. */
const TRIALS = 4

/** What the runs of one length took. */
interface Trials {
  readonly alone: number[]
  readonly together: number[]
}

/**
 * How many lanes go into one run: the most allowed, unless they take no less time one by one. On a CPU whose cores one lane fills
 * already a wider run only leaves its caches (measured: 3 % slower with four lanes of the light model); a GPU gains several times over.
 * What a lane gives does not depend on it.
 */
export class LaneWidth {
  /** By samples in a chunk: the gates' survey may run other lengths than the file. */
  private readonly trials = new Map<number, Trials>()

  constructor(
    readonly most: number,
    private readonly counters: RunCounters
  ) {}

  /** For chunks of this many samples. */
  next(samples: number): number {
    const trials = this.trials.get(samples)
    if (this.most === 1 || trials === undefined || trials.together.length < TRIALS) return this.most
    if (trials.alone.length < TRIALS) return 1
    return quickest(trials.alone) < quickest(trials.together) ? 1 : this.most
  }

  /** Notes what each run takes until it is known which width is quicker. */
  measured<Lane>(runBatch: RunBatch<Lane>): RunBatch<Lane> {
    if (this.most === 1) return runBatch
    return async (items) => {
      const { runs, modelSec } = this.counters
      const errors = await runBatch(items)
      // Silence takes no run, and a run again on another device says nothing of this one.
      if (this.counters.runs === runs + 1 && this.counters.lanes === items.length) {
        this.note(items, (this.counters.modelSec - modelSec) / items.length)
      }
      return errors
    }
  }

  private note(items: readonly BatchItem<unknown>[], laneSec: number): void {
    const samples = items[0]!.input.length
    const trials = this.trials.get(samples) ?? { alone: [], together: [] }
    this.trials.set(samples, trials)
    const noted = items.length === 1 ? trials.alone : trials.together
    // A few lanes of many would make the widest look worse than it is.
    if (noted.length < TRIALS && (items.length === 1 || items.length === this.most)) noted.push(laneSec)
  }
}

/** Of all but the first: other programs only ever make a run slower. */
function quickest(seconds: readonly number[]): number {
  return Math.min(...seconds.slice(1))
}
