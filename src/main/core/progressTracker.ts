import type { BatchProgress, JobProgress, PushEvent } from '../../shared/ipc/views'
import type { Job } from '../../shared/jobs/job'
import type { QueueEvent, QueueState } from '../../shared/jobs/queue'
import { BatchMeter } from '../jobs/batchMeter'
import type { QueueStore } from '../jobs/queueStore'
import type { ProgressEvent } from '../processes/engineProcess'
import type { JobSettings } from '../../shared/settings/jobSettings'
import { ActiveClock } from './activeClock'

/** At most ten times a second, the latest wins. */
const PUSH_MS = 100
/** A batch that was shorter measured its own beginning. */
const MEASURED_SEC = 5

interface Tracked {
  readonly jobId: string
  readonly begunSec: number
  fraction: number
  audioSecDone: number
  audioSec: number | null
  peakRssBytes: number
}

/** How far the running files and the whole batch are, by the speed measured. A stream, not state. */
export class ProgressTracker {
  readonly clock: ActiveClock
  private meter = new BatchMeter()
  private readonly running = new Map<string, Tracked>()
  private readonly speeds = new Map<string, number>()
  private active = false
  private isRunning = false
  /** What decides the speed of the batch's files, as long as it is one and the same for all. */
  private speedKeys = new Set<string>()
  /** A preview makes the batch wait: that is no time of its own. */
  private held = false
  private timer: NodeJS.Timeout | null = null

  constructor(
    store: QueueStore,
    private readonly push: (event: PushEvent) => void,
    nowSec?: () => number
  ) {
    this.clock = new ActiveClock(nowSec)
    store.subscribe(this.onEvent.bind(this))
  }

  get jobs(): readonly JobProgress[] {
    return [...this.running.values()].map((tracked) => this.progressOf(tracked))
  }

  /** Null while nothing runs. */
  get batch(): BatchProgress | null {
    if (!this.active) return null
    const { fraction, rate, leftSec } = this.meter.read(this.clock.sec)
    return { fraction, speed: rate, leftSec }
  }

  onProgress({ jobId, fraction, audioSecDone, audioSec }: ProgressEvent): void {
    const tracked = this.running.get(jobId)
    if (!tracked) return
    Object.assign(tracked, { fraction, audioSecDone, audioSec })
    this.meter.progress(jobId, audioSecDone, audioSec)
    this.soon()
  }

  /** The engine's memory now: counts for every file in its hands. */
  onMemory(rssBytes: number): void {
    for (const tracked of this.running.values()) tracked.peakRssBytes = Math.max(tracked.peakRssBytes, rssBytes)
  }

  /** A preview has measured how fast these settings are. */
  onSpeed(speed: number, settings: JobSettings): void {
    this.speeds.set(speedKeyOf(settings), speed)
  }

  /** The batch stands still for something else, or goes on: its time left stands still with it. */
  setHeld(held: boolean): void {
    this.held = held
    if (held) this.clock.hold()
    else if (this.isRunning) this.clock.go()
  }

  /** Seconds of audio a second with these settings, as last measured; null where they never were. */
  speedOf(settings: JobSettings): number | null {
    return this.speeds.get(speedKeyOf(settings)) ?? null
  }

  close(): void {
    if (this.timer) clearTimeout(this.timer)
    this.timer = null
  }

  private onEvent(event: QueueEvent, state: QueueState, before: QueueState): void {
    if (event.type === 'runChanged') this.onRun(state, before)
    else if (event.type === 'jobsAdded' || event.type === 'jobsProbed') this.onList(event, state)
    else if ('jobId' in event) {
      const job = state.jobs.find(({ id }) => id === event.jobId)
      const settings = job && state.settings[job.settingsKey]
      if (event.type === 'jobStarted' && settings) this.speedKeys.add(speedKeyOf(settings))
      this.onJob(event, job)
    } else if ('jobIds' in event && event.type !== 'jobsMoved') this.onJobs(event, state)
  }

  private onRun(state: QueueState, before: QueueState): void {
    const { run } = state
    this.isRunning = run.kind === 'running'
    if (this.isRunning) {
      if (before.run.kind === 'idle') this.begin(state)
      if (!this.held) this.clock.go()
    } else {
      this.clock.hold()
      if (this.active && run.kind === 'idle') this.keepSpeed()
      this.active = run.kind === 'paused'
    }
    this.soon()
  }

