import { readFileSync } from 'node:fs'

/** How many processes the kernel has killed for memory since it started, of all programs; null where it does not say (not Linux). */
export function oomKills(): number | null {
  try {
    return oomKillsIn(readFileSync('/proc/vmstat', 'latin1'))
  } catch {
    return null
  }
}

/** Of the text of `/proc/vmstat` (Linux 4.13 and later: `oom_kill N`). Pure. */
export function oomKillsIn(vmstat: string): number | null {
  const count = /^oom_kill (\d+)$/mu.exec(vmstat)?.[1]
  return count === undefined ? null : Number(count)
}
