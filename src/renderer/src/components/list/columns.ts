/** The list's columns in their order. `leastPx` with `grow` 0 is the width; `goes` says which one goes first where there is no room. */
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
  readonly grow: number
  readonly align: 'start' | 'end'
  /** 0 never goes; of the others the highest goes first. */
  readonly goes: number
}

export const COLUMNS: Readonly<Record<ColumnId, Column>> = {
  name: { leastPx: 208, grow: 6, align: 'start', goes: 0 },
  folder: { leastPx: 104, grow: 3, align: 'start', goes: 6 },
  length: { leastPx: 68, grow: 0, align: 'end', goes: 2 },
  rate: { leastPx: 78, grow: 0, align: 'end', goes: 7 },
  channels: { leastPx: 72, grow: 0, align: 'start', goes: 8 },
  bits: { leastPx: 44, grow: 0, align: 'end', goes: 9 },
  format: { leastPx: 60, grow: 0, align: 'start', goes: 5 },
  state: { leastPx: 104, grow: 0, align: 'start', goes: 0 },
  progress: { leastPx: 112, grow: 0, align: 'start', goes: 0 },
  speed: { leastPx: 64, grow: 0, align: 'end', goes: 3 },
  memory: { leastPx: 72, grow: 0, align: 'end', goes: 4 }
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

/** The columns as a `grid-template-columns`. */
export function gridTemplate(columns: readonly ColumnId[]): string {
  return columns
    .map((id) => {
      const { leastPx, grow } = COLUMNS[id]
      return grow === 0 ? `${leastPx}px` : `minmax(${leastPx}px, ${grow}fr)`
    })
    .join(' ')
}
