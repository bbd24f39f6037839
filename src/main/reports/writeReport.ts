import path from 'node:path'
import { AppError } from '../../shared/errors/appError'
import type { Locale } from '../../shared/i18n/messages'
import { saveWhole } from '../jobs/saveWhole'
import { reportPage } from './page'
import type { RunReport } from './runReport'
import { reportCsv } from './table'

/** What a report may be written as, by the name's ending. */
export const REPORT_EXTENSIONS = ['.json', '.csv', '.html'] as const
type ReportExtension = (typeof REPORT_EXTENSIONS)[number]

/** Null for a name that does not say what is meant. */
export function reportExtension(name: string): ReportExtension | null {
  const extension = path.extname(name).toLowerCase()
  if (extension === '.htm') return '.html'
  return REPORT_EXTENSIONS.find((known) => known === extension) ?? null
}

/**
 * Writes the report in one step: a reader never finds half of one. `locale` is the language that a page begins in. Throws
 * `E_BAD_REQUEST` for a name without a known ending; `E_DISK_FULL`, `E_READ_ONLY`, `E_IO` with `path`: what was there then still is.
 */
export async function writeReport(target: string, report: RunReport, locale: Locale = 'en'): Promise<void> {
  await saveWhole(target, reportText(target, report, locale))
}

function reportText(target: string, report: RunReport, locale: Locale): string {
  switch (reportExtension(target)) {
    case '.json':
      return `${JSON.stringify(report, null, 2)}\n`
    case '.csv':
      return reportCsv(report)
    case '.html':
      return reportPage(report, locale)
    case null:
      throw new AppError('E_BAD_REQUEST', { detail: 'a report ends in .json, .csv or .html' })
  }
}
