import { isWritten, type OutlookFile } from '../../../../shared/ipc/outlookViews'

export const OUTLOOK_COLUMNS = ['input', 'output', 'act', 'length', 'size'] as const
export type OutlookColumn = (typeof OUTLOOK_COLUMNS)[number]

export const OUTLOOK_GROUPS = ['all', 'written', 'skipped', 'cannot'] as const
export type OutlookGroup = (typeof OUTLOOK_GROUPS)[number]

export interface OutlookQuery {
  readonly text: string
  readonly group: OutlookGroup
  /** Null: the list's own order, which is that of the run. */
  readonly sort: { readonly column: OutlookColumn; readonly descending: boolean } | null
  /** Words of what happens, as they are sorted. */
  readonly actWords: (file: OutlookFile) => string
}

export function groupOf(file: OutlookFile): Exclude<OutlookGroup, 'all'> {
  if (isWritten(file)) return 'written'
  return file.act === 'skipped' ? 'skipped' : 'cannot'
}

/** How many there are of each kind. */
export function countGroups(files: readonly OutlookFile[]): Readonly<Record<OutlookGroup, number>> {
  const counts = { all: files.length, written: 0, skipped: 0, cannot: 0 }
  for (const file of files) counts[groupOf(file)]++
  return counts
}

/** The files that are asked for, in the order that is asked for. */
export function queryOutlook(files: readonly OutlookFile[], query: OutlookQuery): readonly OutlookFile[] {
  const text = query.text.trim().toLowerCase()
  const found = files.filter(
    (file) =>
      (query.group === 'all' || groupOf(file) === query.group) &&
      (text === '' || file.input.toLowerCase().includes(text) || file.output?.toLowerCase().includes(text) === true)
  )
  const { sort } = query
  if (sort === null) return found
  const collator = new Intl.Collator(undefined, { numeric: true })
  const keyed = found.map((file) => ({ file, key: keyOf(file, sort.column, query) }))
  keyed.sort((a, b) => (sort.descending ? -1 : 1) * compare(a.key, b.key, collator))
  return keyed.map(({ file }) => file)
}

/** What is not known comes first. */
function keyOf(file: OutlookFile, column: OutlookColumn, { actWords }: OutlookQuery): string | number {
  switch (column) {
    case 'input':
      return file.input
    case 'output':
      return file.output ?? ''
    case 'act':
      return actWords(file)
    case 'length':
      return file.durationSec ?? -1
    case 'size':
      return file.bytes ?? -1
  }
}

function compare(a: string | number, b: string | number, collator: Intl.Collator): number {
  return typeof a === 'number' && typeof b === 'number' ? a - b : collator.compare(String(a), String(b))
}

/** Folders of a path that are shown: the last ones tell files apart. */
const SHOWN_FOLDERS = 2

/** A path as it is shown: its name, and the end of the folder that it is in. */
export function partsOf(full: string): { readonly name: string; readonly folder: string } {
  const at = Math.max(full.lastIndexOf('/'), full.lastIndexOf('\\'))
  const folder = full.slice(0, Math.max(at, 1))
  const separator = full[at] ?? '/'
  const parts = folder.split(separator)
  const isLong = parts.length > SHOWN_FOLDERS + 1
  const end = parts.slice(-SHOWN_FOLDERS).join(separator)
  return { name: full.slice(at + 1), folder: isLong ? `…${separator}${end}` : folder }
}
