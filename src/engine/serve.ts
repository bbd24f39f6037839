import { AppError, toAppError } from '../shared/errors/appError'
import type { ErrorPayload } from '../shared/errors/appError'
import { EngineRequest } from './protocol'
import type { EngineEvent, EngineSettings, FileJob, SessionFacts } from './protocol'
import type { DenoiseResult } from './denoise/pipeline'
import type { FileProgress } from './denoise/pipelineContext'
import { JobHold, PauseGate } from './pause'
import { PeakMeter } from './telemetry/peak'

/** What an engine knows of its model and of its session, without the clock and the files: those are the server's. */
export type ModelFacts = Omit<SessionFacts, 'loadSec' | 'ageSec' | 'files'>

/** A loaded model ready for files, as the server needs it. */
export interface Engine {
  readonly device: string
  readonly join: 'carried' | 'overlap'
  /** Threads that one run really uses. */
  readonly threads: number
  /** As they are now. */
  readonly facts: ModelFacts
  denoise(job: FileJob, hooks: JobHooks): Promise<DenoiseResult>
  release(): Promise<void>
}

export interface JobHooks {
  readonly signal: AbortSignal
  /** To be called between two chunks: waits while the engine is paused, throws once the job is cancelled. */
  checkpoint(): Promise<void>
  /** The next checkpoint will wait: nobody waits for this job's lanes. */
  isHeld(): boolean
  /** Lanes that the job takes, once the file is open: more jobs start while there are fewer than the batch. */
  onChannels(channels: number): void
  onProgress(progress: FileProgress): void
}

export type LoadEngine = (settings: EngineSettings) => Promise<Engine>

interface RunningJob {
  readonly controller: AbortController
  readonly ended: Promise<void>
  readonly isUrgent: boolean
  channels: number | null
}

/** Heartbeats come at least once a second while no run holds the thread that long. */
const HEARTBEAT_MS = 500
const PROGRESS_MS = 100

/**
 * The engine's side of the protocol, whatever carries the messages. Jobs queue here; as many files are in flight as it takes
 * to fill the batch's lanes, one at a time otherwise. An urgent job goes in at the next chunk boundary, and alone: the others
 * wait at their checkpoints with all they have. A failure ends its job, never the process.
 */
export class EngineServer {
  private generation = 0
  private batch = 1
  private engine: Engine | null = null
  private loadSec = 0
  private openedAt = 0
  private files = 0
  private unavailable: ErrorPayload | null = null
  private starting: Promise<void> | null = null
  private closing: Promise<void> | null = null
  private readonly queue: FileJob[] = []
  private readonly running = new Map<string, RunningJob>()
  private heartbeat: NodeJS.Timeout | null = null
  /** What holds all but urgent jobs, and what holds those: nothing ever. */
  private readonly gate = new PauseGate()
  private readonly openGate = new PauseGate()
  private readonly peaks = new PeakMeter()

  constructor(
    private readonly send: (event: EngineEvent) => void,
    private readonly loadEngine: LoadEngine
  ) {}

  /** Takes one message as it came off the wire. Resolves at once except for `shutdown`, which it sees through. */
  async handle(message: unknown): Promise<'open' | 'closed'> {
    const parsed = EngineRequest.safeParse(message)
    if (!parsed.success) {
      this.refuse(message, parsed.error.message)
      return 'open'
    }
    const request = parsed.data
    switch (request.type) {
      case 'start':
        this.start(request.generation, request.settings)
        return 'open'
      case 'denoise':
        this.enqueue(request.job)
        return 'open'
      case 'cancel':
        this.cancel(request.jobId)
        return 'open'
      case 'pause':
        this.gate.pause()
        return 'open'
      case 'resume':
        this.gate.resume()
        this.pump()
        return 'open'
      case 'shutdown':
        await this.shutdown()
        return 'closed'
    }
  }

  /** Cancels what runs or waits, lets each job clean up after itself, then releases the session. */
  shutdown(): Promise<void> {
    this.closing ??= this.close()
    return this.closing
  }

  private async close(): Promise<void> {
    for (const job of this.queue.splice(0)) this.fail(job.jobId, new AppError('E_CANCELLED'))
    for (const job of this.running.values()) job.controller.abort(new AppError('E_CANCELLED'))
    await this.starting
    await Promise.all([...this.running.values()].map((job) => job.ended))
    if (this.heartbeat !== null) clearInterval(this.heartbeat)
    const engine = this.engine
    this.engine = null
    await engine?.release()
  }

  private start(generation: number, settings: EngineSettings): void {
    if (this.starting !== null) {
      this.send({ type: 'unavailable', generation, error: internal('the engine was started twice') })
      return
    }
    this.generation = generation
    this.batch = settings.batch
    this.heartbeat = setInterval(() => {
      this.beat()
    }, HEARTBEAT_MS)
    this.starting = this.load(settings)
  }

  private async load(settings: EngineSettings): Promise<void> {
    const started = performance.now()
    const { generation } = this
    try {
      this.engine = await this.loadEngine(settings)
      this.openedAt = performance.now()
      const loadSec = (this.openedAt - started) / 1000
      this.loadSec = loadSec
      const { device, join, threads } = this.engine
      const { precision } = this.engine.facts
      const { rssBytes } = this.peaks.read()
      this.send({ type: 'ready', generation, device, join, precision, threads, loadSec, rssBytes })
      // What loading took at its highest: files tell of themselves only.
      this.beat()
    } catch (thrown) {
      this.unavailable = toAppError(thrown).toPayload()
      this.send({ type: 'unavailable', generation, error: this.unavailable })
    }
    this.pump()
  }

