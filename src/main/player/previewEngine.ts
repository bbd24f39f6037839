import type { EngineSettings, FileJob } from '../../engine/protocol'
import { AppError } from '../../shared/errors/appError'
import { EngineCrash } from '../processes/engineErrors'
import { EngineHost } from '../processes/engineHost'
import type { DenoiseOptions, DoneEvent } from '../processes/engineProcess'
import type { OpenTransport } from '../processes/engineTransport'

/** The next preview is often of the same settings, a few seconds later. */
const WARM_MS = 20_000

export interface PreviewEngineOptions {
  /** The batch's engine. */
  readonly host: EngineHost
  readonly openEngine: OpenTransport
  /** The batch stands still for a preview, or goes on. */
  readonly onHold: (held: boolean) => void
  readonly warmMs?: number
}

export interface PreviewJob {
  readonly file: FileJob
  readonly settings: EngineSettings
  readonly signal: AbortSignal
  /** A file that ended the batch's engine once stays out of it. */
  readonly mayShare: boolean
  readonly onProgress: NonNullable<DenoiseOptions['onProgress']>
}

/**
 * Where a preview is denoised: as an urgent job in the batch's engine where that one has the very same settings, else in an
 * engine of its own while the batch's is held.
 */
export class PreviewEngine {
  private own: { readonly host: EngineHost; readonly key: string } | null = null
  private warmTimer: NodeJS.Timeout | null = null
  private closed = false

  constructor(private readonly options: PreviewEngineOptions) {}

  /** Of the engine of its own, while there is one. */
  get pids(): readonly number[] {
    const pid = this.own?.host.pid
    return pid === undefined ? [] : [pid]
  }

  /** Errors as `EngineHost.denoise`; whatever comes, the batch goes on. */
  async denoise(job: PreviewJob): Promise<DoneEvent> {
    const { host, onHold } = this.options
    onHold(true)
    try {
      if (job.mayShare && host.isReadyWith(job.settings)) {
        const done = await this.inBatchEngine(job)
        if (done !== null) return done
      }
      return await this.inOwnEngine(job)
    } finally {
      onHold(false)
    }
  }

  /** Ends its own engine, which is done with its work. */
  async release(): Promise<void> {
    await this.giveUpOwn()
  }

  /** Ends its own engine at once. */
  async close(): Promise<void> {
    this.closed = true
    await this.giveUpOwn()
  }

  /** Null where the batch's engine was ended meanwhile for other settings: no fault of anybody's. */
  private async inBatchEngine({ file, signal, onProgress }: PreviewJob): Promise<DoneEvent | null> {
    try {
      return await this.options.host.denoise(file, { signal, onProgress })
    } catch (thrown) {
      if (thrown instanceof EngineCrash && thrown.deliberate && !signal.aborted) return null
      throw thrown
    }
  }

  private async inOwnEngine(job: PreviewJob): Promise<DoneEvent> {
    const { host } = this.options
    host.hold()
    if (this.warmTimer) clearTimeout(this.warmTimer)
    try {
      const own = await this.ready(job)
      return await own.denoise(job.file, { signal: job.signal, onProgress: job.onProgress })
    } finally {
      host.letGo()
      this.keepWarm()
    }
  }

  private async ready({ settings, signal }: PreviewJob): Promise<EngineHost> {
    const key = JSON.stringify(settings)
    signal.throwIfAborted()
    if (this.closed) throw new AppError('E_CANCELLED')
    if (this.own?.key === key && this.own.host.status.kind === 'ready') return this.own.host
    if (this.own?.key !== key) await this.giveUpOwn()
    const own = this.own ?? { host: new EngineHost(this.options.openEngine), key }
    this.own = own
    // A device that does not start gives way here as it does under a batch.
    own.host.standIn = this.options.host.standIn
    // A model that loads hears no cancel.
    const abort = (): void => {
      own.host.killNow()
    }
    signal.addEventListener('abort', abort, { once: true })
    try {
      const status = await own.host.start(settings)
      signal.throwIfAborted()
      if (status.kind === 'unavailable') throw new AppError(status.error.code, status.error.data)
      return own.host
    } finally {
      signal.removeEventListener('abort', abort)
    }
  }

  private keepWarm(): void {
    if (this.own === null || this.closed) return
    if (this.warmTimer) clearTimeout(this.warmTimer)
    this.warmTimer = setTimeout(() => void this.giveUpOwn(), this.options.warmMs ?? WARM_MS)
    this.warmTimer.unref()
  }

  private async giveUpOwn(): Promise<void> {
    if (this.warmTimer) clearTimeout(this.warmTimer)
    this.warmTimer = null
    const own = this.own
    this.own = null
    // Nothing of it is kept: it need not be asked.
    own?.host.killNow()
    await own?.host.shutdown()
  }
}
