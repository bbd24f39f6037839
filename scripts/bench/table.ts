/** One line of the benchmark's tables; a string says why there is no figure. */
export interface Row {
  readonly label: string
  readonly unit: string
  readonly naive: number | string
  readonly stillwave: number | string
  readonly article: number | string
}

export interface Section {
  readonly title: string
  readonly rows: readonly Row[]
}

const COLUMNS = ['naive', 'Stillwave', '2 s / 0.5 s', 'naive : Stillwave'] as const
const LABEL_WIDTH = 44
const CELL_WIDTH = 18

/** A section as aligned text; the last column is the ratio that the project is about. */
export function formatSection(section: Section): string {
  const head = section.title.padEnd(LABEL_WIDTH) + COLUMNS.map((name) => name.padStart(CELL_WIDTH)).join('')
  return [head, '-'.repeat(head.length), ...section.rows.map(formatRow)].join('\n')
}

function formatRow(row: Row): string {
  const cells = [cell(row.naive), cell(row.stillwave), cell(row.article), ratio(row)]
  return `${row.label}, ${row.unit}`.padEnd(LABEL_WIDTH) + cells.map((text) => text.padStart(CELL_WIDTH)).join('')
}

function cell(value: number | string): string {
  if (typeof value === 'string') return value
  if (!Number.isFinite(value)) return 'not measured'
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3)
}

function ratio(row: Row): string {
  if (typeof row.naive !== 'number' || typeof row.stillwave !== 'number') return ''
  if (row.unit === 'dB' || row.unit === '0 to 1' || row.stillwave <= 0) return ''
  return `${(row.naive / row.stillwave).toFixed(2)} : 1`
}
