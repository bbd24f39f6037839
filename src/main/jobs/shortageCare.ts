import type { EngineSettings } from '../../engine/protocol'
import type { AppError, WarningCode } from '../../shared/errors/appError'
import { EngineCrash } from '../processes/engineErrors'
import { oomKills } from './oomKills'

/** What the runner asks of who plans memory. */
export interface RunnerMemory {
  /** Memory ran out with these: what the next start has. `none`: there is nothing smaller. */
  retreat(settings: EngineSettings): Promise<'smaller' | 'cpu' | 'none'>
  succeeded(settings: EngineSettings): Promise<void>
  /** A file could not be helped: what was tried for it counts for nobody. */
  gaveUp(settings: EngineSettings): Promise<void>
}

/** A start of the engine that seems to have had too little memory. */
export interface FailedStart {
  readonly key: object
  readonly settings: EngineSettings
  readonly error: AppError
}

/** What is done with the file: `again` with the same size, as after any crash; `smaller`: with less, or on the CPU. */
export type NextTry = 'again' | 'smaller' | 'none'

/** Once more at the floor: other programs come and go. */
const TRIES_AT_FLOOR = 1

/** What is done where memory runs out: one retreat for each start of the engine, whatever number of files went down with it. */
export class ShortageCare {
  private readonly answers = new WeakMap<object, Promise<'smaller' | 'cpu' | 'none'>>()
  private readonly warnings = new Map<string, Set<WarningCode>>()
  private readonly atFloor = new Map<string, number>()
  /** Files whose engine was killed, and said nothing: once that may be anybody's doing. */
  private readonly killed = new Set<string>()
  private readonly verdicts = new WeakMap<AppError, boolean>()
  private kills: number | null
  private last: Promise<unknown> = Promise.resolve()

  constructor(
    private readonly memory: RunnerMemory | undefined,
    /** Processes that the system has killed for memory so far. */
    private readonly countKills: () => number | null = oomKills
  ) {
    this.kills = countKills()
  }

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

  /** What the file is worth. A size that was halved is remembered for weeks: it must have been memory. */
  async retreat(jobId: string, start: FailedStart): Promise<NextTry> {
    const memory = this.memory!
    if (!this.isMemory(jobId, start.error)) return 'again'
    const known = this.answers.get(start.key)
    const answer = known ?? memory.retreat(start.settings)
    this.answers.set(start.key, answer)
    this.last = answer.catch(() => undefined)
    const next = await answer
    if (next === 'none') {
      const tries = this.atFloor.get(jobId) ?? 0
      if (tries >= TRIES_AT_FLOOR) {
        await memory.gaveUp(start.settings)
        return 'none'
      }
      this.atFloor.set(jobId, tries + 1)
    }
    this.warn(jobId, next === 'cpu' ? 'W_DEVICE_FALLBACK' : 'W_MEMORY')
    return 'smaller'
  }

  async finished(jobId: string, settings: EngineSettings | null): Promise<void> {
    this.warnings.delete(jobId)
    this.atFloor.delete(jobId)
    this.killed.delete(jobId)
    if (settings !== null) await this.memory?.succeeded(settings)
  }

  /** What the user is told of this file. */
  warningsOf(jobId: string): readonly WarningCode[] {
    return [...(this.warnings.get(jobId) ?? [])]
  }

  /** Said in words, counted by the kernel, or the second time for this file. */
  private isMemory(jobId: string, error: AppError): boolean {
    if (!(error instanceof EngineCrash && error.wordless)) return true
    // One crash for all files that went down with it.
    const isCounted = this.verdicts.get(error) ?? this.sawKill()
    this.verdicts.set(error, isCounted)
    if (isCounted || this.killed.has(jobId)) return true
    this.killed.add(jobId)
    return false
  }

  private sawKill(): boolean {
    const [before, now] = [this.kills, this.countKills()]
    this.kills = now
    return now !== null && before !== null && now > before
  }

  private warn(jobId: string, code: WarningCode): void {
    const codes = this.warnings.get(jobId) ?? new Set()
    this.warnings.set(jobId, codes.add(code))
  }
}
