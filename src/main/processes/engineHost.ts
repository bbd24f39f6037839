import type { EngineSettings, FileJob, SessionFacts } from '../../engine/protocol'
import { AppError, toAppError, type ErrorPayload } from '../../shared/errors/appError'
import { EngineCrash, EngineUnavailable } from './engineErrors'
import {
  EngineProcess,
  HOST_LIMITS,
  type DenoiseOptions,
  type DoneEvent,
  type HostLimits,
  type ProcessEnd,
  type ProcessListener,
  type ReadyEvent
} from './engineProcess'
import type { OpenTransport } from './engineTransport'

export type EngineStatus =
  | { readonly kind: 'stopped' }
  | { readonly kind: 'starting' }
  | { readonly kind: 'ready'; readonly ready: ReadyEvent }
  | { readonly kind: 'unavailable'; readonly error: ErrorPayload }

/** Failures in a row after which the engine is called unavailable instead of being started once more. */
const MAX_FAILURES = 3

/**
 * Owns the one engine: starts it, feeds it, and starts it again when a job needs it after a crash. The exit event is the only
 * truth about a process's life, a job is done by an explicit `done` only, and nothing is ever posted from an exit
 * listener (DESIGN section 2, RELIABILITY finding 11): a new process is started by the next job, not by the old one's end.
 */
export class EngineHost {
  /** Asked where no engine could be opened with these settings, for others; null leaves it at that. */
  standIn: ((settings: EngineSettings, error: AppError) => Promise<EngineSettings | null>) | null = null
  private process: EngineProcess | null = null
  private settings: EngineSettings | null = null
  private generation = 0
  private state: EngineStatus = { kind: 'stopped' }
  private readonly listeners = new Set<(status: EngineStatus) => void>()
  private paused = false
  private held = false
  private facts: SessionFacts | null = null
  private opened = 0
  private readonly factsListeners = new Set<(facts: SessionFacts | null) => void>()
  private starting: Promise<EngineStatus> | null = null
  private failures = 0
  /** Jobs that crashed engines held since the last answer: one bad file that crashes twice is one failure. */
  private readonly suspects = new Set<string>()
  private peak = 0
  private processPeak = 0

  constructor(
    private readonly open: OpenTransport,
    private readonly limits: HostLimits = HOST_LIMITS
  ) {}

  get status(): EngineStatus {
    return this.state
  }

  get isPaused(): boolean {
    return this.paused
  }

  /** The engine's highest resident memory in bytes, over all its generations. */
  get peakRssBytes(): number {
    return this.peak
  }

  /** The highest of the engine that runs now, or ran last. */
  get processPeakRssBytes(): number {
    return this.processPeak
  }

  /** What the engine last told of its session; null while it has none. */
  get sessionFacts(): SessionFacts | null {
    return this.facts
  }

  /** Sessions that were opened so far. */
  get sessions(): number {
    return this.opened
  }

  /** What the engine was last started with. */
  get startedWith(): EngineSettings | null {
    return this.settings
  }

  get pid(): number | undefined {
    return this.process?.pid
  }

  /** Tells every change of the status from now on; the answer ends that. A listener must not throw. */
  onStatus(listener: (status: EngineStatus) => void): () => void {
    this.listeners.add(listener)
    return () => {
      this.listeners.delete(listener)
    }
  }

  /** Tells what the engine says of its session, about twice a second while it lives, and null once it is gone; else as {@link onStatus}. */
  onFacts(listener: (facts: SessionFacts | null) => void): () => void {
    this.factsListeners.add(listener)
    return () => {
      this.factsListeners.delete(listener)
    }
  }

  /**
   * Holds every job between two chunks until {@link resume}; cancels go through. An engine that is started meanwhile, after a
   * crash or by {@link start}, is held from its start on: who ends a paused run resumes as well.
   */
  pause(): void {
    this.setPaused(true)
  }

  resume(): void {
    this.setPaused(false)
  }

  /** Holds every job for something that is not the user's pause, in the same way; {@link letGo} ends that, and leaves a pause. */
  hold(): void {
    this.held = true
    this.tellPaused()
  }

  letGo(): void {
    this.held = false
    this.tellPaused()
  }

  /** A job for these settings could run now, without a start. */
  isReadyWith(settings: EngineSettings): boolean {
    return this.process?.usable === true && JSON.stringify(this.settings) === JSON.stringify(settings)
  }

  /** Starts the engine with these settings, ending one that runs; also the Retry of an unavailable one. */
  async start(settings: EngineSettings): Promise<EngineStatus> {
    await this.shutdown()
    this.settings = settings
    this.failures = 0
    this.suspects.clear()
    return this.bringUp()
  }

  /**
   * Denoises one file into `job.partPath`; a crashed engine is started anew first. Rejects with the engine's own
   * {@link AppError}, `E_CANCELLED`, {@link EngineCrash} (the job may be tried again) or {@link EngineUnavailable}.
   * Once it has settled, no engine writes to the part file any more.
   */
  async denoise(job: FileJob, options: DenoiseOptions = {}): Promise<DoneEvent> {
    const engine = await this.readyProcess(options.signal)
    return engine.run(job, options)
  }

  /** Ends the engine: by message, then by force. Jobs in its hands reject with a deliberate {@link EngineCrash}. */
  async shutdown(): Promise<void> {
    await this.process?.shutdown()
    if (this.current.kind !== 'unavailable') this.current = { kind: 'stopped' }
  }

