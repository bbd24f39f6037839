import { lstat } from 'node:fs/promises'
import path from 'node:path'
import type { EngineSettings, FileJob } from '../../engine/protocol'
import { AppError, toAppError, type ErrorPayload, type WarningCode } from '../../shared/errors/appError'
import type { Job } from '../../shared/jobs/job'
import type { JobSettings } from '../../shared/settings/jobSettings'
import { residualGainOf } from '../../shared/settings/reduction'
import { EngineCrash, EngineUnavailable } from '../processes/engineErrors'
import type { EngineStatus } from '../processes/engineHost'
import type { DenoiseOptions, DoneEvent, ProgressEvent } from '../processes/engineProcess'
import { ChangeIndex, markOf, type Mark } from './changeIndex'
import { commitOutput } from './commitOutput'
import { CrashCount } from './crashCount'
import { EngineStarts, untilReady, type StartedWith } from './engineStarts'
import type { KeptSounds } from './keptSounds'
import type { OutputClaims } from './outputClaims'
import { OutputFolders } from './outputFolders'
import { forgetPart, newPartPath, removePart } from './partFiles'
import { resultOf } from './jobResult'
import { LostDevice } from './lostDevice'
import type { QueueStore } from './queueStore'
import { ShortageCare, type RunnerMemory } from './shortageCare'
import { assertRoom, freeBytesOf, type FreeBytes } from './roomCheck'
import { assertUnchanged } from './sourceIdentity'

export interface RunnerEngine {
  readonly status: EngineStatus
  /** What really runs: another device than the one asked for where that gave no engine. */
  readonly startedWith?: EngineSettings | null
  start(settings: EngineSettings): Promise<EngineStatus>
  denoise(job: FileJob, options: DenoiseOptions): Promise<DoneEvent>
}

export interface RunnerOptions {
  readonly store: QueueStore
  readonly engine: RunnerEngine
  readonly claims: OutputClaims
  /** What the engine is started with for a job's settings. Throws where there is no such model. */
  readonly engineSettings: (settings: JobSettings) => Promise<EngineSettings>
  /** Of the file that runs with these: a result of other weights is another result. */
  readonly modelHash: (settings: JobSettings) => Promise<string>
  /** Memory ran out with these: whether the next start has smaller ones, or another device. Absent: the rules for crashes count. */
  readonly memory?: RunnerMemory
  /** Where what the model gives stays for another strength; absent: nowhere. */
  readonly kept?: KeptSounds
  /** Whether a file that finds no engine or no disk goes back to the queue (the window) or fails with the reason (the command line). */
  readonly keepsWaiting: boolean
  /** The decoder of the user's choice now: an engine that was started with another is started anew. */
  readonly ffmpegPath?: () => string | null
  readonly onEngine?: (status: EngineStatus, settings: EngineSettings) => void
  readonly onProgress?: (progress: ProgressEvent) => void
  /** Memory ran out: the file is begun again with less. */
  readonly onShortage?: (job: Job) => void
  readonly nowSec?: () => number
  readonly freeBytes?: FreeBytes
}

/** A file may be in two crashes; the second time it was alone with the engine (RELIABILITY R9). */
const MAX_ATTEMPTS = 2

/** What a running job is stopped for. */
type Wish = 'cancel' | 'return'

interface Run {
  readonly jobId: string
  readonly key: string
  readonly abort: AbortController
  wish: Wish | null
  /** What its engine was started with; null until it asked for one. */
  started: StartedWith | null
}

/**
 * Runs the waiting jobs of a live queue in list order, whatever is added, moved or taken away meanwhile. One bad file never
 * stops the others; a full or vanished target, an engine that cannot be had, or five crashes in a minute do.
 */
export class QueueRunner {
  private readonly running = new Map<string, Run>()
  /** Files that were in an engine's hands when it crashed: they run alone, so that only the guilty one fails. */
  private readonly suspects: string[] = []
  private readonly crashes: CrashCount
  private stopped: ErrorPayload | null = null
  private folders = new OutputFolders()
  private index = new ChangeIndex()
  /** Nothing new begins: the run was stopped, or these files are its last. */
  private closing = true
  private held = false
  private finish: () => void = () => undefined
  /** A suspect is running: nobody else begins. */
  private alone = false
  private readonly engines: EngineStarts
  private readonly shortage: ShortageCare
  private readonly lost = new LostDevice()

  constructor(private readonly options: RunnerOptions) {
    this.crashes = new CrashCount(options.nowSec ?? (() => performance.now() / 1000))
    this.shortage = new ShortageCare(options.memory)
    const onReady = (): void => {
      this.wake()
    }
    this.engines = new EngineStarts({ options, shortage: this.shortage, lost: this.lost, onReady })
  }

