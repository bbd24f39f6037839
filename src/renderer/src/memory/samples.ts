import type { FileMark, Metrics, MetricsHistory } from '../../../shared/ipc/memoryViews'

/** How long the window remembers: what main keeps, and not a sample more. */
export const KEEP_MS = 30 * 60_000
/** Two samples farther apart were not one measurement: the line is broken there (the machine slept, the app hung). */
const GAP_SEC = 20

/** The lines of the graph, in the order of their columns. */
export const LINES = ['engine', 'app', 'gpuOurs', 'gpuOthers'] as const
export type LineId = (typeof LINES)[number]

/** A line's figure in one sample; null where there is none. */
export function valueOf(line: LineId, { engineRssBytes, appRssBytes, gpu }: Metrics): number | null {
  if (line === 'engine') return engineRssBytes
  if (line === 'app') return appRssBytes
  if (gpu.kind === 'unknown') return null
  return line === 'gpuOurs' ? gpu.oursBytes : gpu.othersBytes
}

/** What the engine may have at that moment: what is free, and what it holds already. */
export function limitOf({ availableBytes, engineRssBytes, totalBytes }: Metrics): number {
  return Math.min(totalBytes, availableBytes + (engineRssBytes ?? 0))
}

/** The samples and marks that the graph is drawn from, ordered by time and bounded to {@link KEEP_MS}. */
export class MemoryRing {
  private kept: Metrics[] = []
  private keptMarks: FileMark[] = []

  get samples(): readonly Metrics[] {
    return this.kept
  }

  get marks(): readonly FileMark[] {
    return this.keptMarks
  }

  get last(): Metrics | null {
    return this.kept.at(-1) ?? null
  }

  add(sample: Metrics): void {
    // A clock that was set back: what lies in its future is of no time that can be drawn.
    while ((this.last?.atMs ?? -Infinity) >= sample.atMs) this.kept.pop()
    this.kept.push(sample)
    this.forget()
  }

  addMark(mark: FileMark): void {
    this.keptMarks = mergeByTime(this.keptMarks, [mark], ({ atMs, jobId }) => `${atMs} ${jobId}`)
    this.forget()
  }

  /** Main's memory and what was heard since, each once. */
  takeHistory({ samples, marks }: MetricsHistory): void {
    this.kept = mergeByTime(this.kept, samples, ({ atMs }) => String(atMs))
    this.keptMarks = mergeByTime(this.keptMarks, marks, ({ atMs, jobId }) => `${atMs} ${jobId}`)
    this.forget()
  }

  private forget(): void {
    const { last } = this
    if (!last) return
    const fromMs = last.atMs - KEEP_MS
    const old = this.kept.findIndex(({ atMs }) => atMs >= fromMs)
    if (old > 0) this.kept.splice(0, old)
    this.keptMarks = this.keptMarks.filter(({ atMs }) => atMs >= fromMs)
  }
}

function mergeByTime<T extends { readonly atMs: number }>(
  first: readonly T[],
  second: readonly T[],
  keyOf: (item: T) => string
): T[] {
  const all = new Map([...first, ...second].map((item) => [keyOf(item), item]))
  return [...all.values()].sort((a, b) => a.atMs - b.atMs)
}

/** Samples as uPlot takes them: seconds, then one column for each of {@link LINES}; `rows` holds each point's sample, null in a gap. */
export interface Columns {
  readonly xs: number[]
  readonly ys: readonly (number | null)[][]
  readonly rows: readonly (Metrics | null)[]
}

/** The samples between two moments (seconds), with one more at each side so that the lines reach the edges. */
export function columnsOf(samples: readonly Metrics[], fromSec: number, toSec: number): Columns {
  const first = Math.max(0, samples.findIndex(({ atMs }) => atMs / 1000 >= fromSec) - 1)
  const xs: number[] = []
  const rows: (Metrics | null)[] = []
  for (const sample of samples.slice(first)) {
    const atSec = sample.atMs / 1000
    const before = xs.at(-1)
    if (before !== undefined && atSec - before > GAP_SEC) {
      xs.push((before + atSec) / 2)
      rows.push(null)
    }
    xs.push(atSec)
    rows.push(sample)
    if (atSec > toSec) break
  }
  const ys = LINES.map((line) => rows.map((sample) => (sample === null ? null : valueOf(line, sample))))
  return { xs, ys, rows }
}

/** The largest figure of each line between two moments; null for a line that has none there. */
export function highestOf(columns: Columns): Readonly<Record<LineId, number | null>> {
  const highest = (values: readonly (number | null)[]): number | null =>
    values.reduce<number | null>((most, value) => (value === null ? most : Math.max(most ?? 0, value)), null)
  return Object.fromEntries(LINES.map((line, n) => [line, highest(columns.ys[n] ?? [])])) as Record<
    LineId,
    number | null
  >
}
