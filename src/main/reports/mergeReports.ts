import { readFile } from 'node:fs/promises'
import { AppError, toAppError } from '../../shared/errors/appError'
import { RunReport, totals, type FileReport } from './runReport'

export interface MergedReports {
  readonly report: RunReport
  /** Files that were in more than one report; the one that came furthest is kept. */
  readonly duplicates: number
  /** Shares `K/N` that no report is of. */
  readonly missing: readonly string[]
}

export interface NamedReport {
  readonly name: string
  readonly report: RunReport
}

/** Throws `E_IO` where it cannot be read, `E_UNSUPPORTED` where it is no report of ours; both with `path`. */
export async function readReport(filePath: string): Promise<NamedReport> {
  const text = await readFile(filePath, 'utf8').catch((thrown: unknown) => {
    const { code, data } = toAppError(thrown)
    throw new AppError(code, { ...data, path: filePath }, thrown)
  })
  const parsed = RunReport.safeParse(jsonOf(text))
  if (parsed.success) return { name: filePath, report: parsed.data }
  throw new AppError('E_UNSUPPORTED', { path: filePath, detail: `${filePath} is no JSON report of this program` })
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return null // The schema refuses it, with words.
  }
}

/** Joins reports of one job that was shared out. Throws `E_BAD_REQUEST` where they are of different programs or settings. */
export function mergeReports(reports: readonly NamedReport[]): MergedReports {
  const [first] = reports
  if (first === undefined) throw new AppError('E_BAD_REQUEST', { detail: 'there is no report to join' })
  for (const other of reports) refuseOther(first, other)
  const byPath = new Map<string, FileReport>()
  let duplicates = 0
  for (const file of reports.flatMap(({ report }) => report.files)) {
    const known = byPath.get(file.relativePath)
    if (known) duplicates++
    if (!known || RANK[file.status] > RANK[known.status]) byPath.set(file.relativePath, file)
  }
  const files = [...byPath.values()].sort((a, b) => (a.relativePath < b.relativePath ? -1 : 1))
  const all = reports.map(({ report }) => report)
  const peakRssBytes = all.reduce((peak, report) => Math.max(peak, report.totals.peakRssBytes), 0)
  // Shares run beside each other: how long all took together is nobody's to know.
  const report = { ...first.report, ...unlessMixed(all), shard: null, files }
  return {
    report: { ...report, totals: totals({ files, wallSec: null, peakRssBytes }) },
    duplicates,
    missing: missingOf(all)
  }
}

const RANK: Readonly<Record<FileReport['status'], number>> = { cancelled: 0, failed: 1, skipped: 2, done: 3 }

/** A share without a file of its own had no engine; machines may have different ones. */
function unlessMixed(reports: readonly RunReport[]): Pick<RunReport, 'device' | 'precision' | 'precisionReason'> {
  const one = <T>(values: readonly (T | null)[]): T | null => {
    const kinds = new Set(values.filter((value) => value !== null))
    return kinds.size === 1 ? [...kinds][0]! : null
  }
  return {
    device: one(reports.map(({ device }) => device)),
    precision: one(reports.map(({ precision }) => precision)),
    precisionReason: one(reports.map(({ precisionReason }) => precisionReason))
  }
}

/** What machines may differ in without the sound being another. */
const OWN_TO_A_MACHINE = new Set(['device', 'threads', 'batch', 'budgetMb', 'out', 'onExists', 'keepTimes'])

function refuseOther(first: NamedReport, other: NamedReport): void {
  const differing = [
    ...(first.report.version === other.report.version ? [] : ['version']),
    ...differences(first.report.settings, other.report.settings)
  ]
  if (differing.length === 0) return
  const detail = `${other.name} is of a run with other settings than ${first.name}: ${differing.join(', ')}`
  throw new AppError('E_BAD_REQUEST', { path: other.name, detail })
}

function differences(one: RunReport['settings'], other: RunReport['settings']): string[] {
  const names = new Set([...Object.keys(one), ...Object.keys(other)])
  return [...names].filter(
    (name) => !OWN_TO_A_MACHINE.has(name) && JSON.stringify(one[name] ?? null) !== JSON.stringify(other[name] ?? null)
  )
}

/** Of the largest N that was named. */
function missingOf(reports: readonly RunReport[]): string[] {
  const shards = new Set(reports.flatMap(({ shard }) => (shard === null ? [] : [shard])))
  const count = Math.max(0, ...[...shards].map((shard) => Number(shard.split('/')[1])))
  return Array.from({ length: count }, (_, n) => `${n + 1}/${count}`).filter((shard) => !shards.has(shard))
}
