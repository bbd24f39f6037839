import path from 'node:path'
import type { SessionFacts } from '../../engine/protocol'
import type { Handlers } from '../../shared/ipc/contract'
import type { EngineFacts, GpuMemory } from '../../shared/ipc/memoryViews'
import type { PushEvent } from '../../shared/ipc/views'
import type { QueueStore } from '../jobs/queueStore'
import type { EngineHost } from '../processes/engineHost'
import { openGpu } from './gpu/openGpu'
import { KeptMetrics } from './metricsHistory'
import { availableBytes, MetricsSampler, totalBytes } from './metricsSampler'

export interface MemoryOptions {
  readonly store: QueueStore
  readonly host: EngineHost
  /** The media process, and whatever else counts as the app. */
  readonly appPids: () => readonly number[]
  /** Engines beside the batch's. */
  readonly otherEnginePids: () => readonly number[]
  readonly processMemory: (() => ReadonlyMap<number, number>) | undefined
  /** A model's name by its file. */
  readonly modelName: (onePassPath: string) => Promise<string>
  /** Something other than the batch works. */
  readonly isBusy: () => boolean
  readonly push: (event: PushEvent) => void
  readonly onEngineMemory: (rssBytes: number) => void
  readonly onEngineVram?: (bytes: number) => void
}

/** Samples memory, keeps what a window that opens late must know, and tells what the engine says of itself. */
export class MemoryRecorder {
  readonly handlers: Pick<Handlers, 'metrics.history'>
  engineRssBytes: number | null = null
  /** The engine's last word of itself; null while there is none. */
  facts: EngineFacts | null = null
  private readonly sampler: MetricsSampler
  private readonly gpu = openGpu()
  private readonly kept = new KeptMetrics()
  private readonly names = new Map<string, string>()
  private readonly unsubscribe: readonly (() => void)[]

  constructor(private readonly options: MemoryOptions) {
    const { host, store, isBusy, appPids, otherEnginePids, processMemory } = options
    this.handlers = { 'metrics.history': () => Promise.resolve(this.kept.read()) }
    this.sampler = new MetricsSampler({
      ...{ appPids, otherEnginePids, processMemory, gpu: this.gpu },
      enginePid: () => host.pid,
      enginePeakRssBytes: () => host.peakRssBytes,
      isBusy: () => store.state.run.kind !== 'idle' || isBusy(),
      onSample: (metrics, batchEngineBytes) => {
        this.engineRssBytes = metrics.engineRssBytes
        if (batchEngineBytes !== null) options.onEngineMemory(batchEngineBytes)
        const { gpu } = metrics
        if (gpu.kind === 'known' && gpu.oursBytes !== null) options.onEngineVram?.(gpu.oursBytes)
        this.kept.addSample(metrics)
        options.push({ topic: 'metrics', metrics })
      }
    })
    this.unsubscribe = [
      host.onFacts((facts) => void this.onFacts(facts)),
      store.subscribe((event) => {
        if (event.type === 'jobStarted') this.mark(event.jobId)
      })
    ]
  }

  /** What could be had, the engine's own included. */
  get availableBytes(): number {
    return availableBytes() + (this.engineRssBytes ?? 0)
  }

  get totalBytes(): number {
    return totalBytes()
  }

  /** Device memory of some processes now. */
  readGpu(pids: readonly number[]): Promise<GpuMemory> {
    return this.gpu.read(pids)
  }

  start(): void {
    this.sampler.start()
  }

  hurry(): void {
    this.sampler.hurry()
  }

  close(): void {
    for (const end of this.unsubscribe) end()
    this.sampler.close()
    this.gpu.close()
  }

  private mark(jobId: string): void {
    const job = this.options.store.job(jobId)
    if (!job) return
    const mark = { atMs: Date.now(), jobId, name: path.basename(job.inputPath) }
    this.kept.addMark(mark)
    this.options.push({ topic: 'fileMark', mark })
  }

  private async onFacts(facts: SessionFacts | null): Promise<void> {
    const { host, push } = this.options
    const settings = host.startedWith
    if (facts !== null && settings !== null) await this.learnName(settings.model.onePassPath)
    // While its name was looked up the engine may have gone, or told more.
    if (facts !== host.sessionFacts) return
    this.facts = facts === null ? null : this.viewOf(facts)
    push({ topic: 'facts', facts: this.facts })
  }

  private async learnName(onePassPath: string): Promise<void> {
    if (this.names.has(onePassPath)) return
    // A catalogue that cannot be read any more: the file's own name is as true.
    const name = await this.options.modelName(onePassPath).catch(() => path.basename(onePassPath))
    this.names.set(onePassPath, name)
  }

  private viewOf(facts: SessionFacts): EngineFacts | null {
    const { startedWith: settings, status, sessions } = this.options.host
    if (settings === null || status.kind !== 'ready') return null
    const { fileName, sizeBytes, sha256, isVerified, graph, precision, device } = facts
    const { loadSec, ageSec, runs, files, lanes } = facts
    const modelName = this.names.get(settings.model.onePassPath) ?? fileName
    return {
      loaded: { modelName, fileName, sizeBytes, device, sha256, isVerified, graph, loadSec },
      buffers: {
        inUse: facts.buffersInUse,
        inUseBytes: facts.bytesInUse,
        givenBack: facts.buffersGivenBack,
        givenBackBytes: facts.bytesGivenBack
      },
      flight: { chunkSec: settings.chunkSec, batch: settings.batch, lanes },
      precision,
      session: { ageSec, runs, files, generation: sessions }
    }
  }
}