  get runningIds(): readonly string[] {
    return [...this.running.keys()]
  }

  /** Runs until nothing is left that may begin. Gives back what ended it before that; null where nothing did. */
  async run(): Promise<ErrorPayload | null> {
    this.stopped = null
    this.folders = new OutputFolders()
    this.index = new ChangeIndex()
    this.closing = false
    this.held = false
    const { status } = this.options.engine
    const isElsewhere = this.lost.reset()
    if (isElsewhere || (status.kind !== 'ready' && status.kind !== 'starting')) this.engines.forgetKey()
    await new Promise<void>((resolve) => {
      this.finish = resolve
      this.pump()
    })
    return this.stopped
  }

  /** The queue has changed: perhaps something may begin now. */
  wake(): void {
    if (!this.closing) this.pump()
  }

  /** While held nothing begins, and the run does not end. What is in work is the engine's to hold. */
  hold(held: boolean): void {
    this.held = held
    this.pump()
  }

  /** Makes changes that belong together: nothing begins between them. */
  withhold(changes: () => void): void {
    const { held } = this
    this.held = true
    try {
      changes()
    } finally {
      this.held = held
    }
    this.wake()
  }

  /** The files in work are the last ones; taken back as long as they run. */
  setLast(last: boolean): void {
    this.closing = last
    if (!last) this.pump()
  }

  /** Ends the run: files in work end as `wish` says, once no engine writes for them any more. */
  stop(wish: Wish): void {
    this.closing = true
    this.held = false
    this.abort(this.runningIds, wish)
    this.pump()
  }

  /** Stops these, if they run. A cancel outlives a stop: who does not want a file does not want it back. */
  abort(jobIds: Iterable<string>, wish: Wish): void {
    for (const jobId of jobIds) {
      const run = this.running.get(jobId)
      if (!run) continue
      run.wish = wish === 'cancel' ? wish : (run.wish ?? wish)
      run.abort.abort()
    }
  }

  private pump(): void {
    for (let job = this.next(); job; job = this.next()) {
      const run: Run = { jobId: job.id, key: this.keyOf(job), abort: new AbortController(), wish: null, started: null }
      this.running.set(job.id, run)
      this.options.store.dispatch({ type: 'jobStarted', jobId: job.id })
      void this.work(job, run).finally(() => {
        this.running.delete(run.jobId)
        this.pump()
      })
    }
    if (this.running.size > 0 || this.held) return
    // From here on nothing begins: a job that is added in this moment waits for the next run.
    this.closing = true
    this.finish()
  }

  private next(): Job | undefined {
    if (this.stopped !== null || this.closing || this.held) return undefined
    const suspect = this.nextSuspect()
    if (this.running.size > 0 && (suspect || this.alone)) return undefined
    this.alone = suspect !== undefined
    if (suspect) {
      this.suspects.shift()
      return suspect
    }
    const job = this.options.store.state.jobs.find(({ status }) => status.kind === 'pending')
    return job && this.fits(job) ? job : undefined
  }

  /** Those that were cancelled or removed meanwhile are nobody's suspects any more. */
  private nextSuspect(): Job | undefined {
    for (; this.suspects.length > 0; this.suspects.shift()) {
      const job = this.options.store.job(this.suspects[0]!)
      if (job?.status.kind === 'pending') return job
    }
    return undefined
  }

  /** As many as fill the engine's lanes, and none that needs another engine than those in work. */
  private fits(job: Job): boolean {
    if (this.running.size === 0) return true
    const { batch } = this.engines
    // One file more than lanes: the next is at hand when a lane falls free.
    const inFlight = batch === 1 ? 1 : batch + 1
    const [other] = this.running.values()
    return this.running.size < inFlight && other?.key === this.keyOf(job)
  }

  private settingsOf(job: Job): JobSettings {
    return this.options.store.state.settings[job.settingsKey]!
  }

  private keyOf(job: Job): string {
    return this.engines.keyOf(this.settingsOf(job))
  }

  /** One file from the queue to its end, or back into the queue. Never rejects. */
  private async work(job: Job, run: Run): Promise<void> {
    try {
      await this.process(job, run)
    } catch (thrown) {
      await this.judge(job, run, toAppError(thrown))
    }
  }

