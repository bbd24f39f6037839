/** So that a spreadsheet takes the text for UTF-8. */
const BYTE_ORDER_MARK = '\ufeff'

export type CsvValue = string | number | boolean | null

/** A table of rows (RFC 4180); nothing for null. */
export function csvOf(rows: readonly (readonly CsvValue[])[]): string {
  return BYTE_ORDER_MARK + rows.map((row) => `${row.map(field).join(',')}\r\n`).join('')
}

/** A text that a spreadsheet would take for a formula is kept from being one. */
function field(value: CsvValue): string {
  if (value === null) return ''
  const text = typeof value === 'string' && /^[=+\-@\t\r]/u.test(value) ? `'${value}` : String(value)
  return /[",\r\n]/u.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
