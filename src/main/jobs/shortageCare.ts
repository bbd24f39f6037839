import type { EngineSettings } from '../../engine/protocol'
import type { AppError, WarningCode } from '../../shared/errors/appError'
import { EngineCrash } from '../processes/engineErrors'

/** What the runner asks of who plans memory. */
export interface RunnerMemory {
  /**
   * Memory ran out with these: what the next start has. `none`: there is nothing smaller. `isSaid`: in words; an engine that was killed
   * says nothing.
   */
  retreat(settings: EngineSettings, isSaid: boolean): Promise<'smaller' | 'cpu' | 'none'>
  succeeded(settings: EngineSettings): Promise<void>
  /** A file could not be helped: what was tried for it counts for nobody. */
  gaveUp(settings: EngineSettings): Promise<void>
}

/** A start of the engine that had too little memory. */
export interface FailedStart {
  readonly key: object
  readonly settings: EngineSettings
  readonly error: AppError
}

/** Once more at the floor: other programs come and go. */
const TRIES_AT_FLOOR = 1

/** What is done where memory runs out: one retreat for each start of the engine, whatever number of files went down with it. */
export class ShortageCare {
  private readonly answers = new WeakMap<object, Promise<'smaller' | 'cpu' | 'none'>>()
  private readonly warnings = new Map<string, Set<WarningCode>>()
  private readonly atFloor = new Map<string, number>()
  private last: Promise<unknown> = Promise.resolve()

  constructor(private readonly memory: RunnerMemory | undefined) {}

  /** Resolves when what was asked for is answered: the next start has it. */
  get settled(): Promise<unknown> {
    return this.last
  }

  concerns(error: AppError): boolean {
    if (this.memory === undefined) return false
    return (
      error.code === 'E_MEMORY' || error.code === 'E_GPU_OOM' || (error instanceof EngineCrash && error.outOfMemory)
    )
  }

  /** Whether the file is worth another start. */
  async retreat(jobId: string, start: FailedStart): Promise<boolean> {
    const memory = this.memory!
    const known = this.answers.get(start.key)
    const answer = known ?? memory.retreat(start.settings, !(start.error instanceof EngineCrash))
    this.answers.set(start.key, answer)
    this.last = answer.catch(() => undefined)
    const next = await answer
    if (next === 'none') {
      const tries = this.atFloor.get(jobId) ?? 0
      if (tries >= TRIES_AT_FLOOR) {
        await memory.gaveUp(start.settings)
        return false
      }
      this.atFloor.set(jobId, tries + 1)
    }
    this.warn(jobId, next === 'cpu' ? 'W_DEVICE_FALLBACK' : 'W_MEMORY')
    return true
  }

  async finished(jobId: string, settings: EngineSettings | null): Promise<void> {
    this.warnings.delete(jobId)
    this.atFloor.delete(jobId)
    if (settings !== null) await this.memory?.succeeded(settings)
  }

  /** What the user is told of this file. */
  warningsOf(jobId: string): readonly WarningCode[] {
    return [...(this.warnings.get(jobId) ?? [])]
  }

  private warn(jobId: string, code: WarningCode): void {
    const codes = this.warnings.get(jobId) ?? new Set()
    this.warnings.set(jobId, codes.add(code))
  }
}
