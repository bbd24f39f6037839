import path from 'node:path'
import { parseArgs } from 'node:util'
import { toAppError } from '../../shared/errors/appError'
import { mergeReports, readReport } from '../reports/mergeReports'
import { REPORT_EXTENSIONS, reportExtension, writeReport } from '../reports/writeReport'
import { UsageError } from './args'
import { count, printable, shownPath } from './words'

/** The first word that makes the command join reports. */
export const MERGE_WORD = 'merge-reports'

export const MERGE_HELP = `Joins the reports of a job that was shared out with --shard.

  npm run denoise -- merge-reports A.json B.json ... --out ALL.json

  --out FILE                  ends in .json, .csv or .html; may be repeated

Reports of other settings or another version are refused. A file that is in
several reports counts once, as far as it came.
Exit code: 0 joined, 1 joined and files failed or shares are missing, 2 wrong use.
`

export interface MergeOutcome {
  readonly lines: readonly string[]
  /** Not all is well: a file failed, or a share is missing. */
  readonly isIncomplete: boolean
}

/** Reads, joins, writes. Throws {@link UsageError} with a sentence that names the file. Null asks for help. */
export async function mergeCommand(argv: readonly string[]): Promise<MergeOutcome | null> {
  const request = parsed(argv)
  if (request === null) return null
  const { inputs, outs } = request
  try {
    const reports = []
    for (const input of inputs) reports.push(await readReport(path.resolve(input)))
    const { report, duplicates, missing } = mergeReports(reports)
    for (const out of outs) await writeReport(path.resolve(out), report)
    const { done, failed, skipped, cancelled } = report.totals
    const parts = [`${done} done`, `${failed} failed`, `${skipped} skipped`, `${cancelled} cancelled`].join(', ')
    const lines = [`${count(inputs.length, 'report')}, ${count(report.files.length, 'file')}: ${parts}.`]
    if (duplicates > 0) lines.push(`${count(duplicates, 'duplicate')}: a file of several reports counts once.`)
    if (missing.length > 0) lines.push(`No report of ${missing.join(', ')}.`)
    return { lines, isIncomplete: failed + cancelled + missing.length > 0 }
  } catch (thrown) {
    const { data, message } = toAppError(thrown)
    throw new UsageError(printable(`merge-reports: ${String(data.detail ?? message)}`))
  }
}

function parsed(argv: readonly string[]): { inputs: readonly string[]; outs: readonly string[] } | null {
  const { values, positionals: inputs } = parsedArgs(argv)
  if (values.help) return null
  if (inputs.length === 0) throw new UsageError('merge-reports: name the reports to join')
  const outs = values.out ?? []
  if (outs.length === 0) throw new UsageError('merge-reports: --out FILE is missing')
  for (const out of outs) {
    if (reportExtension(out) === null) {
      throw new UsageError(`merge-reports: --out must end in ${REPORT_EXTENSIONS.join(', ')}, not "${out}"`)
    }
    const same = inputs.find((input) => path.resolve(input) === path.resolve(out))
    if (same !== undefined)
      throw new UsageError(`merge-reports: --out ${shownPath(out)} would replace a report to join`)
  }
  return { inputs, outs }
}

type Parsed = ReturnType<typeof parseArgs<{ options: typeof OPTIONS; allowPositionals: true }>>

const OPTIONS = {
  out: { type: 'string', multiple: true },
  help: { type: 'boolean', default: false, short: 'h' }
} as const

function parsedArgs(argv: readonly string[]): Parsed {
  try {
    return parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true, strict: true })
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message.split(/\.?(?:\n| To specify)/u)[0]! : String(error))
  }
}
