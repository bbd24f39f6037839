import type { BenchCell, BenchRow } from '../../shared/ipc/benchViews'
import type { FileCost } from './fileCost'

/** What came of one way of denoising; a cell where nothing did. */
export type Outcome<T> = { readonly value: T } | { readonly missing: BenchCell }

/** The three ways in the table's order. */
export interface Ways<T> {
  readonly naive: Outcome<T>
  readonly stillwave: Outcome<T>
  readonly article: Outcome<T>
}

export interface Scores {
  readonly siSdrDb: number | null
  readonly stoi: number | null
  readonly agreementDb: number | null
}

const none = (why: 'notRun' | 'noReference' | 'notMeasured'): BenchCell => ({ why, expectedBytes: null })

/** Peak memory, wall time, CPU time. Pure, as all here. */
export function costRows(ways: Ways<FileCost>): BenchRow[] {
  return [
    { id: 'peakRss', unit: 'bytes', ...cellsOf(ways, ({ peakRssBytes }) => peakRssBytes) },
    { id: 'wallTime', unit: 's', ...cellsOf(ways, ({ wallSec }) => wallSec) },
    { id: 'cpuTime', unit: 's', ...cellsOf(ways, ({ cpuSec }) => cpuSec) }
  ]
}

/** Resident memory after the last of many files, less that after the first. */
export function growthRow(ways: Ways<readonly FileCost[]>): BenchRow {
  const grown = (files: readonly FileCost[]): number => files.at(-1)!.rssBytes - files[0]!.rssBytes
  return { id: 'growth', unit: 'bytes', ...cellsOf(ways, grown) }
}

/** Quality against the clean track, where there is one, and the SNR against the naive result. */
export function scoreRows(ways: Ways<Scores>, hasReference: boolean): BenchRow[] {
  const reference = (pick: (scores: Scores) => number | null): Cells => {
    if (hasReference) return cellsOf(ways, pick)
    return { naive: none('noReference'), stillwave: none('noReference'), article: none('noReference') }
  }
  const hasNaive = 'value' in ways.naive
  const agreement = hasNaive ? cellsOf(ways, ({ agreementDb }) => agreementDb) : cellsOf(ways, () => none('notRun'))
  return [
    { id: 'siSdr', unit: 'dB', ...reference(({ siSdrDb }) => siSdrDb) },
    { id: 'stoi', unit: 'ratio', ...reference(({ stoi }) => stoi) },
    // The naive result is what the others are held against.
    { id: 'agreement', unit: 'dB', ...agreement, ...(hasNaive ? { naive: none('notMeasured') } : {}) }
  ]
}

type Cells = Pick<BenchRow, 'naive' | 'stillwave' | 'article'>

function cellsOf<T>(ways: Ways<T>, pick: (value: T) => BenchCell | null): Cells {
  const cell = (outcome: Outcome<T>): BenchCell => {
    if ('missing' in outcome) return outcome.missing
    const picked = pick(outcome.value)
    // What is no number (no such reading on this system, silence) is no figure.
    return picked === null || (typeof picked === 'number' && !Number.isFinite(picked)) ? none('notMeasured') : picked
  }
  return { naive: cell(ways.naive), stillwave: cell(ways.stillwave), article: cell(ways.article) }
}