  private async process(job: Job, run: Run): Promise<void> {
    const { outputPath } = job
    if (outputPath === null) throw new AppError('E_INTERNAL', { detail: `${job.id} has no place` })
    await assertUnchanged(job.inputPath, job.identity)
    const settings = this.settingsOf(job)
    const { onExists } = settings.output
    const mark = onExists === 'changed' ? await this.markOf(job, settings, run) : null
    if (mark ? await this.index.isCurrent(outputPath, mark) : onExists === 'skip' && (await exists(outputPath))) {
      this.options.store.dispatch({ type: 'jobSkipped', jobId: job.id })
      return
    }
    // It may have become an input since its place was planned.
    const replaces = onExists === 'overwrite' || onExists === 'changed'
    if (replaces && (await this.options.claims.isInput(outputPath))) throw sameFile(job.inputPath, outputPath)
    await this.folders.ensure(path.dirname(outputPath), outDirOf(settings))
    await assertRoom({ ...job, outputPath }, settings.output, this.options.freeBytes ?? freeBytesOf)
    const partPath = newPartPath(outputPath)
    try {
      await this.denoise({ ...job, outputPath }, { run, partPath, settings, mark })
    } catch (thrown) {
      // Where even this fails the disk is gone; what came first says more, and the next start sweeps.
      await removePart(partPath).catch(() => undefined)
      throw thrown
    }
  }

  private async markOf({ inputPath }: Job, settings: JobSettings, { abort }: Run): Promise<Mark> {
    return markOf(inputPath, { settings, model: await this.options.modelHash(settings) }, abort.signal)
  }

  private async denoise(
    job: Job & { readonly outputPath: string },
    work: { readonly run: Run; readonly partPath: string; readonly settings: JobSettings; readonly mark: Mark | null }
  ): Promise<void> {
    const { engine, claims, onProgress, store } = this.options
    const { run, partPath, settings } = work
    const { signal } = run.abort
    run.started = this.engines.startFor(run.key, settings)
    await untilReady(run.started, signal)
    const residualGain = residualGainOf(settings)
    const { id: jobId, inputPath } = job
    const { onExists, format, quality, video, keepTimes, loudness, targetLufs, truePeakDb } = settings.output
    const { above8k, channels, audioTrack } = settings.output
    const output = { format, quality, video }
    const level = { loudness, targetLufs, truePeakDb }
    const engineNow = engine.startedWith ?? run.started.settings ?? null
    const keptPath = engineNow && (await this.options.kept?.pathFor({ job, engine: engineNow, channels, audioTrack }))
    const file: FileJob = {
      ...{ jobId, inputPath, partPath, outputContainer: null, output, level },
      ...{ above8k, channels, residualGain, isUrgent: false },
      ...(audioTrack !== null && { audioTrack }),
      ...(keptPath && { keptPath })
    }
    const done = await engine
      .denoise(file, { signal, ...(onProgress && { onProgress }) })
      .catch(async (thrown: unknown) => {
        // What is wrong with a source that was changed meanwhile is just that.
        if (isOfSource(thrown)) await assertUnchanged(inputPath, job.identity)
        throw thrown
      })
    await assertUnchanged(inputPath, job.identity)
    const request = { partPath, plannedPath: job.outputPath, extension: done.extension }
    const committed = await commitOutput({
      ...request,
      onExists,
      claims,
      owner: jobId,
      timesOf: keepTimes ? inputPath : undefined
    })
    forgetPart(partPath)
    if (work.mark && committed.kind === 'written') await this.index.remember(job.outputPath, committed.path, work.mark)
    if (committed.kind === 'skipped') store.dispatch({ type: 'jobSkipped', jobId: job.id })
    else
      store.dispatch({
        type: 'jobFinished',
        jobId: job.id,
        result: resultOf(done, committed.path, [
          ...this.shortage.warningsOf(jobId),
          ...this.fallbackOf(run, settings),
          ...committed.warnings
        ])
      })
    this.lost.finished()
    if (keptPath) await this.options.kept?.trim(keptPath)
    await this.shortage.finished(jobId, run.started.settings ?? null)
  }

  /** The engine gave way to another device when it was loaded, or after its own was lost. */
  private fallbackOf({ started }: Run, settings: JobSettings): readonly WarningCode[] {
    const now = this.options.engine.startedWith?.device
    const asked = started?.settings?.device
    const isAsAsked = now === undefined || asked === undefined || now === asked
    return isAsAsked ? this.lost.warningsOf(settings) : ['W_DEVICE_FALLBACK']
  }