  /** SIGKILL at once, for a program that is leaving; starts nothing and waits for nothing. */
  killNow(): void {
    this.process?.kill('shutdown')
  }

  private setPaused(paused: boolean): void {
    this.paused = paused
    this.tellPaused()
  }

  private tellPaused(): void {
    this.process?.setPaused(this.paused || this.held)
  }

  private get current(): EngineStatus {
    return this.state
  }

  private set current(status: EngineStatus) {
    const isSame = status.kind === this.state.kind && (status.kind === 'stopped' || status.kind === 'starting')
    this.state = status
    if (!isSame) for (const listener of [...this.listeners]) listener(status)
  }

  private async readyProcess(signal: AbortSignal | undefined): Promise<EngineProcess> {
    for (;;) {
      if (signal?.aborted) throw new AppError('E_CANCELLED')
      if (this.process?.usable) return this.process
      if (this.current.kind === 'unavailable') throw new EngineUnavailable(this.current.error)
      // A process on its way out: its end comes first.
      if (this.process && !this.starting) await abortable(this.process.exited, signal)
      else await abortable(this.bringUp(), signal)
    }
  }

  private bringUp(): Promise<EngineStatus> {
    this.starting ??= this.startUntilReady().finally(() => (this.starting = null))
    return this.starting
  }

  private async startUntilReady(): Promise<EngineStatus> {
    this.current = { kind: 'starting' }
    while (this.current.kind === 'starting') {
      const engine = this.spawnOrGiveUp()
      if (engine === null) break
      try {
        const ready = await engine.opened
        this.opened++
        this.current = { kind: 'ready', ready }
      } catch (thrown) {
        await this.judgeFailedStart(engine, toAppError(thrown))
      }
    }
    return this.current
  }

  /** An engine that says it cannot work is believed; one that died is started again, three times at most. */
  private async judgeFailedStart(engine: EngineProcess, error: AppError): Promise<void> {
    if (!(error instanceof EngineCrash)) {
      await engine.shutdown()
      if (error.code === 'E_DEVICE_UNAVAILABLE' && (await this.takeStandIn(error))) return
      this.current = { kind: 'unavailable', error: error.toPayload() }
    } else if (error.deliberate) {
      this.current = { kind: 'stopped' }
      throw new AppError('E_CANCELLED')
    } else await this.takeStandIn(error)
  }

  /** Whether other settings are there instead of those that gave no engine; the next start has them. */
  private async takeStandIn(error: AppError): Promise<boolean> {
    const settings = (this.settings && (await this.standIn?.(this.settings, error))) ?? null
    if (settings === null) return false
    this.settings = settings
    this.failures = 0
    this.suspects.clear()
    this.current = { kind: 'starting' }
    return true
  }

  /** Null where the system gives no process at all (no handles, no memory): nobody may wait for that one. */
  private spawnOrGiveUp(): EngineProcess | null {
    try {
      return this.spawn()
    } catch (thrown) {
      this.current = { kind: 'unavailable', error: toAppError(thrown).toPayload() }
      return null
    }
  }

  private spawn(): EngineProcess {
    if (!this.settings) throw new AppError('E_INTERNAL', { detail: 'the engine was never given its settings' })
    this.generation++
    this.processPeak = 0
    const engine: EngineProcess = new EngineProcess(this.generation, this.open(), this.limits, this.listen())
    this.process = engine
    engine.start(this.settings)
    engine.setPaused(this.paused || this.held)
    return engine
  }

  private listen(): ProcessListener {
    return {
      onAnswer: () => {
        this.failures = 0
        this.suspects.clear()
      },
      onMemory: (bytes) => {
        this.peak = Math.max(this.peak, bytes)
        this.processPeak = Math.max(this.processPeak, bytes)
      },
      onFacts: (facts) => {
        this.tellFacts(facts)
      },
      onEnd: (end) => {
        this.process = null
        if (this.facts !== null) this.tellFacts(null)
        if (this.current.kind === 'ready') this.current = { kind: 'stopped' }
        if (!end.crash.deliberate) this.countFailure(end)
      }
    }
  }

  private tellFacts(facts: SessionFacts | null): void {
    this.facts = facts
    for (const listener of [...this.factsListeners]) listener(facts)
  }

  private countFailure(end: ProcessEnd): void {
    const known = end.victims.length > 0 && end.victims.every((jobId) => this.suspects.has(jobId))
    if (known && end.wasReady) return
    end.victims.forEach((jobId) => this.suspects.add(jobId))
    this.failures++
    if (this.failures >= MAX_FAILURES) this.current = { kind: 'unavailable', error: unavailableBecause(end) }
  }
}

function unavailableBecause(end: ProcessEnd): ErrorPayload {
  if (end.wasReady) return end.crash.toPayload()
  if (end.crash.outOfMemory)
    return { code: 'E_MEMORY', data: { detail: `the engine could not be started: ${end.crash.data.detail ?? ''}` } }
  return { code: 'E_INTERNAL', data: { detail: `the engine could not be started: ${end.crash.data.detail ?? ''}` } }
}

/** Waits for `work`, but no longer than until the signal: `work` itself goes on. */
async function abortable(work: Promise<unknown>, signal: AbortSignal | undefined): Promise<void> {
  if (!signal) {
    await work
    return
  }
  let onAbort = (): void => undefined
  const aborted = new Promise<void>((resolve) => {
    onAbort = resolve
    signal.addEventListener('abort', onAbort, { once: true })
  })
  await Promise.race([work, aborted])
  signal.removeEventListener('abort', onAbort)
}
