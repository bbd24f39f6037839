import type { BenchService } from '../bench/benchService'
import { AppError, isModelTrouble, toAppError } from '../../shared/errors/appError'
import type { Device } from '../../shared/settings/choices'
import type { JobSettings } from '../../shared/settings/jobSettings'
import type { QueueStore } from '../jobs/queueStore'
import { isModelPath, type ModelLibrary, type ResolvedModel } from '../models/library'
import type { PreviewService } from '../player/previewService'
import type { EngineHost } from '../processes/engineHost'
import type { EngineChoices } from './engineChoices'

export interface ModelUseParts {
  readonly store: QueueStore
  readonly host: EngineHost
  readonly choices: EngineChoices
  readonly library: ModelLibrary
  readonly preview: () => Pick<PreviewService, 'usesModel' | 'releaseEngine'>
  readonly bench: () => Pick<BenchService, 'usesModel'>
  /** Found damaged or gone: the window shall see it. */
  readonly suspect: (id: string) => void
  /** FP16 against FP32 on a device, written down; never rejects. */
  readonly compare: (id: string, device: Device) => Promise<void>
}

/** Who works with which model, and who found one wrong. */
export class ModelUse {
  constructor(private readonly parts: ModelUseParts) {
    const { store, host, choices } = parts
    host.onStatus((status) => {
      const modelId = choices.of(host.startedWith)?.modelId
      if (status.kind === 'unavailable' && modelId !== undefined) this.judge(new AppError(status.error.code), modelId)
    })
    store.subscribe((event, { settings }) => {
      if (event.type !== 'jobFailed') return
      const modelId = settings[store.job(event.jobId)?.settingsKey ?? '']?.modelId
      if (modelId !== undefined) this.judge(new AppError(event.error.code), modelId)
    })
  }

  /** Whether a batch, a preview or a measurement works with it now. */
  isInUse(id: string): boolean {
    const { store, host, choices, preview, bench } = this.parts
    const { run, jobs, settings } = store.state
    const isRunning = jobs.some(
      ({ status, settingsKey }) => status.kind === 'running' && settings[settingsKey]?.modelId === id
    )
    // Between two files nobody runs, and the engine is the next one's.
    const isHeld = run.kind !== 'idle' && choices.of(host.startedWith)?.modelId === id
    return isRunning || isHeld || preview().usesModel(id) || bench().usesModel(id)
  }

  /** Engines that hold the model and do nothing are ended: its files are free then. */
  async release(id: string): Promise<void> {
    const { host, choices, preview } = this.parts
    if (this.isInUse(id)) return
    choices.forgetLast(id)
    await preview().releaseEngine()
    if (choices.of(host.startedWith)?.modelId === id) await host.shutdown()
  }

  /** As {@link ModelLibrary.resolve}. */
  async resolve({ modelId, device, precision }: JobSettings): Promise<ResolvedModel> {
    try {
      return await this.parts.library.resolve(modelId, { device, precision })
    } catch (thrown) {
      this.judge(toAppError(thrown), modelId)
      throw thrown
    }
  }

  /** For an engine that is about to start: who asks for FP16 that nobody compared on the device yet gets it, or the reason why not. */
  async resolveForWork(settings: JobSettings): Promise<ResolvedModel> {
    const resolved = await this.resolve(settings)
    if (resolved.precisionReason !== 'notChecked') return resolved
    await this.parts.compare(settings.modelId, settings.device)
    return this.resolve(settings)
  }

  private judge(error: AppError, modelId: string): void {
    if (isModelTrouble(error) && !isModelPath(modelId)) this.parts.suspect(modelId)
  }
}
