import { EngineEvent, type EngineSettings, type FileJob, type SessionFacts } from '../../engine/protocol'
import { AppError } from '../../shared/errors/appError'
import { EngineCrash, EngineUnavailable, type KillReason } from './engineErrors'
import type { EngineTransport, ExitInfo } from './engineTransport'
import { SilenceMeter } from './silence'

type EventOf<T extends EngineEvent['type']> = Extract<EngineEvent, { type: T }>
export type ReadyEvent = EventOf<'ready'>
export type ProgressEvent = EventOf<'progress'>
export type DoneEvent = EventOf<'done'>

export interface DenoiseOptions {
  readonly onProgress?: (progress: ProgressEvent) => void
  readonly signal?: AbortSignal
}

/** Deadlines; the defaults are the product's, tests shorten them. */
export interface HostLimits {
  /** From a cancel to SIGKILL (RELIABILITY R38). */
  readonly cancelMs: number
  readonly shutdownMs: number
  /** Silence that is always forgiven (R4), and while a model loads on a blocked thread. */
  readonly silentSec: number
  readonly silentAtStartSec: number
  readonly tickMs: number
}

export const HOST_LIMITS: HostLimits = {
  cancelMs: 500,
  shutdownMs: 2000,
  // Found within 15 s with the next look (R4).
  silentSec: 14,
  silentAtStartSec: 120,
  tickMs: 1000
}

/** A silence of this many expected runs is a hang (R4). */
const FORGIVEN_RUNS = 5

/** How a process ended, told to its host once. */
export interface ProcessEnd {
  readonly crash: EngineCrash
  /** The jobs that went down with it and had not been cancelled. */
  readonly victims: readonly string[]
  readonly wasReady: boolean
}

export interface ProcessListener {
  /** Any message that shows the process answers for its jobs (`done`, `failed`). */
  onAnswer(): void
  onMemory(peakRssBytes: number): void
  onFacts(facts: SessionFacts): void
  onEnd(end: ProcessEnd): void
}

interface InFlight {
  readonly onProgress: ((progress: ProgressEvent) => void) | undefined
  readonly resolve: (done: DoneEvent) => void
  readonly reject: (error: AppError) => void
  readonly isUrgent: boolean
  cancelled: boolean
}

/** One life of the engine: one process, one generation number, the jobs in its hands. Never reused after its end. */
export class EngineProcess {
  /** Resolves when the engine is ready; rejects with {@link EngineUnavailable} or {@link EngineCrash}. */
  readonly opened: Promise<ReadyEvent>
  /** Resolves at the exit event. */
  readonly exited: Promise<void>
  private settleOpened!: { resolve: (ready: ReadyEvent) => void; reject: (error: AppError) => void }
  private settleExited!: () => void
  private readonly jobs = new Map<string, InFlight>()
  private readonly meter: SilenceMeter
  private readonly ticker: NodeJS.Timeout
  private ready = false
  private ended = false
  private killReason: KillReason | null = null
  /** A forecast, until the first progress; from then on the longest silence met. */
  private expectedRunSec: number
  private longestSilenceSec = 0
  private paused = false

  constructor(
    readonly generation: number,
    private readonly transport: EngineTransport,
    private readonly limits: HostLimits,
    private readonly listener: ProcessListener
  ) {
    this.expectedRunSec = 0
    this.meter = new SilenceMeter((2 * limits.tickMs) / 1000, monotonicSec())
    this.opened = new Promise((resolve, reject) => (this.settleOpened = { resolve, reject }))
    this.opened.catch(() => undefined) // The host awaits it too; an end before that must not count as unhandled.
    this.exited = new Promise((resolve) => (this.settleExited = resolve))
    this.ticker = setInterval(() => {
      this.checkSilence()
    }, limits.tickMs)
    transport.onMessage((message) => {
      this.receive(message)
    })
    transport.onExit((exit) => {
      this.end(exit)
    })
  }

  get pid(): number | undefined {
    return this.transport.pid
  }

  get usable(): boolean {
    return this.ready && !this.ended && this.killReason === null && this.transport.isAlive
  }

  start(settings: EngineSettings): void {
    this.expectedRunSec = forecastRunSec(settings)
    this.transport.send({ type: 'start', generation: this.generation, settings })
  }

  /** Holds or lets go all jobs in its hands; nobody is called silent while held. */
  setPaused(paused: boolean): void {
    if (this.paused === paused || this.ended) return
    // What was not heard while paused is no silence of the work after it.
    if (this.paused) this.meter.heard(monotonicSec())
    this.paused = paused
    this.transport.send({ type: paused ? 'pause' : 'resume' })
  }

