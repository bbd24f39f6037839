import { lstat, statfs } from 'node:fs/promises'
import path from 'node:path'
import type { Job } from '../../shared/jobs/job'
import { outputBytes } from '../core/diskNeeds'
import type { ScanResult } from '../jobs/scanInputs'
import type { PreparedBatch } from './prepare'
import { count, printable, shownPath } from './words'

/** What the patterns leave out, in a line where there is any. */
export function excludedLines({ excludedFiles, excludedFolders }: ScanResult): string[] {
  const files = excludedFiles > 0 ? [count(excludedFiles, 'file')] : []
  const folders = excludedFolders > 0 ? [count(excludedFolders, 'folder')] : []
  const all = [...files, ...folders].join(' and ')
  return all === '' ? [] : [`left out: ${all} by --include and --exclude`]
}

/** What a run would do, a line for each file, and the room that it would need; nothing is written. */
export async function dryRunLines({ scan, files, output }: PreparedBatch): Promise<string[]> {
  const lines = scan.skipped.map(({ path: full, reason }) => `left out: ${shownPath(full)} (${reason})`)
  lines.push(...excludedLines(scan))
  let bytes = 0
  let written = 0
  for (const { file, outputPath, error } of files) {
    const input = shownPath(file.path)
    if (outputPath === null) {
      lines.push(`cannot: ${input} [${error.code}]`)
      continue
    }
    const isThere = (await lstat(outputPath).catch(() => null)) !== null
    if (isThere && output.onExists === 'skip') {
      lines.push(`skip: ${input} (${shownPath(outputPath)} is there)`)
      continue
    }
    const how = isThere ? (output.onExists === 'changed' ? ' (replaced if changed)' : ' (replaced)') : ''
    lines.push(`write: ${input} -> ${shownPath(outputPath)}${how}`)
    bytes += outputBytes(asJob(file, outputPath), output)
    written++
  }
  const free = await freeBytes(files.find(({ outputPath }) => outputPath !== null)?.outputPath ?? null)
  const room = free === null ? '' : `, ${megabytes(free)} free`
  return [...lines, `${written} of ${count(files.length, 'file')} to write, about ${megabytes(bytes)}${room}.`].map(
    printable
  )
}

/** Of a file that nobody has looked into: by its size. */
function asJob(file: PreparedBatch['files'][number]['file'], outputPath: string): Job {
  const { id, path: inputPath, root, relativePath, explicit, identity } = file
  const place = { id, inputPath, root, relativePath, explicit, identity, outputPath }
  return { ...place, settingsKey: '', probe: null, status: { kind: 'pending', attempts: 0 } }
}

/** On the disk of the nearest folder that is there already. */
async function freeBytes(outputPath: string | null): Promise<number | null> {
  if (outputPath === null) return null
  for (let folder = path.dirname(outputPath); ; folder = path.dirname(folder)) {
    const facts = await statfs(folder).catch(() => null)
    if (facts) return facts.bavail * facts.bsize
    if (folder === path.dirname(folder)) return null
  }
}

function megabytes(bytes: number): string {
  return bytes < 1e9 ? `${Math.ceil(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`
}
