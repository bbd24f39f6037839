import type { GraphView, Span } from './view'

/** Steps between marks, in seconds: those that a clock knows. */
const STEPS_SEC = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600] as const

/** Marks of the time axis. Live they stand at round distances from now and do not move; held they are round clock times. */
export function timeTicks(view: GraphView, { fromSec, toSec }: Span, most: number): readonly number[] {
  const raw = (toSec - fromSec) / Math.max(1, most)
  const step = STEPS_SEC.find((one) => one >= raw) ?? 600
  const ticks: number[] = []
  if (view.kind === 'live') for (let at = toSec; at >= fromSec - 1e-6; at -= step) ticks.unshift(at)
  else for (let at = Math.ceil(fromSec / step) * step; at <= toSec; at += step) ticks.push(at)
  return ticks
}

/** `-2:00` before now; an empty text for now itself, which has a word. */
export function agoText(secBefore: number): string {
  const whole = Math.round(secBefore)
  if (whole === 0) return ''
  return `-${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`
}

const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false })

/** `14:03:07`, the machine's own time. */
export function clockText(atSec: number): string {
  return clock.format(atSec * 1000)
}
