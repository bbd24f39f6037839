/** How a download goes: what is here, and bytes a second; null before there are two reports with time between them. */
export interface Pace {
  readonly doneBytes: number
  readonly bytesPerSec: number | null
  readonly atMs: number
}

/** How much of the last second's speed counts: a stall shows within a few seconds, and a hiccup does not jump. */
const NEWEST = 0.3
const LEAST_STEP_MS = 400

/** The pace after a report. Pure. Reports that follow at once are gathered; what goes back (another mirror began anew) begins anew. */
export function paceOf(before: Pace | null, now: { readonly atMs: number; readonly doneBytes: number }): Pace {
  if (before === null || now.doneBytes < before.doneBytes) return { ...now, bytesPerSec: null }
  const spanMs = now.atMs - before.atMs
  if (spanMs < LEAST_STEP_MS) return before
  const rate = ((now.doneBytes - before.doneBytes) / spanMs) * 1000
  const bytesPerSec = before.bytesPerSec === null ? rate : before.bytesPerSec * (1 - NEWEST) + rate * NEWEST
  return { ...now, bytesPerSec }
}