  /** Feeds one job. Rejects with the engine's own error, `E_CANCELLED` or {@link EngineCrash}. */
  run(job: FileJob, options: DenoiseOptions): Promise<DoneEvent> {
    const { signal, onProgress } = options
    const cancel = (): void => {
      this.cancel(job.jobId)
    }
    const outcome = new Promise<DoneEvent>((resolve, reject) => {
      this.jobs.set(job.jobId, { onProgress, resolve, reject, isUrgent: job.isUrgent, cancelled: false })
      signal?.addEventListener('abort', cancel, { once: true })
      this.transport.send({ type: 'denoise', job })
    })
    return outcome.finally(() => signal?.removeEventListener('abort', cancel))
  }

  /** Asks the engine to end, and makes it end when it does not. */
  async shutdown(): Promise<void> {
    if (this.ended) return
    this.killReason ??= 'shutdown'
    this.transport.send({ type: 'shutdown' })
    const deadline = setTimeout(() => {
      this.transport.kill()
    }, this.limits.shutdownMs)
    await this.exited
    clearTimeout(deadline)
  }

  kill(reason: KillReason): void {
    this.killReason ??= reason
    this.transport.kill()
  }

  /** The engine looks for a cancel between chunks; one that does not get there in time is killed. */
  private cancel(jobId: string): void {
    const job = this.jobs.get(jobId)
    if (!job || job.cancelled) return
    job.cancelled = true
    this.transport.send({ type: 'cancel', jobId })
    setTimeout(() => {
      if (this.jobs.get(jobId) === job) this.kill('cancel')
    }, this.limits.cancelMs).unref()
  }

  private receive(message: unknown): void {
    if (this.ended) return
    const parsed = EngineEvent.safeParse(message)
    if (!parsed.success) {
      // A message that cannot be read may have been a `done`: its job would wait for ever.
      this.kill('unreadable message')
      return
    }
    if (parsed.data.generation !== this.generation) return
    const silenceSec = this.meter.heard(monotonicSec())
    if (!this.paused) this.longestSilenceSec = Math.max(this.longestSilenceSec, silenceSec)
    this.handle(parsed.data)
  }

  private handle(event: EngineEvent): void {
    switch (event.type) {
      case 'ready':
        this.ready = true
        this.longestSilenceSec = 0
        this.listener.onMemory(event.rssBytes)
        this.settleOpened.resolve(event)
        return
      case 'unavailable':
        this.settleOpened.reject(new EngineUnavailable(event.error))
        return
      case 'heartbeat':
        this.listener.onMemory(event.peakRssBytes)
        if (event.facts) this.listener.onFacts(event.facts)
        return
      case 'started':
        return
      case 'progress':
        // The first pass runs no model: until audio comes out, the forecast stands.
        if (event.audioSecDone > 0) this.expectedRunSec = this.longestSilenceSec
        this.jobs.get(event.jobId)?.onProgress?.(event)
        return
      case 'done':
        this.listener.onMemory(event.peakRssBytes)
        this.take(event.jobId)?.resolve(event)
        return
      case 'failed':
        this.fail(event)
        return
    }
  }

  /** What fails after a cancel failed of it: the terminal's Ctrl-C reaches the engine's decoder as well. */
  private fail(event: EventOf<'failed'>): void {
    const job = this.take(event.jobId)
    job?.reject(job.cancelled ? new AppError('E_CANCELLED') : new AppError(event.error.code, event.error.data))
  }

  /** Takes a job out of the engine's hands; an answer about any other job is late and means nothing. */
  private take(jobId: string): InFlight | undefined {
    const job = this.jobs.get(jobId)
    if (!job) return undefined
    this.jobs.delete(jobId)
    this.listener.onAnswer()
    return job
  }

  private checkSilence(): void {
    const silentSec = this.meter.advance(monotonicSec())
    const floorSec = this.ready ? this.limits.silentSec : this.limits.silentAtStartSec
    // An urgent job works also while the others are held.
    if (this.paused && ![...this.jobs.values()].some(({ isUrgent }) => isUrgent)) return
    if (silentSec > Math.max(floorSec, FORGIVEN_RUNS * this.expectedRunSec)) this.kill('silent')
  }

  private end(exit: ExitInfo): void {
    this.ended = true
    clearInterval(this.ticker)
    const crash = new EngineCrash(this.generation, this.killReason, exit)
    const jobs = [...this.jobs]
    this.jobs.clear()
    const victims = jobs.filter(([, job]) => !job.cancelled).map(([jobId]) => jobId)
    this.listener.onEnd({ crash, victims, wasReady: this.ready })
    this.settleOpened.reject(crash)
    this.settleExited()
    for (const [, job] of jobs) job.reject(job.cancelled ? new AppError('E_CANCELLED') : crash)
  }
}

/**
 * What one blocked run may take at worst, in seconds, before any was seen: twice real time on a CPU for the full-size
 * network with its context, and more where a device compiles its kernels in the first run.
 */
function forecastRunSec(settings: EngineSettings): number {
  const contextSec = settings.join === 'overlap' ? 2.2 : 0
  const secPerSec = settings.device === 'cpu' || settings.device === 'auto' ? 2 : 12
  return (settings.chunkSec + contextSec) * settings.batch * secPerSec
}

function monotonicSec(): number {
  return performance.now() / 1000
}
