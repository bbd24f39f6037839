import { rm } from 'node:fs/promises'
import path from 'node:path'
import { AppError, isModelTrouble, toAppError } from '../../shared/errors/appError'
import type { Handlers } from '../../shared/ipc/contract'
import type { BenchReport, BenchView } from '../../shared/ipc/benchViews'
import type { PushEvent } from '../../shared/ipc/views'
import type { Device } from '../../shared/settings/choices'
import type { JobSettings } from '../../shared/settings/jobSettings'
import type { ModelLibrary } from '../models/library'
import type { OpenTransport } from '../processes/engineTransport'
import type { OpenNaiveTransport } from '../processes/naiveTransport'
import { measure, type MeasureProgress, type MeasureTask } from './measure'
import { APP_PLAN, QUICK_PLAN, type MeasurePlan } from './measurePlan'
import { bundledSource, ownSource } from './samples'

export type BenchRoute = 'bench.view' | 'bench.start' | 'bench.cancel'

export interface BenchOptions {
  readonly models: ModelLibrary
  readonly openEngine: OpenTransport
  readonly openNaive: OpenNaiveTransport
  readonly version: string
  /** The bundled samples and their clean tracks. */
  readonly samplesFolder: string
  readonly cleanSamplesFolder: string
  /** For the material that is measured on, while it is measured. */
  readonly cacheFolder: string
  readonly settings: () => JobSettings
  /** What `auto` stands for with these. */
  readonly deviceFor: (settings: JobSettings) => Promise<Device>
  readonly ffmpegPath: () => string | null
  /** A job's source, checked to be there. */
  readonly sourceOf: (jobId: string) => Promise<string>
  /** Something else is at work (a batch, a preview): nothing could be measured. */
  readonly isBusy: () => boolean
  /** A model turned out to be damaged, or gone. */
  readonly onModelTrouble: (modelId: string) => void
  readonly push: (event: PushEvent) => void
  /** How much is measured; the window's by default. */
  readonly plan?: MeasurePlan
}

/** Progress within a step is told no oftener. */
const TELL_MS = 250

interface Running {
  readonly controller: AbortController
  readonly modelId: string
  readonly ended: Promise<void>
}

/** "Measure this machine": one measurement at a time, and its last report while the app runs. */
export class BenchService {
  readonly handlers: Pick<Handlers, BenchRoute>
  private view: BenchView = { kind: 'idle', report: null }
  private last: BenchReport | null = null
  private running: Running | null = null
  private isClosed = false
  private toldMs = -Infinity
  /** What an app that was killed while it measured has left behind is gone. */
  private readonly swept: Promise<void>

  constructor(private readonly options: BenchOptions) {
    // A measurement removes it once more, and says what is in the way.
    this.swept = rm(this.folder, { recursive: true, force: true }).catch(() => undefined)
    this.handlers = {
      'bench.view': () => Promise.resolve(this.view),
      'bench.start': async ({ jobId, isQuick }) => {
        await this.start(jobId, isQuick)
        return null
      },
      'bench.cancel': async () => {
        await this.cancel()
        return null
      }
    }
  }

  get isRunning(): boolean {
    return this.running !== null
  }

  /** Whether this model is measured with now. */
  usesModel(id: string): boolean {
    return this.running?.modelId === id
  }

  private get folder(): string {
    return path.join(this.options.cacheFolder, 'bench')
  }

  /** The last one; null before there was any. */
  get report(): BenchReport | null {
    return this.last
  }

  /**
   * Begins to measure on a job's source, or on the bundled samples. Throws `E_BAD_REQUEST` while something is at work, and what
   * keeps it from beginning: a source or a model that is gone.
   */
  async start(jobId: string | null, isQuick = false): Promise<void> {
    if (this.isClosed) throw new AppError('E_CANCELLED')
    if (this.running !== null) throw new AppError('E_BAD_REQUEST', { detail: 'this machine is being measured' })
    if (this.options.isBusy()) {
      throw new AppError('E_BAD_REQUEST', { detail: 'nothing can be measured while files are being cleaned' })
    }
    const controller = new AbortController()
    const settings = this.options.settings()
    const { modelId } = settings
    let settle = (): void => undefined
    this.running = { controller, modelId, ended: new Promise((resolve) => (settle = resolve)) }
    const end = (view: BenchView): void => {
      this.running = null
      this.show(view)
      settle()
    }
    try {
      const plan = this.options.plan ?? (isQuick ? QUICK_PLAN : APP_PLAN)
      const task = { ...(await this.taskFor(jobId, settings)), plan }
      // What was begun meanwhile goes first.
      if (controller.signal.aborted) throw new AppError('E_CANCELLED')
      this.show({ kind: 'running', step: 'prepare', fraction: 0, rows: [] })
      void this.work(task, controller.signal).then(end)
    } catch (thrown) {
      this.judge(thrown, modelId)
      end({ kind: 'idle', report: this.last })
      throw thrown
    }
  }

  /** Ends what runs; resolves when its processes and files are gone. The last report stays. */
  async cancel(): Promise<void> {
    const { running } = this
    if (running === null) return
    running.controller.abort()
    await running.ended
  }

  async close(): Promise<void> {
    this.isClosed = true
    await this.cancel()
  }

  private async taskFor(jobId: string | null, settings: JobSettings): Promise<Omit<MeasureTask, 'plan'>> {
    const { options } = this
    const { modelId, threads } = settings
    await this.swept
    const source =
      jobId === null
        ? await bundledSource(options.samplesFolder, options.cleanSamplesFolder)
        : ownSource(await options.sourceOf(jobId))
    return {
      source,
      model: await options.models.resolve(modelId),
      device: await options.deviceFor(settings),
      threads,
      ffmpegPath: options.ffmpegPath(),
      version: options.version,
      folder: this.folder
    }
  }

  /** What the view is once it has ended. */
  private async work(task: MeasureTask, signal: AbortSignal): Promise<BenchView> {
    try {
      const onProgress = (progress: MeasureProgress): void => {
        this.tell(progress)
      }
      this.last = await measure(this.options, task, { signal, onProgress })
    } catch (thrown) {
      if (this.running) this.judge(thrown, this.running.modelId)
      const error = toAppError(thrown)
      if (error.code !== 'E_CANCELLED') return { kind: 'failed', error: error.toPayload(), report: this.last }
    }
    return { kind: 'idle', report: this.last }
  }

  private judge(thrown: unknown, modelId: string): void {
    if (isModelTrouble(toAppError(thrown))) this.options.onModelTrouble(modelId)
  }

  private tell(progress: MeasureProgress): void {
    const now = performance.now()
    const { view } = this
    const isNews = view.kind !== 'running' || view.step !== progress.step || view.rows.length !== progress.rows.length
    if (!isNews && now - this.toldMs < TELL_MS) return
    this.toldMs = now
    this.show({ kind: 'running', ...progress })
  }

  private show(view: BenchView): void {
    this.view = view
    this.options.push({ topic: 'bench', bench: view })
  }
}
