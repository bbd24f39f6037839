import type { Handlers } from '../../shared/ipc/contract'
import type { EngineFacts } from '../../shared/ipc/memoryViews'
import type { PushEvent } from '../../shared/ipc/views'
import type { QueueStore } from '../jobs/queueStore'
import type { EngineHost } from '../processes/engineHost'
import { availableBytes, MetricsSampler, totalBytes } from './metricsSampler'

export interface MemoryOptions {
  readonly store: QueueStore
  readonly host: EngineHost
  /** The media process, and whatever else counts as the app. */
  readonly appPids: () => readonly number[]
  readonly push: (event: PushEvent) => void
  readonly onEngineMemory: (rssBytes: number) => void
}

/** Samples memory, keeps what a window that opens late must know, and tells what the engine says of itself. */
export class MemoryRecorder {
  readonly handlers: Pick<Handlers, 'metrics.history'>
  engineRssBytes: number | null = null
  private readonly sampler: MetricsSampler

  constructor(options: MemoryOptions) {
    const { host, store, push, onEngineMemory } = options
    this.handlers = { 'metrics.history': () => Promise.resolve({ samples: [], marks: [] }) }
    this.sampler = new MetricsSampler({
      enginePid: () => host.pid,
      enginePeakRssBytes: () => host.peakRssBytes,
      isRunning: () => store.state.run.kind !== 'idle',
      onSample: (metrics) => {
        this.engineRssBytes = metrics.engineRssBytes
        if (metrics.engineRssBytes !== null) onEngineMemory(metrics.engineRssBytes)
        push({ topic: 'metrics', metrics })
      }
    })
  }

  /** The engine's last word of itself; null while there is none. */
  get facts(): EngineFacts | null {
    return null
  }

  /** What could be had, the engine's own included. */
  get availableBytes(): number {
    return availableBytes() + (this.engineRssBytes ?? 0)
  }

  get totalBytes(): number {
    return totalBytes()
  }

  start(): void {
    this.sampler.start()
  }

  hurry(): void {
    this.sampler.hurry()
  }

  close(): void {
    this.sampler.close()
  }
}
