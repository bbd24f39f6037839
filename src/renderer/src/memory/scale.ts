import { LINES, type LineId } from './samples'

/** How high the axis goes: as the engine needs it, or as the machine has it. */
export const SCALES = ['engine', 'machine'] as const
export type ScaleChoice = (typeof SCALES)[number]

export interface ScaleInput {
  readonly choice: ScaleChoice
  /** Highest figure of each line in view; null for lines without one, and for hidden ones. */
  readonly highest: Readonly<Record<LineId, number | null>>
  readonly forecastBytes: number | null
  readonly limitBytes: number | null
  readonly totalBytes: number | null
}

export interface ScaleResult {
  readonly topBytes: number
  /** Lines that lie above the axis all the time or in part: told in words at its edge. */
  readonly above: readonly (LineId | 'limit')[]
}

const HEADROOM = 1.12
/** A line that is so many times higher than the engine's would press that one flat: it goes off the scale. */
const FLATTENS = 4
const LEAST_TOP_BYTES = 50e6

/** The axis' top, and what lies above it. */
export function scaleOf(input: ScaleInput): ScaleResult {
  const topBytes = niceTop((input.choice === 'machine' ? machineTop(input) : engineTop(input)) * HEADROOM)
  const above: (LineId | 'limit')[] = LINES.filter((line) => (input.highest[line] ?? 0) > topBytes)
  if ((input.limitBytes ?? 0) > topBytes) above.push('limit')
  return { topBytes, above }
}

function engineTop({ highest, forecastBytes }: ScaleInput): number {
  const engine = Math.max(highest.engine ?? 0, forecastBytes ?? 0)
  const others = LINES.filter((line) => line !== 'engine').map((line) => highest[line] ?? 0)
  // Without an engine and a forecast nothing can be pressed flat.
  const fitting = engine === 0 ? others : others.filter((value) => value <= engine * FLATTENS)
  return Math.max(engine, ...fitting, LEAST_TOP_BYTES)
}

/** The machine's memory, and a graphics card's where that has more in use. */
function machineTop({ highest, totalBytes, limitBytes }: ScaleInput): number {
  const most = Math.max(...LINES.map((line) => highest[line] ?? 0))
  return Math.max(totalBytes ?? limitBytes ?? 0, most, LEAST_TOP_BYTES) / HEADROOM
}

/** The next of 1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8 times a power of ten: the axis does not tremble with each sample. */
function niceTop(bytes: number): number {
  const power = 10 ** Math.floor(Math.log10(bytes))
  const step = [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10].find((one) => one * power >= bytes * 0.9999) ?? 10
  return step * power
}

/** Where the axis has its marks: four to six round figures from nought to the top. */
export function byteTicks(topBytes: number, most = 5): readonly number[] {
  const raw = topBytes / most
  const power = 10 ** Math.floor(Math.log10(raw))
  const step = ([1, 2, 2.5, 5, 10].find((one) => one * power >= raw * 0.9999) ?? 10) * power
  return Array.from({ length: Math.floor(topBytes / step + 1e-9) + 1 }, (_, n) => n * step)
}

/** The one unit that an axis speaks, and the digits that tell its marks apart. */
export function axisUnit(ticks: readonly number[]): { readonly gigabytes: boolean; readonly digits: number } {
  const top = ticks.at(-1) ?? 0
  const gigabytes = top >= 2e9
  const step = ((ticks[1] ?? top) - (ticks[0] ?? 0)) / (gigabytes ? 1e9 : 1e6)
  const digits = [0, 1, 2].find((n) => Math.abs(step - Number(step.toFixed(n))) < 1e-9) ?? 2
  return { gigabytes, digits }
}
