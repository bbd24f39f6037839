import path from 'node:path'
import type { BenchReport } from '../../shared/ipc/benchViews'
import { saveWhole } from '../jobs/saveWhole'
import { reportTable } from './reportTable'

/** The name that the dialog begins with. */
export const reportName = (report: BenchReport): string => `stillwave-${report.at.slice(0, 10)}.json`

/**
 * Writes a report in one step: a table where the name ends in `.md`, else JSON. Throws `E_DISK_FULL`, `E_READ_ONLY`, `E_IO` with
 * {path}; what was there under that name then still is.
 */
export async function exportReport(report: BenchReport, filePath: string): Promise<void> {
  const isTable = path.extname(filePath).toLowerCase() === '.md'
  const text = isTable ? reportTable(report) : `${JSON.stringify(report, null, 2)}\n`
  await saveWhole(filePath, text)
}
