import { stat } from 'node:fs/promises'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { EngineSettings } from '../../engine/protocol'
import type { ErrorPayload } from '../../shared/errors/appError'
import type { Outlook } from '../../shared/ipc/outlookViews'
import type { Job, SourceIdentity } from '../../shared/jobs/job'
import type { Replanned } from '../../shared/jobs/queue'
import { countJobs } from '../../shared/jobs/reduceQueue'
import type { ReductionSettings } from '../../shared/settings/reduction'
import type { OnExists } from '../../shared/settings/choices'
import type { JobSettings } from '../../shared/settings/jobSettings'
import { breathe } from '../jobs/breathe'
import type { QueueStore } from '../jobs/queueStore'
import { QueueRunner } from '../jobs/runner'
import type { KeptSounds } from '../jobs/keptSounds'
import type { RunnerMemory } from '../jobs/shortageCare'
import { identityOf } from '../jobs/sourceIdentity'
import type { EngineHost } from '../processes/engineHost'
import { outlookOf } from './outlook'
import type { Planner } from './planner'
import type { ProgressTracker } from './progressTracker'
import { placesAgain, withReduction } from './placesAgain'
import { settingsKeyOf } from './settingsKey'

/** Jobs of one event: one takes a few milliseconds from here to the journal. */
const JOBS_AN_EVENT = 1000

export interface QueueServiceOptions {
  readonly store: QueueStore
  readonly planner: Planner
  readonly host: EngineHost
  readonly progress: ProgressTracker
  readonly engineSettings: (settings: JobSettings) => Promise<EngineSettings>
  readonly modelHash: (settings: JobSettings) => Promise<string>
  /** What follows where memory runs out. */
  readonly memory: RunnerMemory
  readonly kept: KeptSounds
  readonly ffmpegPath: () => string | null
  /** The batch came to its end by itself. */
  readonly onFinished: (end: { readonly done: number; readonly failed: number; readonly wallSec: number }) => void
}

/**
 * What a person can ask of the queue. A request that makes no sense any more (its job has just ended) is no error: it finds
 * nothing to do.
 */
export class QueueService {
  private readonly runner: QueueRunner
  private running: Promise<void> | null = null
  private stopping = false
  private closed = false
  /** What made the app itself stop the run. */
  private because: ErrorPayload | null = null
  /** The files in work are the last ones; kept over a pause. */
  private last = false
  /** Running jobs that go out of the list as soon as they have ended. */
  private readonly doomed = new Set<string>()

  constructor(private readonly options: QueueServiceOptions) {
    const { store, host, planner, progress, engineSettings, modelHash, memory, kept, ffmpegPath } = options
    this.runner = new QueueRunner({
      store,
      engine: host,
      claims: planner.claims,
      engineSettings,
      modelHash,
      memory,
      kept,
      ffmpegPath,
      keepsWaiting: true,
      onProgress: progress.onProgress.bind(progress)
    })
    store.subscribe((event) => {
      if (this.doomed.size > 0) this.removeDoomed()
      if (event.type === 'jobsCancelled' || event.type === 'jobsRemoved') this.endIfEmpty()
      if (event.type === 'jobsAdded' || event.type === 'jobsRetried' || event.type === 'jobsRemoved') this.runner.wake()
    })
  }

  get isRunning(): boolean {
    return this.running !== null
  }

  /** Begins a run, or goes on with a held one; nothing where one is under way or no job waits. */
  async start(): Promise<void> {
    if (this.stopping) await this.running
    const { store } = this.options
    if (store.state.run.kind === 'paused') this.resume()
    if (this.closed || this.running || countJobs(store.state).pending === 0) return
    this.last = false
    this.because = null
    store.dispatch({ type: 'runChanged', run: { kind: 'running', stopAfter: false } })
    this.running = this.runToEnd().finally(() => (this.running = null))
  }

  pause(): void {
    const { store, host } = this.options
    if (store.state.run.kind !== 'running' || this.stopping) return
    this.runner.hold(true)
    host.pause()
    store.dispatch({ type: 'runChanged', run: { kind: 'paused' } })
  }

  resume(): void {
    const { store, host } = this.options
    if (store.state.run.kind !== 'paused') return
    host.resume()
    store.dispatch({ type: 'runChanged', run: { kind: 'running', stopAfter: this.last } })
    this.runner.hold(false)
  }

  /** Resolves when nothing runs any more. `because`: what the app itself stops for. */
  async stop(because: ErrorPayload | null = null): Promise<void> {
    if (!this.running) return
    this.stopping = true
    this.because ??= because
    this.runner.stop('return')
    await this.running
  }

  /** Stops for good: a Start that waited for the stop begins nothing any more. */
  close(): Promise<void> {
    this.closed = true
    return this.stop()
  }

  stopAfter(on: boolean): void {
    const { store } = this.options
    const { kind } = store.state.run
    if (this.stopping || kind === 'idle') return
    this.last = on
    // A held run stays held; it is told when it goes on.
    if (kind === 'running') store.dispatch({ type: 'runChanged', run: { kind, stopAfter: on } })
    this.runner.setLast(on)
  }

