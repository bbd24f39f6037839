import type { EngineSettings } from '../../engine/protocol'
import { AppError, toAppError } from '../../shared/errors/appError'
import type { JobSettings } from '../../shared/settings/jobSettings'
import { EngineUnavailable } from '../processes/engineErrors'
import type { EngineStatus } from '../processes/engineHost'
import type { LostDevice } from './lostDevice'
import type { RunnerOptions } from './runner'
import type { ShortageCare } from './shortageCare'

/** One start of the engine, as its files share it. */
export interface StartedWith {
  settings: EngineSettings | null
  readonly ready: Promise<EngineStatus>
}

export interface EngineStartsParts {
  readonly options: Pick<RunnerOptions, 'engine' | 'engineSettings' | 'onEngine' | 'ffmpegPath'>
  readonly shortage: ShortageCare
  readonly lost: LostDevice
  /** The engine is ready: more files may go in than were known to when the first one began. */
  readonly onReady: () => void
}

/** The starts of the one engine: again only where a file needs another one, or the last is not to be used any more. */
export class EngineStarts {
  private key: string | null = null
  private started: StartedWith | null = null

  constructor(private readonly parts: EngineStartsParts) {}

  /** Files in work at once, as far as it is known: what a budget makes of the lanes is known once the engine is ready. */
  get batch(): number {
    return this.started?.settings?.batch ?? 1
  }

  /** What an engine is started anew for: files of one key share one. */
  keyOf(settings: JobSettings): string {
    const { modelId, device, precision, join, chunkSec, overlapSec, batch, budgetMb, threads } = settings
    const ffmpegPath = this.parts.options.ffmpegPath?.() ?? null
    const model = [modelId, device, precision]
    return JSON.stringify([...model, join, chunkSec, overlapSec, batch, budgetMb, threads, ffmpegPath])
  }

  /** The next file has a start of its own. */
  forgetKey(): void {
    this.key = null
  }

  /** Not to be used any more, where it is still the last. */
  forget(started: StartedWith): void {
    if (this.started === started) this.key = this.started = null
  }

  /** The engine runs with these settings, or is being started with them. */
  startFor(key: string, settings: JobSettings): StartedWith {
    if (this.key === key && this.started !== null) return this.started
    this.key = key
    const started: StartedWith = {
      settings: null,
      ready: this.bringUp(settings, (found) => (started.settings = found))
    }
    return (this.started = started)
  }

  private async bringUp(settings: JobSettings, tell: (found: EngineSettings) => void): Promise<EngineStatus> {
    const { options, shortage, lost, onReady } = this.parts
    try {
      await shortage.settled
      const engineSettings = await options.engineSettings(lost.instead(settings))
      tell(engineSettings)
      const status = await options.engine.start(engineSettings)
      options.onEngine?.(status, engineSettings)
      if (status.kind === 'ready') setImmediate(onReady)
      return status
    } catch (thrown) {
      this.key = null
      const error = toAppError(thrown)
      // A model that was removed is the matter of the files that wanted it; the others go on.
      const isTheirs = error.code === 'E_CANCELLED' || error.code === 'E_MODEL_MISSING'
      throw isTheirs ? error : new EngineUnavailable(error.toPayload())
    }
  }
}

/** Resolves once it is ready; rejects as its start does, or with `E_CANCELLED` as soon as the signal says so. */
export async function untilReady({ ready }: StartedWith, signal: AbortSignal): Promise<void> {
  const aborted = new Promise<never>((_resolve, reject) => {
    const cancel = (): void => {
      reject(new AppError('E_CANCELLED'))
    }
    if (signal.aborted) cancel()
    signal.addEventListener('abort', cancel, { once: true })
  })
  ready.catch(() => undefined)
  aborted.catch(() => undefined)
  await Promise.race([ready, aborted])
}
