import type { EngineSettings } from '../../engine/protocol'
import type { ForecastView } from '../../shared/ipc/views'
import type { JobSettings } from '../../shared/settings/jobSettings'
import type { RunnerMemory } from '../jobs/shortageCare'
import type { EngineHost } from '../processes/engineHost'
import type { BundledPoints } from './bundledPoints'
import { MemoryPlanner, type MemoryQuestion, type PlannedRun, type PlannerOptions } from './memoryPlanner'
import { MemoryWatch } from './memoryWatch'

export interface JobMemoryOptions extends PlannerOptions {
  /** The batch's engine: what it takes is written down. */
  readonly host: EngineHost
  /** By the model's id; null for one that nobody measured. */
  readonly bundled: ReadonlyMap<string, BundledPoints | null>
  readonly onClose?: () => void
}

/** Memory of jobs, for the window and the command: forecasts before the start, shapes for budgets, and what is learned on the way. */
export class JobMemory {
  /** For the queue's runner. */
  readonly runner: RunnerMemory
  private readonly planner: MemoryPlanner
  private readonly watch: MemoryWatch

  constructor(private readonly options: JobMemoryOptions) {
    this.planner = new MemoryPlanner(options)
    this.watch = new MemoryWatch(options.host, options.book)
    this.runner = this.planner
  }

  /** What to start for a job whose model `engine` names: see {@link MemoryPlanner.plan}. */
  plan(
    settings: JobSettings,
    engine: EngineSettings,
    modelChunkSec: number,
    signal?: AbortSignal
  ): Promise<PlannedRun> {
    return this.planner.plan(this.question(settings, engine, modelChunkSec), signal)
  }

  forecast(settings: JobSettings, engine: EngineSettings, modelChunkSec: number): Promise<ForecastView> {
    return this.planner.forecast(this.question(settings, engine, modelChunkSec))
  }

  /** Device memory of the batch's engine now. */
  onVram(bytes: number): void {
    this.watch.onVram(bytes)
  }

  /** See {@link MemoryPlanner.standBack}. */
  standBack(): Promise<void> {
    return this.planner.standBack()
  }

  async close(): Promise<void> {
    this.watch.close()
    await this.planner.close()
    this.options.onClose?.()
  }

  private question(
    { modelId, budgetMb }: JobSettings,
    settings: EngineSettings,
    modelChunkSec: number
  ): MemoryQuestion {
    // What came with the model is of its FP32 files.
    const bundled = settings.fullModel === null ? (this.options.bundled.get(modelId) ?? null) : null
    return { settings, budgetMb, modelChunkSec, bundled }
  }
}
