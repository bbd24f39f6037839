import { freemem, totalmem } from 'node:os'
import type { GpuMemory, Metrics } from '../../shared/ipc/memoryViews'
import { residentTogether, rssOf, rssOfAll } from './processRss'

/** Twice a second and more while something works: a sample takes a little of them itself. */
const BUSY_MS = 450
const IDLE_MS = 2000

export interface SamplerOptions {
  /** The batch's engine, and others that run beside it (a preview's own). */
  readonly enginePid: () => number | undefined
  readonly otherEnginePids: () => readonly number[]
  readonly enginePeakRssBytes: () => number
  /** Processes that count as the app, besides this one; where `processMemory` tells of all, those are asked instead. */
  readonly appPids: () => readonly number[]
  readonly processMemory?: (() => ReadonlyMap<number, number>) | undefined
  readonly gpu: { read(pids: readonly number[]): Promise<GpuMemory> }
  readonly isBusy: () => boolean
  /** `batchEngineBytes` is that of the batch's engine alone. */
  readonly onSample: (metrics: Metrics, batchEngineBytes: number | null) => void
}

/** Memory, a little more than twice a second while something works: the engines' from outside, by their pids, as their own threads are busy. */
export class MetricsSampler {
  private timer: NodeJS.Timeout | null = null
  private closed = false

  constructor(private readonly options: SamplerOptions) {}

  start(): void {
    void this.tick()
  }

  /** Work begins: the next sample is due now. */
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
    const begun = performance.now()
    await this.sample()
    if (this.closed) return
    const everyMs = this.options.isBusy() ? BUSY_MS : IDLE_MS
    this.timer = setTimeout(
      () => {
        void this.tick()
      },
      Math.max(everyMs / 2, everyMs - (performance.now() - begun))
    )
  }

  private async sample(): Promise<void> {
    const { enginePid, otherEnginePids, enginePeakRssBytes, gpu, onSample } = this.options
    const told = this.options.processMemory?.() ?? null
    const pid = enginePid()
    const others = otherEnginePids()
    const [batchEngineBytes, otherBytes, appRssBytes, gpuMemory] = await Promise.all([
      pid === undefined ? null : engineRss(pid, told),
      Promise.all(others.map((other) => engineRss(other, told))),
      this.appRss(told, pid === undefined ? others : [pid, ...others]),
      gpu.read([process.pid, ...this.options.appPids(), ...others, ...(pid === undefined ? [] : [pid])])
    ])
    if (this.closed) return
    const engines = [batchEngineBytes, ...otherBytes].filter((bytes) => bytes !== null)
    const metrics: Metrics = {
      atMs: Date.now(),
      engineRssBytes: engines.length === 0 ? null : engines.reduce((sum, bytes) => sum + bytes, 0),
      enginePeakRssBytes: enginePeakRssBytes(),
      appRssBytes,
      totalBytes: totalBytes(),
      availableBytes: availableBytes(),
      gpu: gpuMemory
    }
    onSample(metrics, batchEngineBytes)
  }

  /** All of the app but its engines. */
  private async appRss(told: ReadonlyMap<number, number> | null, engines: readonly number[]): Promise<number> {
    if (told === null) return process.memoryUsage.rss() + (await rssOfAll(this.options.appPids()))
    const pids = [...told.keys()].filter((pid) => !engines.includes(pid))
    if (process.platform === 'linux') return residentTogether(pids)
    return pids.reduce((sum, pid) => sum + (told.get(pid) ?? 0), 0)
  }
}

/** Linux is asked by the pid itself; elsewhere that would take a process of its own twice a second. */
async function engineRss(pid: number, told: ReadonlyMap<number, number> | null): Promise<number | null> {
  const known = process.platform === 'linux' ? undefined : told?.get(pid)
  return known ?? (await rssOf(pid))
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