  private begin({ jobs, settings }: QueueState): void {
    const first = jobs.find(isOpen)
    const form = first && settings[first.settingsKey]
    this.meter = new BatchMeter(form ? this.speedOf(form) : null)
    this.speedKeys.clear()
    this.clock.reset()
    this.active = true
    for (const job of jobs) if (isOpen(job)) this.meter.add(meterFile(job))
  }

  /** What a batch of one kind has measured counts for the next. */
  private keepSpeed(): void {
    const [key] = this.speedKeys
    const { rate } = this.meter.read(this.clock.sec)
    if (key === undefined || this.speedKeys.size > 1 || rate === null || this.clock.sec < MEASURED_SEC) return
    this.speeds.set(key, rate)
  }

  private onList(event: Extract<QueueEvent, { type: 'jobsAdded' | 'jobsProbed' }>, state: QueueState): void {
    if (!this.active) return
    if (event.type === 'jobsAdded') {
      const added = state.jobs.slice(state.jobs.length - event.jobs.length)
      for (const job of added) if (isOpen(job)) this.meter.add(meterFile(job))
      return
    }
    for (const { jobId, probe } of event.probes) {
      if (probe.ok && probe.info.durationSec !== null) this.meter.know(jobId, probe.info.durationSec)
    }
  }

  private onJob(event: Extract<QueueEvent, { jobId: string }>, job: Job | undefined): void {
    const { jobId } = event
    if (event.type === 'jobStarted') {
      const begun = { begunSec: this.clock.sec, fraction: 0, audioSecDone: 0, audioSec: null, peakRssBytes: 0 }
      this.running.set(jobId, { jobId, ...begun })
    } else {
      this.running.delete(jobId)
      if (job?.status.kind === 'done') this.meter.done(jobId, job.status.result.durationSec)
      else this.meter.drop(jobId)
    }
    this.soon()
  }

  private onJobs(event: Extract<QueueEvent, { jobIds: readonly string[] }>, state: QueueState): void {
    for (const jobId of event.jobIds) {
      this.running.delete(jobId)
      if (event.type === 'jobsReturned') this.meter.restart(jobId)
      else if (event.type !== 'jobsRetried') this.meter.drop(jobId)
    }
    if (event.type === 'jobsRetried' && this.active) this.onRetried(new Set(event.jobIds), state)
    this.soon()
  }

  private onRetried(ids: ReadonlySet<string>, { jobs }: QueueState): void {
    for (const job of jobs) {
      if (!ids.has(job.id)) continue
      if (this.meter.has(job.id)) this.meter.restart(job.id)
      else this.meter.add(meterFile(job))
    }
  }

  private progressOf({ jobId, begunSec, fraction, audioSecDone, audioSec, peakRssBytes }: Tracked): JobProgress {
    const sec = this.clock.sec - begunSec
    const speed = audioSecDone > 0 && sec > 0 ? audioSecDone / sec : null
    const leftSec = speed === null || audioSec === null ? null : Math.max(0, audioSec - audioSecDone) / speed
    return { jobId, fraction, speed, leftSec, peakRssBytes }
  }

  private soon(): void {
    this.timer ??= setTimeout(() => {
      this.timer = null
      this.push({ topic: 'progress', jobs: this.jobs, batch: this.batch })
    }, PUSH_MS)
  }
}

/** What decides the speed, and nothing else. */
function speedKeyOf({ modelId, device, join, chunkSec, overlapSec, batch, budgetMb, threads }: JobSettings): string {
  return JSON.stringify([modelId, device, join, chunkSec, overlapSec, batch, budgetMb, threads])
}

function isOpen({ status }: Job): boolean {
  return status.kind === 'pending' || status.kind === 'running'
}

function meterFile(job: Job): Parameters<BatchMeter['add']>[0] {
  const { id, inputPath, identity, probe } = job
  return { jobId: id, path: inputPath, bytes: identity.sizeBytes, audioSec: probe?.ok ? probe.info.durationSec : null }
}
