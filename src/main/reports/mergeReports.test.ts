import { expect, test } from 'vitest'
import { mergeReports } from './mergeReports'
import { fileReport, totals, type RunReport } from './runReport'

type Status = Parameters<typeof fileReport>[0]['status']
const SKIPPED: Status = { kind: 'skipped' }
const FAILED: Status = { kind: 'failed', error: { code: 'E_EMPTY', data: {} } }

function report(
  shard: string | null,
  files: Readonly<Record<string, Status>>,
  more: Partial<RunReport> = {}
): RunReport {
  const all = Object.entries(files).map(([relativePath, status]) =>
    fileReport({ inputPath: `/mnt/${shard ?? ''}/${relativePath}`, relativePath, outputPath: null, status })
  )
  const settings = { model: 'm', strengthPercent: 100, threads: shard === '1/2' ? 2 : 8 }
  const facts = { version: '1', model: 'm', device: 'cpu', precision: 'fp32', precisionReason: null } as const
  const sums = totals({ files: all, wallSec: 5, peakRssBytes: all.length })
  return { ...facts, settings, shard, files: all, totals: sums, ...more }
}

const named = (...reports: RunReport[]): { name: string; report: RunReport }[] =>
  reports.map((each, n) => ({ name: `${n}.json`, report: each }))

test('shares of one job become one report, whatever machine each ran on', () => {
  const merged = mergeReports(
    named(report('2/2', { 'b.wav': SKIPPED, 'c.wav': FAILED }), report('1/2', { 'a.wav': SKIPPED }))
  )
  expect(merged.report.files.map(({ relativePath }) => relativePath)).toEqual(['a.wav', 'b.wav', 'c.wav'])
  expect(merged.report.totals).toMatchObject({ skipped: 2, failed: 1, wallSec: null, peakRssBytes: 2 })
  expect([merged.duplicates, merged.missing]).toEqual([0, []])
})

test('a file of two reports counts once, as far as it came (a share that was run again doubled its files)', () => {
  const merged = mergeReports(named(report('1/3', { 'a.wav': FAILED }), report('1/3', { 'a.wav': SKIPPED })))
  expect(merged.report.files.map(({ status }) => status)).toEqual(['skipped'])
  expect([merged.duplicates, merged.missing]).toEqual([1, ['2/3', '3/3']])
})

test('a share without files, whose engine never started, is no other setting', () => {
  const empty = report('2/2', {}, { device: null, precision: null })
  expect(mergeReports(named(empty, report('1/2', { 'a.wav': SKIPPED }))).report).toMatchObject({ device: 'cpu' })
})

test('other settings or another version are refused by name (figures of two models in one table)', () => {
  const other = report('2/2', {}, { settings: { model: 'm', strengthPercent: 50 } })
  expect(() => mergeReports(named(report('1/2', {}), other))).toThrow(/1\.json is of a run .* strengthPercent$/u)
  expect(() => mergeReports(named(report('1/2', {}), report('2/2', {}, { version: '2' })))).toThrow(/version/u)
})
