import type { FileMark, Metrics, MetricsHistory } from '../../shared/ipc/memoryViews'

const KEPT_MS = 30 * 60 * 1000
/** Of the shortest files more than these are begun in half an hour; the last ones are kept. */
const MAX_MARKS = 5000
/** The clock may be set back: whatever it says, no more are kept than half an hour can have. */
const MAX_SAMPLES = 5000

/** Samples and marks of the last half an hour, in memory that does not grow. */
export class KeptMetrics {
  private samples: Metrics[] = []
  private marks: FileMark[] = []

  addSample(sample: Metrics): void {
    this.samples.push(sample)
    this.samples = trimmed(this.samples, MAX_SAMPLES, sample.atMs)
  }

  addMark(mark: FileMark): void {
    this.marks.push(mark)
    this.marks = trimmed(this.marks, MAX_MARKS, mark.atMs)
  }

  read(): MetricsHistory {
    const sinceMs = Date.now() - KEPT_MS
    const isKept = ({ atMs }: { readonly atMs: number }): boolean => atMs >= sinceMs
    return { samples: this.samples.filter(isKept), marks: this.marks.filter(isKept) }
  }
}

/** Once a tenth is too much it goes in one piece: a new array with every sample would be work for nothing. */
function trimmed<T extends { readonly atMs: number }>(items: T[], max: number, nowMs: number): T[] {
  const slack = Math.floor(max / 10)
  const old = items[slack]
  if (items.length <= max && (old === undefined || old.atMs >= nowMs - KEPT_MS)) return items
  return items.slice(Math.max(slack, items.length - max))
}
