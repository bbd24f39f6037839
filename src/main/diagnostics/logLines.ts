import { readFile } from 'node:fs/promises'
import path from 'node:path'
import type { LoggedError } from '../../shared/ipc/diagnosticsViews'
import { LOG_NAMES } from '../logNames'

const LINE = /^(\d{4}-\d\d-\d\dT[\d:.]+Z) (debug|info|warn|error) (.*)$/u
const CODE = /\b[EW]_[A-Z_]+\b/u

/** The last lines of all logs of a folder, oldest first; none where there is none. */
export async function recentLines(logFolder: string, count: number): Promise<readonly string[]> {
  let lines: string[] = []
  for (const name of LOG_NAMES) {
    const text = await readFile(path.join(logFolder, name), 'utf8').catch(absentAsEmpty)
    lines = [...text.split('\n').filter((line) => line !== ''), ...lines]
    if (lines.length >= count) break
  }
  return lines.slice(-count)
}

/** Those that tell of trouble, oldest first. Pure. */
export function errorsIn(lines: readonly string[], count: number): readonly LoggedError[] {
  const found = lines.flatMap((line): LoggedError[] => {
    const [, at = '', level = '', text = ''] = LINE.exec(line) ?? []
    return level === 'warn' || level === 'error' ? [{ at, level, code: CODE.exec(text)?.[0] ?? null, text }] : []
  })
  return found.slice(-count)
}

function absentAsEmpty(error: unknown): string {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return ''
  throw error
}
