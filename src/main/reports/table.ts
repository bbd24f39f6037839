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

/** So that a spreadsheet takes the text for UTF-8. */
const BYTE_ORDER_MARK = '\ufeff'

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
  return BYTE_ORDER_MARK + [head, ...rows].map((row) => `${row.map(field).join(',')}\r\n`).join('')
}

function valueOf(settings: ReportSettings, name: string): string | number | boolean | null {
  const value = settings[name] ?? null
  return Array.isArray(value) ? value.join(' ') : value
}

/** A text that a spreadsheet would take for a formula is kept from being one. */
function field(value: string | number | boolean | null): string {
  if (value === null) return ''
  const text = typeof value === 'string' && /^[=+\-@\t\r]/u.test(value) ? `'${value}` : String(value)
  return /[",\r\n]/u.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
