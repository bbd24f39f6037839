import type { Outlook, OutlookFile } from '../../shared/ipc/outlookViews'
import { isWritten } from '../../shared/ipc/outlookViews'
import type { Job } from '../../shared/jobs/job'
import { outlookOf } from '../core/outlook'
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

/** A folder of more files than one list takes. */
export function cutShortLines({ files, cutShort }: ScanResult): string[] {
  return cutShort
    ? [`only the first ${count(files.length, 'file')} are taken: name its folders one by one for the rest`]
    : []
}

/** What a run would do, a line for each file, and the room that it would need; nothing is written. */
export async function dryRunLines(
  { scan, files, output, claims }: PreparedBatch,
  how: { readonly modelId: string; readonly batch: number }
): Promise<string[]> {
  const lines = scan.skipped.map(({ path: full, reason }) => `left out: ${shownPath(full)} (${reason})`)
  lines.push(...excludedLines(scan), ...cutShortLines(scan))
  const settings = { ...how, output }
  const outlook = await outlookOf(files.map(asJob), { claims, settingsOf: () => settings, hasFfmpeg: true })
  return [...lines, ...outlook.files.map(lineOf), ...roomLines(outlook)].map(printable)
}

function lineOf({ act, input, output, wanted, error }: OutlookFile): string {
  const source = shownPath(input)
  if (act === 'cannot') return `cannot: ${source} [${error?.code ?? 'E_INTERNAL'}]`
  const target = shownPath(output ?? '')
  switch (act) {
    case 'skipped':
      return `skip: ${source} (${target} is there)`
    case 'replaced':
      return `write: ${source} -> ${target} (replaced)`
    case 'ifChanged':
      return `write: ${source} -> ${target} (replaced if changed)`
    case 'renamed':
      return `write: ${source} -> ${target} (the name ${wanted ?? ''} is taken)`
    case 'new':
      return `write: ${source} -> ${target}`
  }
}

/** In one line where there is one disk; of several a line each before it. */
function roomLines({ files, disks }: Outlook): string[] {
  const written = files.filter(isWritten)
  const bytes = written.reduce((sum, file) => sum + (file.bytes ?? 0), 0)
  const free = (bytesFree: number | null): string => (bytesFree === null ? '' : `, ${megabytes(bytesFree)} free`)
  const [only] = disks
  const each = disks.map(
    (disk) =>
      `room: ${count(disk.files, 'file')}, about ${megabytes(disk.bytes)} in ${disk.path}${free(disk.freeBytes)}`
  )
  const passing = Math.max(0, ...disks.map(({ passingBytes }) => passingBytes))
  const more = passing > 0 ? `; ${megabytes(passing)} more while it works` : ''
  const room = disks.length === 1 && only ? free(only.freeBytes) : ''
  const total = `${written.length} of ${count(files.length, 'file')} to write, about ${megabytes(bytes)}${room}${more}.`
  return disks.length > 1 ? [...each, total] : [total]
}

/** Of a file that nobody has looked into: by its size. */
function asJob({ file, outputPath, error }: PreparedBatch['files'][number]): Job {
  const { id, path: inputPath, root, relativePath, explicit, identity } = file
  const place = { id, inputPath, root, relativePath, explicit, identity, outputPath }
  const status = error === null ? ({ kind: 'pending', attempts: 0 } as const) : ({ kind: 'failed', error } as const)
  return { ...place, settingsKey: '', probe: null, status }
}

function megabytes(bytes: number): string {
  return bytes < 1e9 ? `${Math.ceil(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`
}
