import { lstat } from 'node:fs/promises'
import path from 'node:path'
import type { FileJob } from '../../engine/protocol'
import { AppError, toAppError, type ErrorPayload } from '../../shared/errors/appError'
import type { JobResult } from '../../shared/jobs/job'
import type { QueueEvent, QueueState } from '../../shared/jobs/queue'
import { emptyQueue, reduceQueue } from '../../shared/jobs/reduceQueue'
import { EngineCrash, EngineUnavailable } from '../processes/engineErrors'
import type { DenoiseOptions, DoneEvent, ProgressEvent } from '../processes/engineProcess'
import { commitOutput } from './commitOutput'
import { ensureFolderInside } from './folders'
import type { OutputClaims } from './outputClaims'
import type { OnExists } from './outputPlan'
import { assertWritable, forgetPart, newPartPath, removePart } from './partFiles'
import { assertUnchanged, type SourceIdentity } from './sourceIdentity'

/** A file that has its place, with the id of its job. */
export interface RunnableFile {
  readonly jobId: string
  readonly inputPath: string
  readonly outputPath: string
  readonly identity: SourceIdentity
}

export interface BatchEngine {
  denoise(job: FileJob, options: DenoiseOptions): Promise<DoneEvent>
}

export interface BatchOptions {
  readonly engine: BatchEngine
  readonly claims: OutputClaims
  readonly onExists: OnExists
  /** The folder that every output must lie in; null where each lies beside its source. */
  readonly outDir: string | null
  /** Files given to the engine at a time: as many as fill its lanes. */
  readonly inFlight: number
  readonly signal: AbortSignal
  readonly onEvent?: (event: QueueEvent, state: QueueState) => void
  readonly onProgress?: (progress: ProgressEvent) => void
  readonly nowSec?: () => number
}

/** A file may be in two crashes; the second time it was alone with the engine (RELIABILITY R9). */
const MAX_ATTEMPTS = 2
const MAX_CRASHES = 5
const CRASH_WINDOW_SEC = 60

/**
 * Runs a batch to its end and returns what became of every file. One bad file never stops the others; a full or vanished
 * target, an engine that cannot be had, or five crashes in a minute do: what is left is then cancelled with that reason.
 */
export class BatchRunner {
  private state: QueueState
  private readonly waiting: RunnableFile[]
  /** Files that were in an engine's hands when it crashed: they run alone, so that only the guilty one fails. */
  private readonly suspects: RunnableFile[] = []
  private readonly running = new Set<RunnableFile>()
  private readonly crashes = new Map<number, number>()
  private stopped: ErrorPayload | null = null
  private finish: () => void = () => undefined
  /** A suspect is running: nobody else begins. */
  private alone = false

  constructor(
    files: readonly RunnableFile[],
    private readonly options: BatchOptions,
    epoch: string
  ) {
    this.waiting = [...files]
    this.state = emptyQueue(epoch)
    this.emit({
      type: 'jobsAdded',
      jobs: files.map(({ jobId, inputPath, outputPath }) => ({ id: jobId, inputPath, outputPath }))
    })
  }

  /** What stopped the batch before its end; null where nothing did. */
  get stopReason(): ErrorPayload | null {
    return this.stopped
  }

  async run(): Promise<QueueState> {
    await new Promise<void>((resolve) => {
      this.finish = resolve
      this.pump()
    })
    for (const file of [...this.suspects, ...this.waiting]) {
      this.emit({ type: 'jobsCancelled', jobIds: [file.jobId], because: this.stopped })
    }
    return this.state
  }

  private emit(event: QueueEvent): void {
    this.state = reduceQueue(this.state, event)
    this.options.onEvent?.(event, this.state)
  }

  private pump(): void {
    for (let file = this.next(); file; file = this.next()) {
      this.running.add(file)
      const current = file
      void this.work(current).finally(() => {
        this.running.delete(current)
        this.pump()
      })
    }
    if (this.running.size === 0) this.finish()
  }

  private next(): RunnableFile | undefined {
    if (this.stopped !== null || this.options.signal.aborted) return undefined
    if (this.running.size > 0 && (this.suspects.length > 0 || this.alone)) return undefined
    const suspect = this.suspects.shift()
    this.alone = suspect !== undefined
    if (suspect) return suspect
    return this.running.size < this.options.inFlight ? this.waiting.shift() : undefined
  }

