/** One line of a script's table: what is promised, what was found, and whether that keeps it. */
export interface Promised {
  readonly promise: string
  readonly found: string
  readonly kept: boolean
}

/** A promise that a list of offenders is empty; the first few are named. */
export function none(promise: string, offenders: readonly string[]): Promised {
  const found = offenders.length === 0 ? '0' : `${offenders.length}: ${offenders.slice(0, 5).join('; ')}`
  return { promise, found, kept: offenders.length === 0 }
}

/** A promise that a figure stays at or under its limit. */
export function atMost(promise: string, value: number, limit: number): Promised {
  return { promise: `${promise}, at most ${limit}`, found: shown(value), kept: value <= limit }
}

function shown(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toPrecision(3)
}

export function formatPromises(title: string, rows: readonly Promised[]): string {
  const width = Math.max(...rows.map(({ promise }) => promise.length)) + 2
  const lines = rows.map(({ promise, found, kept }) => `${promise.padEnd(width)}${kept ? '  ' : '✗ '}${found}`)
  return [title, '-'.repeat(Math.max(title.length, width + 10)), ...lines].join('\n')
}
