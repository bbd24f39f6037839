import { open, rename, rm } from 'node:fs/promises'
// Its build for Node names a `require` of its own, as the bundler does.
import { strToU8, zipSync } from 'fflate/browser'
import { AppError, toAppError } from '../../shared/errors/appError'
import type { SavedDiagnostics } from '../../shared/ipc/diagnosticsViews'
import { doctorText } from './doctorText'
import type { Gathered } from './gather'

/** The name that the dialog begins with. */
export const archiveName = (at: Date): string => `stillwave-diagnostics-${at.toISOString().slice(0, 10)}.zip`

/** What an archive holds, by name. Pure. */
export function archiveFiles({ diagnostics, logLines }: Gathered): Readonly<Record<string, string>> {
  return {
    'summary.txt': doctorText(diagnostics),
    'diagnostics.json': `${JSON.stringify(diagnostics, null, 2)}\n`,
    'log.txt': logLines.map((line) => `${line}\n`).join('')
  }
}

/** Writes the archive in one step. Throws `E_DISK_FULL`, `E_READ_ONLY`, `E_IO` with {path}; what was there then still is. */
export async function saveArchive(gathered: Gathered, filePath: string): Promise<SavedDiagnostics> {
  const files = Object.entries(archiveFiles(gathered)).map(([name, text]) => ({ name, bytes: strToU8(text) }))
  const zip = zipSync(Object.fromEntries(files.map(({ name, bytes }) => [name, bytes])))
  const temporary = `${filePath}.${process.pid}.tmp`
  try {
    const handle = await open(temporary, 'wx')
    try {
      await handle.writeFile(zip)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(temporary, filePath)
  } catch (thrown) {
    await rm(temporary, { force: true }).catch(() => undefined) // What came first is told.
    const { code, data } = toAppError(thrown)
    throw new AppError(code, { path: filePath, ...data }, thrown)
  }
  return {
    path: filePath,
    files: files.map(({ name, bytes }) => ({ name, bytes: bytes.length })),
    problems: gathered.diagnostics.problems
  }
}
