import { rename, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { AppError, toAppError } from '../../shared/errors/appError'
import type { Locale } from '../../shared/i18n/messages'
import { forgetPart, newPartPath, removePart } from '../jobs/partFiles'
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
  const text = reportText(target, report, locale)
  const partPath = newPartPath(target)
  try {
    await writeFile(partPath, text, { flag: 'wx' })
    await rename(partPath, target)
    forgetPart(partPath)
  } catch (thrown) {
    await removePart(partPath).catch(() => undefined) // What came first is told.
    const { code, data } = toAppError(thrown)
    throw new AppError(code, { path: target, ...data }, thrown)
  }
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
