// Its build for Node names a `require` of its own, as the bundler does.
import { strToU8, zipSync } from 'fflate/browser'
import type { SavedDiagnostics } from '../../shared/ipc/diagnosticsViews'
import { saveWhole } from '../jobs/saveWhole'
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
  await saveWhole(filePath, zip)
  return {
    path: filePath,
    files: files.map(({ name, bytes }) => ({ name, bytes: bytes.length })),
    problems: gathered.diagnostics.problems
  }
}
