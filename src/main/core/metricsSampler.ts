import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { freemem, totalmem } from 'node:os'
import { promisify } from 'node:util'
import type { Metrics } from '../../shared/ipc/memoryViews'

const RUNNING_MS = 1000
const IDLE_MS = 5000
const KB = 1024
const run = promisify(execFile)

export interface SamplerOptions {
  readonly enginePid: () => number | undefined
  readonly enginePeakRssBytes: () => number
  readonly isRunning: () => boolean
  readonly onSample: (metrics: Metrics) => void
}

/** Memory, once a second while a batch runs: the engine's from outside, by its pid, as its own thread is busy. */
export class MetricsSampler {
  private timer: NodeJS.Timeout | null = null
  private closed = false

  constructor(private readonly options: SamplerOptions) {}

  start(): void {
    void this.tick()
  }

  /** A run begins: the next sample is due now. */
  hurry(): void {
    if (this.timer === null) return
    clearTimeout(this.timer)
    void this.tick()
  }

  close(): void {
    this.closed = true
    if (this.timer) clearTimeout(this.timer)
  }

  private async tick(): Promise<void> {
    this.timer = null
    const pid = this.options.enginePid()
    const engineRssBytes = pid === undefined ? null : await rssOf(pid)
    if (this.closed) return
    this.options.onSample({
      atMs: Date.now(),
      engineRssBytes,
      enginePeakRssBytes: this.options.enginePeakRssBytes(),
      appRssBytes: process.memoryUsage.rss(),
      totalBytes: totalBytes(),
      availableBytes: availableBytes(),
      gpu: { kind: 'unknown', why: 'none' }
    })
    this.timer = setTimeout(
      () => {
        void this.tick()
      },
      this.options.isRunning() ? RUNNING_MS : IDLE_MS
    )
  }
}

/** Of the machine, or of what this process may have of it. */
export function totalBytes(): number {
  const allowed = process.constrainedMemory()
  return allowed > 0 && allowed < totalmem() ? allowed : totalmem()
}

/** What could be had now without swapping. */
export function availableBytes(): number {
  // Not in the oldest Node that we run on.
  const { availableMemory } = process as { availableMemory?: () => number }
  return availableMemory?.() ?? freemem()
}

/** A process's resident memory; null where it is gone, or the system does not tell. */
async function rssOf(pid: number): Promise<number | null> {
  try {
    if (process.platform === 'linux') {
      const match = /^VmRSS:\s+(\d+) kB$/mu.exec(await readFile(`/proc/${pid}/status`, 'latin1'))
      return match ? Number(match[1]) * KB : null
    }
    if (process.platform === 'win32') {
      const { stdout } = await run('tasklist', ['/fi', `pid eq ${pid}`, '/fo', 'csv', '/nh'])
      const kilobytes = /"([\d.,\s]+) K"\s*$/u.exec(stdout)?.[1]?.replace(/\D/gu, '')
      return kilobytes ? Number(kilobytes) * KB : null
    }
    const { stdout } = await run('ps', ['-o', 'rss=', '-p', String(pid)])
    return Number(stdout.trim()) * KB || null
  } catch {
    return null // Gone since we looked: its end is told elsewhere.
  }
}
