import { readFileSync } from 'node:fs'

/** Memory of this process in bytes: resident now, and the most it ever was. */
export interface Rss {
  readonly rssBytes: number
  readonly peakRssBytes: number
}

/**
 * Reads this process's resident memory. On Linux both numbers come from one read of /proc/self/status (VmRSS, VmHWM),
 * elsewhere from Node: `resourceUsage().maxRSS` is in KiB on every platform (libuv converts).
 */
export function readRss(): Rss {
  if (process.platform === 'linux') return parseProcStatus(readFileSync('/proc/self/status', 'latin1'))
  const resident = process.memoryUsage.rss()
  return { rssBytes: resident, peakRssBytes: Math.max(resident, process.resourceUsage().maxRSS * 1024) }
}

/** Resident memory of this process now, in bytes. */
export function rssBytes(): number {
  return readRss().rssBytes
}

/** The most that this process ever had resident, in bytes. */
export function peakRssBytes(): number {
  return readRss().peakRssBytes
}

/** VmRSS and VmHWM of a /proc status file. Throws where they are missing: a zero would read as a measurement. */
export function parseProcStatus(text: string): Rss {
  const field = (name: string): number => {
    const match = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)
    if (match?.[1] === undefined) throw new Error(`/proc/self/status has no ${name}`)
    return Number(match[1]) * 1024
  }
  const resident = field('VmRSS')
  return { rssBytes: resident, peakRssBytes: Math.max(resident, field('VmHWM')) }
}
