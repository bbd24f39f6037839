import { csvOf } from './csv'
import type { FileReport, ReportSettings, RunReport } from './runReport'

const COLUMNS = [
  'input',
  'relativePath',
  'output',
  'status',
  'durationSec',
  'sampleRateHz',
  'channels',
  'processingSec',
  'rtf',
  'peakRssBytes',
  'noiseFloorBeforeDb',
  'noiseFloorAfterDb',
  'snrGainDb',
  'levelBeforeDb',
  'levelAfterDb',
  'peakBeforeDb',
  'peakAfterDb'
] as const satisfies readonly (keyof FileReport)[]

/** A row for each file (RFC 4180), with what it was done with at its end. */
export function reportCsv(report: RunReport): string {
  const own = report.files.flatMap((file) => (file.settings === null ? [] : Object.keys(file.settings)))
  const names = [...new Set([...Object.keys(report.settings), ...own])]
  const head = [...COLUMNS, 'warnings', 'errorCode', 'error', ...names.map((name) => `settings.${name}`)]
  const rows = report.files.map((file) => [
    ...COLUMNS.map((column) => file[column]),
    file.warnings.join(' '),
    file.error?.code ?? null,
    file.error?.message ?? null,
    ...names.map((name) => valueOf(file.settings ?? report.settings, name))
  ])
  return csvOf([head, ...rows])
}

function valueOf(settings: ReportSettings, name: string): string | number | boolean | null {
  const value = settings[name] ?? null
  return Array.isArray(value) ? value.join(' ') : value
}