  private async judge(job: Job, run: Run, error: AppError): Promise<void> {
    const { store, keepsWaiting, kept } = this.options
    const jobIds = [job.id]
    if (isStop(error) || this.lost.concerns(error) || this.shortage.concerns(error)) await kept?.tidy()
    if (run.wish === 'return' && isStop(error)) store.dispatch({ type: 'jobsReturned', jobIds })
    else if (run.wish === 'cancel' && isStop(error)) store.dispatch({ type: 'jobsCancelled', jobIds, because: null })
    else if (this.lost.concerns(error) && this.judgeLoss(job, run)) return
    else if (this.shortage.concerns(error) && (await this.judgeShortage(job, run, error))) return
    else if (error instanceof EngineCrash) this.judgeCrash(job, error)
    else if (error instanceof EngineUnavailable && keepsWaiting) {
      this.stopped ??= error.toPayload()
      store.dispatch({ type: 'jobsReturned', jobIds })
    } else {
      const isGeneral = await this.endsBatch(error, this.settingsOf(job))
      if (isGeneral) this.stopped ??= error.toPayload()
      // A full disk is not the file's fault: it is there for the next start.
      if (isGeneral && keepsWaiting) store.dispatch({ type: 'jobsReturned', jobIds })
      else store.dispatch({ type: 'jobFailed', jobId: job.id, error: error.toPayload() })
    }
  }

  /** Memory ran out, or seems to have: again in a fresh process, in smaller pieces, or on the CPU. False where nothing is left to try. */
  private async judgeShortage(job: Job, { started }: Run, error: AppError): Promise<boolean> {
    if (started?.settings == null) return false
    // Whatever begins from now on waits for the answer, and for a start of its own.
    this.engines.forget(started)
    const next = await this.shortage.retreat(job.id, { key: started, settings: started.settings, error })
    if (next === 'none') return false
    if (next === 'smaller') this.options.onShortage?.(job)
    this.options.store.dispatch({ type: next === 'again' ? 'jobsRetried' : 'jobsReturned', jobIds: [job.id] })
    return true
  }

  /** The device went away: again in a fresh process, or on the CPU. False where no engine was asked for. */
  private judgeLoss(job: Job, { started }: Run): boolean {
    if (started === null) return false
    this.engines.forget(started)
    this.lost.count(started)
    this.options.store.dispatch({ type: 'jobsRetried', jobIds: [job.id] })
    return true
  }

  private judgeCrash(job: Job, crash: EngineCrash): void {
    const { store } = this.options
    if (crash.deliberate) {
      store.dispatch({ type: 'jobsReturned', jobIds: [job.id] })
      return
    }
    if (this.crashes.tooMany(crash.generation)) this.stopped ??= crash.toPayload()
    const status = store.job(job.id)?.status
    if (status?.kind === 'running' && status.attempts >= MAX_ATTEMPTS) {
      store.dispatch({ type: 'jobFailed', jobId: job.id, error: crash.toPayload() })
      return
    }
    this.suspects.push(job.id)
    store.dispatch({ type: 'jobsRetried', jobIds: [job.id] })
  }

  /** Whether every other file would meet the same. */
  private async endsBatch(error: AppError, settings: JobSettings): Promise<boolean> {
    if (error instanceof EngineUnavailable) return true
    // The longest file that a file system takes (4 GB on FAT) is this file's matter alone.
    if (error.code === 'E_DISK_FULL') return !String(error.data.detail).startsWith('EFBIG')
    const outDir = outDirOf(settings)
    if (outDir === null || (error.code !== 'E_IO' && error.code !== 'E_READ_ONLY')) return false
    return this.folders.isLost(outDir)
  }
}

/** What ends a job that was stopped: the engine's answer, or the engine's own end. */
function isStop(error: AppError): boolean {
  return error.code === 'E_CANCELLED' || error instanceof EngineCrash || error instanceof EngineUnavailable
}

const SOURCE_ERRORS = new Set([
  ...['E_EMPTY', 'E_NO_AUDIO', 'E_NO_TRACK', 'E_UNSUPPORTED', 'E_CORRUPT', 'E_TRUNCATED', 'E_TOO_SHORT', 'E_IO']
])

/** Whether it says what is wrong with the recording, or may do so. */
function isOfSource(thrown: unknown): boolean {
  return thrown instanceof AppError && SOURCE_ERRORS.has(thrown.code)
}

/** The folder that every output must lie in; null where each lies beside its source. */
function outDirOf({ output }: JobSettings): string | null {
  return output.place === 'folder' || output.place === 'tree' ? output.folder : null
}

function sameFile(input: string, output: string): AppError {
  return new AppError('E_SAME_FILE', { path: input, detail: output })
}

async function exists(target: string): Promise<boolean> {
  return (await lstat(target).catch(() => null)) !== null
}