  private beat(): void {
    this.send({ type: 'heartbeat', generation: this.generation, ...this.peaks.read(), facts: this.facts() })
  }

  private facts(): SessionFacts | null {
    if (this.engine === null) return null
    const ageSec = (performance.now() - this.openedAt) / 1000
    return { ...this.engine.facts, loadSec: this.loadSec, ageSec, files: this.files }
  }

  private enqueue(job: FileJob): void {
    if (this.closing !== null) {
      this.fail(job.jobId, new AppError('E_CANCELLED'))
    } else if (this.running.has(job.jobId) || this.queue.some((queued) => queued.jobId === job.jobId)) {
      this.fail(job.jobId, new AppError('E_INTERNAL', { detail: `job ${job.jobId} was sent twice` }))
    } else {
      this.queue.push(job)
      this.pump()
    }
  }

  private cancel(jobId: string): void {
    const reason = new AppError('E_CANCELLED')
    const index = this.queue.findIndex((job) => job.jobId === jobId)
    if (index >= 0) {
      this.queue.splice(index, 1)
      this.fail(jobId, reason)
    }
    // A job that has just ended is no error: its `done` crossed this message on the way.
    this.running.get(jobId)?.controller.abort(reason)
  }

  /** Starts urgent jobs at once, others while lanes are free; the lanes of a file count once it is open. */
  private pump(): void {
    const { engine, unavailable } = this
    if (unavailable !== null) {
      for (const job of this.queue.splice(0)) this.fail(job.jobId, new AppError(unavailable.code, unavailable.data))
      return
    }
    if (engine === null || this.closing !== null) return
    for (const job of this.queue.filter(({ isUrgent }) => isUrgent)) {
      this.queue.splice(this.queue.indexOf(job), 1)
      this.startJob(engine, job)
    }
    const isAlone = [...this.running.values()].some(({ isUrgent }) => isUrgent)
    if (isAlone) this.gate.pause('urgent')
    else this.gate.resume('urgent')
    if (this.gate.isPaused) return
    while (this.queue.length > 0 && this.hasFreeLanes()) this.startJob(engine, this.queue.shift()!)
  }

  private hasFreeLanes(): boolean {
    let lanes = 0
    for (const { channels } of this.running.values()) lanes += channels ?? this.batch
    return lanes < this.batch
  }

  private startJob(engine: Engine, job: FileJob): void {
    const controller = new AbortController()
    const { promise, resolve } = deferred()
    const entry: RunningJob = { controller, ended: promise, isUrgent: job.isUrgent, channels: null }
    this.running.set(job.jobId, entry)
    void this.runJob(engine, job, entry).finally(() => {
      this.running.delete(job.jobId)
      resolve()
      this.pump()
    })
  }

  private async runJob(engine: Engine, job: FileJob, entry: RunningJob): Promise<void> {
    const { generation } = this
    const { jobId } = job
    this.send({ type: 'started', generation, jobId })
    const [wall, cpu] = [performance.now(), process.cpuUsage()]
    const { signal } = entry.controller
    const hold = new JobHold(entry.isUrgent ? this.openGate : this.gate, signal)
    const peak = this.peaks.begin()
    try {
      const result = await engine.denoise(job, {
        signal,
        checkpoint: hold.checkpoint,
        isHeld: hold.isHeld,
        onChannels: (channels) => {
          entry.channels = channels
          this.pump()
        },
        onProgress: this.progressSender(jobId)
      })
      const used = process.cpuUsage(cpu)
      const wallSec = (performance.now() - wall) / 1000 - hold.heldSec
      const { modelSec, ...file } = result
      this.files++
      const timings = { wallSec, modelSec, cpuSec: (used.user + used.system) / 1e6 }
      this.send({ type: 'done', generation, jobId, ...file, timings, peakRssBytes: peak.end() })
    } catch (thrown) {
      peak.end()
      this.fail(jobId, toAppError(thrown))
    }
  }

  private progressSender(jobId: string): (progress: FileProgress) => void {
    let last = -Infinity
    return (progress) => {
      const now = performance.now()
      if (now - last < PROGRESS_MS) return
      last = now
      this.send({ type: 'progress', generation: this.generation, jobId, ...progress })
    }
  }

  private fail(jobId: string, error: AppError): void {
    // The stack of what is not foreseen goes to stderr: the payload carries only words.
    if (error.code === 'E_INTERNAL') console.error(error.stack, error.cause ?? '')
    this.send({ type: 'failed', generation: this.generation, jobId, error: error.toPayload() })
  }

  private refuse(message: unknown, detail: string): void {
    const jobId = jobIdOf(message)
    const error = new AppError('E_INTERNAL', { detail: `message not understood: ${detail}` })
    if (jobId !== null) this.fail(jobId, error)
    else this.send({ type: 'unavailable', generation: this.generation, error: error.toPayload() })
  }
}

function internal(detail: string): ErrorPayload {
  return { code: 'E_INTERNAL', data: { detail } }
}

/** The job that a malformed message was about, so that its sender does not wait for ever. */
function jobIdOf(message: unknown): string | null {
  if (typeof message !== 'object' || message === null) return null
  const fields = message as { jobId?: unknown; job?: { jobId?: unknown } | null }
  const jobId = fields.jobId ?? fields.job?.jobId
  return typeof jobId === 'string' ? jobId : null
}

function deferred(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve: () => void = () => undefined
  const promise = new Promise<void>((done) => {
    resolve = done
  })
  return { promise, resolve }
}