  cancel(jobIds: readonly string[]): void {
    const jobs = this.named(jobIds)
    const pending = idsOf(jobs, 'pending')
    if (pending.length > 0) this.options.store.dispatch({ type: 'jobsCancelled', jobIds: pending, because: null })
    this.runner.abort(idsOf(jobs, 'running'), 'cancel')
  }

  /** Failed and cancelled jobs wait again, with the file as it is now and a place that is free. */
  retry(jobIds: readonly string[]): Promise<void> {
    return this.options.planner.exclusively(async () => {
      const isEnded = ({ status }: Job): boolean => status.kind === 'failed' || status.kind === 'cancelled'
      const ended = this.named(jobIds).filter(isEnded)
      const identities = await changedIdentities(ended)
      for (const [key, jobs] of bySettings(ended)) await this.retrySome(key, jobs, identities)
    })
  }

  /**
   * Done files are made anew with another strength or floor, in the place of their results; a result that is no longer as we wrote
   * it stays, and the new one gets another name.
   */
  changeStrength(jobIds: readonly string[], reduction: ReductionSettings): Promise<void> {
    const { store, planner } = this.options
    return planner.exclusively(async () => {
      const done = this.named(jobIds).filter(({ status }) => status.kind === 'done')
      for (const [key, jobs] of bySettings(done)) {
        const settings = store.state.settings[key]
        if (!settings) continue
        const { inPlace, elsewhere } = await placesAgain(jobs, planner.claims)
        const onExists = (way: OnExists): JobSettings => withReduction(settings, reduction, way)
        this.renew(inPlace, onExists('overwrite'))
        if (elsewhere.length > 0) this.renew(await planner.replan(elsewhere, onExists('rename')), onExists('rename'))
      }
    })
  }

  private renew(plans: readonly Replanned[], settings: JobSettings): void {
    const { store, planner } = this.options
    const still = new Set(this.named(plans.map(({ jobId }) => jobId)).map(({ id }) => id))
    const kept = plans.filter(({ jobId }) => still.has(jobId))
    if (kept.length > 0) {
      this.runner.withhold(() => {
        store.dispatch({ type: 'jobsRetried', jobIds: kept.map(({ jobId }) => jobId) })
        store.dispatch({ type: 'jobsReplanned', jobs: kept, settingsKey: settingsKeyOf(settings), settings })
      })
    }
    planner.forget(plans)
  }

  private async retrySome(
    settingsKey: string,
    jobs: readonly Job[],
    identities: ReadonlyMap<string, SourceIdentity>
  ): Promise<void> {
    const { store, planner } = this.options
    const settings = store.state.settings[settingsKey]
    if (!settings) return
    const plans = (await planner.replan(jobs, settings)).map((plan): Replanned => {
      const identity = identities.get(plan.jobId)
      return identity ? { ...plan, identity } : plan
    })
    for (const some of pieces(plans)) {
      const still = new Set(this.named(some.map(({ jobId }) => jobId)).map(({ id }) => id))
      const kept = some.filter(({ jobId }) => still.has(jobId))
      if (kept.length > 0) {
        // In one breath: nothing begins between the two.
        this.runner.withhold(() => {
          store.dispatch({ type: 'jobsRetried', jobIds: kept.map(({ jobId }) => jobId) })
          store.dispatch({ type: 'jobsReplanned', jobs: kept, settingsKey, settings })
        })
      }
      planner.forget(some)
      await nextTurn()
    }
  }

  /** Running ones are cancelled first. */
  remove(jobIds: readonly string[]): void {
    const jobs = this.named(jobIds)
    const running = idsOf(jobs, 'running')
    for (const id of running) this.doomed.add(id)
    this.runner.abort(running, 'cancel')
    const free = jobs.filter(({ status }) => status.kind !== 'running').map(({ id }) => id)
    if (free.length > 0) this.options.store.dispatch({ type: 'jobsRemoved', jobIds: free })
  }

  /** To before `beforeId`; where that is gone, or is among the moved, nothing happens. */
  move(jobIds: readonly string[], beforeId: string | null): void {
    const moved = this.named(jobIds).map(({ id }) => id)
    if (moved.length === 0 || (beforeId !== null && (moved.includes(beforeId) || !this.options.store.job(beforeId))))
      return
    this.options.store.dispatch({ type: 'jobsMoved', jobIds: moved, beforeId })
  }

  /** To the front of those that wait. */
  runNext(jobIds: readonly string[]): void {
    const moved = new Set(idsOf(this.named(jobIds), 'pending'))
    const first = this.options.store.state.jobs.find(({ id, status }) => status.kind === 'pending' && !moved.has(id))
    if (moved.size > 0 && first) {
      this.options.store.dispatch({ type: 'jobsMoved', jobIds: [...moved], beforeId: first.id })
    }
  }

