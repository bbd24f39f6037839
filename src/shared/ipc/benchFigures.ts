import type { BenchRow } from './benchViews'

/** What a figure is shown in; `factor` times the report's number is the number shown. */
export const BENCH_UNITS: Readonly<Record<BenchRow['unit'], { readonly text: string; readonly factor: number }>> = {
  bytes: { text: 'MB', factor: 1e-6 },
  s: { text: 's', factor: 1 },
  dB: { text: 'dB', factor: 1 },
  ratio: { text: '', factor: 1 }
}

/** A figure of the report in its unit, as the table has it: whole numbers from 100 on, three digits under that; memory to a tenth of a MB. */
export function benchFigure(value: number, unit: BenchRow['unit']): string {
  const { text, factor } = BENCH_UNITS[unit]
  const shown = value * factor
  const digits = digitsOf(unit === 'bytes' ? Math.round(shown * 10) / 10 : shown)
  return text === '' ? digits : `${digits} ${text}`
}

function digitsOf(shown: number): string {
  // Adding zero takes the sign off a zero.
  return Math.abs(shown) >= 100 ? shown.toFixed(0) : (Number(shown.toPrecision(3)) + 0).toString()
}
