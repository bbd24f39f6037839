import { filled, type Words } from './words'

export interface EndFacts {
  readonly done: number
  readonly failed: number
  readonly wallSec: number
}

/** `4:05`, or `1:04:05` from an hour on. */
export function clockTime(totalSec: number): string {
  const whole = Math.round(totalSec)
  const pad = (value: number): string => String(value).padStart(2, '0')
  const [hours, minutes, seconds] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60]
  return hours > 0 ? `${hours}:${pad(minutes)}:${pad(seconds)}` : `${minutes}:${pad(seconds)}`
}

/** The notification at the end of a batch. */
export function endNotice({ notify }: Words, { done, failed, wallSec }: EndFacts): { title: string; body: string } {
  const parts = [
    filled(notify.done, { done }),
    ...(failed > 0 ? [filled(notify.failed, { failed })] : []),
    filled(notify.time, { time: clockTime(wallSec) })
  ]
  return { title: failed > 0 ? notify.failedTitle : notify.doneTitle, body: parts.join(' · ') }
}
