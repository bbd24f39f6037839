import { NAME_SHARE } from '../../../../shared/settings/appSettings'

/** The list's columns in their order. `leastPx` is the width where a column does not grow; `goes` says which one goes first where there is no room. */
export const COLUMN_IDS = [
  'name',
  'folder',
  'length',
  'rate',
  'channels',
  'bits',
  'format',
  'state',
  'progress',
  'speed',
  'memory'
] as const
export type ColumnId = (typeof COLUMN_IDS)[number]

interface Column {
  readonly leastPx: number
  /** Takes of what is left over; see `gridTemplate`. */
  readonly grows: boolean
  readonly align: 'start' | 'end'
  /** 0 never goes; of the others the highest goes first. */
  readonly goes: number
}

export const COLUMNS: Readonly<Record<ColumnId, Column>> = {
  name: { leastPx: 208, grows: true, align: 'start', goes: 0 },
  folder: { leastPx: 104, grows: true, align: 'start', goes: 6 },
  length: { leastPx: 68, grows: false, align: 'end', goes: 2 },
  rate: { leastPx: 78, grows: false, align: 'end', goes: 7 },
  channels: { leastPx: 72, grows: false, align: 'start', goes: 8 },
  bits: { leastPx: 44, grows: false, align: 'end', goes: 9 },
  format: { leastPx: 60, grows: false, align: 'start', goes: 5 },
  state: { leastPx: 104, grows: false, align: 'start', goes: 0 },
  progress: { leastPx: 112, grows: false, align: 'start', goes: 0 },
  speed: { leastPx: 64, grows: false, align: 'end', goes: 3 },
  memory: { leastPx: 72, grows: false, align: 'end', goes: 4 }
}

/** The columns that a list of this width has room for. */
export function columnsFor(widthPx: number): readonly ColumnId[] {
  const shown = new Set<ColumnId>(COLUMN_IDS)
  const leaving = COLUMN_IDS.filter((id) => COLUMNS[id].goes > 0).sort((a, b) => COLUMNS[b].goes - COLUMNS[a].goes)
  const needed = (): number => [...shown].reduce((sum, id) => sum + COLUMNS[id].leastPx, 0)
  for (const id of leaving) {
    if (needed() <= widthPx) break
    shown.delete(id)
  }
  return COLUMN_IDS.filter((id) => shown.has(id))
}

/** The columns as a `grid-template-columns`; names and folders share what is left over. */
export function gridTemplate(columns: readonly ColumnId[], nameShare: number): string {
  return columns
    .map((id) => {
      const { leastPx, grows } = COLUMNS[id]
      return grows
        ? `minmax(${leastPx}px, ${Math.round(1000 * (id === 'name' ? nameShare : 1 - nameShare))}fr)`
        : `${leastPx}px`
    })
    .join(' ')
}

/** The share of names where they are to be `namePx` wide of `bothPx`, neither column less than its least. */
export function shareAt(namePx: number, bothPx: number): number {
  const most = bothPx - COLUMNS.folder.leastPx
  const wanted = Math.max(COLUMNS.name.leastPx, Math.min(namePx, most)) / bothPx
  return Math.min(NAME_SHARE.max, Math.max(NAME_SHARE.min, wanted))
}