  clearFinished(): void {
    const { jobs } = this.options.store.state
    const jobIds = jobs.filter(({ status }) => status.kind === 'done' || status.kind === 'skipped').map(({ id }) => id)
    if (jobIds.length > 0) this.options.store.dispatch({ type: 'jobsRemoved', jobIds })
  }

  /** Waiting jobs take these settings, and places by them. */
  applySettings(settings: JobSettings): Promise<void> {
    const { store, planner } = this.options
    const settingsKey = settingsKeyOf(settings)
    return planner.exclusively(async () => {
      const waiting = (): Job[] => store.state.jobs.filter((job) => job.status.kind === 'pending')
      const jobs = waiting().filter((job) => job.settingsKey !== settingsKey)
      for (const some of pieces(await planner.replan(jobs, settings))) {
        const still = new Set(waiting().map((job) => job.id))
        const kept = some.filter(({ jobId }) => still.has(jobId))
        if (kept.length > 0) store.dispatch({ type: 'jobsReplanned', jobs: kept, settingsKey, settings })
        planner.forget(some)
        await nextTurn()
      }
    })
  }

  /** What a run of the waiting files would do; with those that have no place, and why. After all planning that is under way. */
  outlook(hasFfmpeg: boolean): Promise<Outlook> {
    const { store, planner } = this.options
    return planner.exclusively(() => {
      const { jobs, settings } = store.state
      const asked = jobs.filter(({ status, outputPath }) => status.kind === 'pending' || outputPath === null)
      const settingsOf = ({ settingsKey }: Job): JobSettings => settings[settingsKey]!
      return outlookOf(asked, { claims: planner.claims, settingsOf, hasFfmpeg })
    })
  }

  /** Those of an earlier run that still wait go. */
  discardWaiting(jobIds: Iterable<string>): void {
    this.remove(idsOf(this.named([...jobIds]), 'pending'))
  }

  private async runToEnd(): Promise<void> {
    const { store, host, progress, onFinished } = this.options
    const ended = { done: 0, failed: 0 }
    // Who cancels or removes the last ones is there, and needs no word of the end (nor a machine that goes to sleep).
    let byHand = false
    const unsubscribe = store.subscribe(({ type }) => {
      if (type === 'jobFinished') ended.done++
      else if (type === 'jobFailed') ended.failed++
      if (type === 'jobsCancelled' || type === 'jobsRemoved') byHand = true
      else if (type === 'jobFinished' || type === 'jobFailed' || type === 'jobSkipped') byHand = false
    })
    const ending = await this.runner.run()
    const because = this.because ?? ending
    unsubscribe()
    if (host.isPaused) host.resume()
    const asked = this.stopping || this.last || byHand
    this.stopping = false
    store.dispatch({ type: 'runChanged', run: { kind: 'idle', because } })
    if (!asked && because === null) onFinished({ ...ended, wallSec: progress.clock.sec })
  }

  /** A held run without a file to go on with is none. */
  private endIfEmpty(): void {
    const { state } = this.options.store
    const { pending, running } = countJobs(state)
    if (state.run.kind === 'paused' && pending + running === 0) this.resume()
  }

  private removeDoomed(): void {
    const jobIds = this.named([...this.doomed])
      .filter(({ status }) => status.kind !== 'running')
      .map(({ id }) => id)
    if (jobIds.length === 0) return
    for (const id of jobIds) this.doomed.delete(id)
    this.options.store.dispatch({ type: 'jobsRemoved', jobIds })
  }

  /** Those of them that are in the list, in its order. */
  private named(jobIds: readonly string[]): readonly Job[] {
    if (jobIds.length === 0) return []
    const wanted = new Set(jobIds)
    return this.options.store.state.jobs.filter(({ id }) => wanted.has(id))
  }
}

function idsOf(jobs: readonly Job[], kind: Job['status']['kind']): string[] {
  return jobs.filter(({ status }) => status.kind === kind).map(({ id }) => id)
}

function pieces<T>(items: readonly T[]): readonly (readonly T[])[] {
  const count = Math.ceil(items.length / JOBS_AN_EVENT)
  return Array.from({ length: count }, (_, n) => items.slice(n * JOBS_AN_EVENT, (n + 1) * JOBS_AN_EVENT))
}

function bySettings(jobs: readonly Job[]): ReadonlyMap<string, Job[]> {
  const groups = new Map<string, Job[]>()
  for (const job of jobs) {
    const group = groups.get(job.settingsKey)
    if (group) group.push(job)
    else groups.set(job.settingsKey, [job])
  }
  return groups
}

/** A file that has ended may be another by now (a recording that was not finished): its retry takes it as it is. */
async function changedIdentities(jobs: readonly Job[]): Promise<ReadonlyMap<string, SourceIdentity>> {
  const changed = new Map<string, SourceIdentity>()
  for (const [n, { id, inputPath, identity }] of jobs.entries()) {
    await breathe(n)
    const stats = await stat(inputPath, { bigint: true }).catch(() => null) // Gone: its run will say so.
    const now = stats && identityOf(stats)
    if (now && JSON.stringify(now) !== JSON.stringify(identity)) changed.set(id, now)
  }
  return changed
}