  /** One file from the queue to its end, or back into the queue. Never rejects. */
  private async work(file: RunnableFile): Promise<void> {
    try {
      await this.process(file)
    } catch (thrown) {
      await this.judge(file, toAppError(thrown))
    }
  }

  private async process(file: RunnableFile): Promise<void> {
    const { onExists, outDir } = this.options
    await assertUnchanged(file.inputPath, file.identity)
    if (onExists === 'skip' && (await exists(file.outputPath))) {
      this.emit({ type: 'jobSkipped', jobId: file.jobId })
      return
    }
    await ensureFolderInside(path.dirname(file.outputPath), outDir)
    this.emit({ type: 'jobStarted', jobId: file.jobId })
    const partPath = newPartPath(file.outputPath)
    try {
      await this.denoise(file, partPath)
    } catch (thrown) {
      // Where even this fails the disk is gone; what came first says more, and the next start sweeps.
      await removePart(partPath).catch(() => undefined)
      throw thrown
    }
  }

  private async denoise(file: RunnableFile, partPath: string): Promise<void> {
    const { engine, signal, onProgress, onExists, claims } = this.options
    const job: FileJob = {
      jobId: file.jobId,
      inputPath: file.inputPath,
      partPath,
      outputContainer: null,
      residualGain: 0
    }
    const done = await engine.denoise(job, { signal, ...(onProgress && { onProgress }) })
    await assertUnchanged(file.inputPath, file.identity)
    const { extension } = done
    const committed = await commitOutput({ partPath, plannedPath: file.outputPath, extension, onExists, claims })
    forgetPart(partPath)
    if (committed.kind === 'skipped') this.emit({ type: 'jobSkipped', jobId: file.jobId })
    else this.emit({ type: 'jobFinished', jobId: file.jobId, result: resultOf(done, committed.path) })
  }

  private async judge(file: RunnableFile, error: AppError): Promise<void> {
    if (error.code === 'E_CANCELLED' && this.options.signal.aborted) {
      this.emit({ type: 'jobsCancelled', jobIds: [file.jobId], because: this.stopped })
    } else if (error instanceof EngineCrash) {
      this.judgeCrash(file, error)
    } else {
      this.emit({ type: 'jobFailed', jobId: file.jobId, error: error.toPayload() })
      if (await this.endsBatch(error)) this.stopped ??= error.toPayload()
    }
  }

  private judgeCrash(file: RunnableFile, crash: EngineCrash): void {
    if (!crash.deliberate) this.countCrash(crash)
    const { status } = this.state.jobs.find((job) => job.id === file.jobId)!
    const attempts = status.kind === 'running' ? status.attempts : MAX_ATTEMPTS
    if (!crash.deliberate && attempts >= MAX_ATTEMPTS) {
      this.emit({ type: 'jobFailed', jobId: file.jobId, error: crash.toPayload() })
      return
    }
    this.emit({ type: 'jobsRetried', jobIds: [file.jobId] })
    if (crash.deliberate) this.waiting.unshift(file)
    else this.suspects.push(file)
  }

  private countCrash(crash: EngineCrash): void {
    const now = (this.options.nowSec ?? monotonicSec)()
    this.crashes.set(crash.generation, this.crashes.get(crash.generation) ?? now)
    const recent = [...this.crashes.values()].filter((at) => now - at <= CRASH_WINDOW_SEC)
    if (recent.length >= MAX_CRASHES) this.stopped ??= crash.toPayload()
  }

  /** Whether every other file would meet the same. */
  private async endsBatch(error: AppError): Promise<boolean> {
    if (error instanceof EngineUnavailable || error.code === 'E_DISK_FULL') return true
    if (this.options.outDir === null || (error.code !== 'E_IO' && error.code !== 'E_READ_ONLY')) return false
    return assertWritable(this.options.outDir).then(
      () => false,
      () => true
    )
  }
}

async function exists(target: string): Promise<boolean> {
  return (await lstat(target).catch(() => null)) !== null
}

function resultOf(done: DoneEvent, outputPath: string): JobResult {
  const { warnings, durationSec, sampleRateHz, channels, timings, peakRssBytes } = done
  return { outputPath, warnings, durationSec, sampleRateHz, channels, processingSec: timings.wallSec, peakRssBytes }
}

function monotonicSec(): number {
  return performance.now() / 1000
}
