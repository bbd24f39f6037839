import { AppError, type ErrorPayload } from '../../shared/errors/appError'
import { KILLED_CODE, wasKilledForMemory } from '../../shared/errors/outOfMemory'
import type { ExitInfo } from './engineTransport'

/** Why the host itself ended an engine process. */
export type KillReason = 'cancel' | 'shutdown' | 'silent' | 'unreadable message'

/** The engine ended with this job in its hands: the job may be run again. */
export class EngineCrash extends AppError {
  /** Which engine it was: jobs that went down with the same one share one crash. */
  readonly generation: number
  /** The host ended it for another job's sake: not this job's fault, and no sign of trouble. */
  readonly deliberate: boolean
  /** Nobody ended it, and it went as processes go that had no memory left. */
  readonly outOfMemory: boolean
  /** It was killed without a word: by the kernel for memory, or by anybody. */
  readonly wordless: boolean

  constructor(generation: number, reason: KillReason | null, exit: ExitInfo) {
    super('E_ENGINE_CRASH', { detail: describeExit(reason, exit) })
    this.name = 'EngineCrash'
    this.generation = generation
    this.deliberate = reason === 'cancel' || reason === 'shutdown'
    this.outOfMemory = reason === null && wasKilledForMemory(exit)
    this.wordless = exit.signal === 'SIGKILL' || exit.code === KILLED_CODE
  }
}

/** There is no engine, and trying again by itself would not help. */
export class EngineUnavailable extends AppError {
  constructor(error: ErrorPayload) {
    super(error.code, error.data)
    this.name = 'EngineUnavailable'
  }
}

/** How a process ended, in a few words. */
export function describeExit(reason: KillReason | null, exit: ExitInfo): string {
  const how = exit.signal === null ? `exit code ${exit.code ?? 'unknown'}` : `signal ${exit.signal}`
  const why = reason === null ? how : `${reason}, ended by ${how}`
  const tellingLine = tellingLineOf(exit.lastWords)
  return tellingLine === '' ? why : `${why}: ${tellingLine}`
}

/** After an error that nothing caught Node writes a stack and its own version: what it was stands above them. */
function tellingLineOf(lastWords: string): string {
  const lines = lastWords.split('\n')
  const thrown = lines.findLast((line) => /^(?:Uncaught )?\w*Error\b|^[# ]*fatal\b|Assertion failed/iu.test(line))
  return thrown ?? lines.at(-1) ?? ''
}
