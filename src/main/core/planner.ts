import type { Job, NewJob } from '../../shared/jobs/job'
import type { QueueEvent, QueueState, Replanned } from '../../shared/jobs/queue'
import type { JobSettings } from '../../shared/settings/jobSettings'
import { breathe } from '../jobs/breathe'
import { OutputClaims, type ClaimedInput } from '../jobs/outputClaims'
import { planOutputs, type FileNumbers, type PlanItem } from '../jobs/outputPlan'
import type { QueueStore } from '../jobs/queueStore'
import type { ScannedFile } from '../jobs/scanInputs'

/** The places of all that is in the queue: nobody gets one that another holds. One planning at a time. */
export class Planner {
  readonly claims = new OutputClaims()
  private last: Promise<unknown> = Promise.resolve()
  private lastNumber = 0

  private constructor(private readonly store: QueueStore) {
    store.subscribe(this.onEvent.bind(this))
  }

  static async of(store: QueueStore): Promise<Planner> {
    const planner = new Planner(store)
    await planner.claims.addInputs(store.state.jobs.map(inputOf))
    for (const job of store.state.jobs) {
      if (job.outputPath !== null && job.status.kind === 'pending') planner.claims.take(job.outputPath, job.id)
    }
    return planner
  }

  /** Runs `work` when all planning before it is done. */
  exclusively<T>(work: () => Promise<T>): Promise<T> {
    const next = this.last.then(work)
    this.last = next.catch(() => undefined) // Its caller hears of it.
    return next
  }

  /** Files as new jobs, each with its place or the reason why it has none. To be called exclusively. */
  async newJobs(
    files: readonly (ScannedFile & { readonly id: string })[],
    folders: readonly string[],
    { output, modelId }: JobSettings
  ): Promise<readonly NewJob[]> {
    await this.claims.addInputs(files)
    try {
      const planned = await planOutputs(files, {
        output,
        modelId,
        claims: this.claims,
        folders,
        numbers: this.numbers(files)
      })
      return planned.map(({ file, outputPath, error }) => {
        const { id, path: inputPath, root, relativePath, explicit, identity } = file
        return { id, inputPath, root, relativePath, explicit, identity, outputPath, error }
      })
    } catch (error) {
      this.claims.removeInputs(files)
      throw error
    }
  }

  /** New places for jobs of the queue. To be called exclusively. */
  async replan(jobs: readonly Job[], settings: JobSettings): Promise<Replanned[]> {
    const folders = [...new Set(jobs.filter((job) => !job.explicit).map((job) => job.root))]
    const items = jobs.map(itemOf)
    const { output, modelId } = settings
    const planned = await planOutputs(items, { output, modelId, claims: this.claims, folders, numbers: this.numbers() })
    return planned.map(({ file, outputPath, error }) => ({ jobId: file.id, outputPath, error }))
  }

  /** Places in the list; new files come after all numbers that were given since it was empty, so that none comes twice. */
  private numbers(files: readonly { readonly id: string }[] = []): FileNumbers {
    const { jobs } = this.store.state
    const given = jobs.length === 0 ? 0 : Math.max(this.lastNumber, jobs.length)
    this.lastNumber = given + files.length
    const places = jobs.map(({ id }, n) => [id, n + 1] as const)
    const news = files.map(({ id }, n) => [id, given + n + 1] as const)
    return { of: new Map([...places, ...news]), count: this.lastNumber }
  }

  /** What a replanning took and nobody uses: its job has begun meanwhile, or is gone. */
  forget(plans: readonly Replanned[]): void {
    // One walk, not one for each: thousands may be planned at once.
    const places = new Map(this.store.state.jobs.map(({ id, outputPath }) => [id, outputPath]))
    for (const { jobId, outputPath } of plans) {
      if (outputPath !== null && places.get(jobId) !== outputPath) this.claims.release(outputPath, jobId)
    }
  }

  private onEvent(event: QueueEvent, state: QueueState, before: QueueState): void {
    switch (event.type) {
      case 'jobFinished':
      case 'jobFailed':
      case 'jobSkipped':
        this.release(state.jobs.filter(({ id }) => id === event.jobId))
        break
      case 'jobsCancelled':
        void this.exclusively(() => this.releaseAll(pick(state.jobs, event.jobIds)))
        break
      case 'jobsRemoved':
        void this.exclusively(() => this.letGo(pick(before.jobs, event.jobIds)))
        break
      case 'jobsReplanned':
        this.onReplanned(event.jobs, state, before)
        break
      default:
    }
  }

  /** Before the next planning, and not in one breath: it may be the whole list. */
  private async releaseAll(jobs: readonly Job[]): Promise<void> {
    for (const [n, job] of jobs.entries()) {
      await breathe(n)
      this.release([job])
    }
  }

  private async letGo(jobs: readonly Job[]): Promise<void> {
    await this.releaseAll(jobs)
    for (const [n, job] of jobs.entries()) {
      await breathe(n)
      this.claims.removeInputs([inputOf(job)])
    }
  }

  private onReplanned(plans: readonly Replanned[], state: QueueState, before: QueueState): void {
    const ids = plans.map((plan) => plan.jobId)
    const places = new Map(plans.map((plan) => [plan.jobId, plan.outputPath]))
    for (const { id, outputPath } of pick(before.jobs, ids)) {
      if (outputPath !== null && outputPath !== places.get(id)) this.claims.release(outputPath, id)
    }
    this.release(pick(state.jobs, ids).filter((job) => job.status.kind !== 'pending'))
  }

  private release(jobs: readonly Job[]): void {
    for (const { id, outputPath, status } of jobs) {
      if (outputPath !== null) this.claims.release(outputPath, id)
      if (status.kind === 'done') this.claims.release(status.result.outputPath, id)
    }
  }
}

function pick(jobs: readonly Job[], ids: readonly string[]): readonly Job[] {
  const wanted = new Set(ids)
  return jobs.filter(({ id }) => wanted.has(id))
}

function inputOf({ inputPath, identity }: Job): ClaimedInput {
  return { path: inputPath, identity }
}

function itemOf({ id, inputPath, root, relativePath, explicit }: Job): PlanItem {
  return { id, path: inputPath, root, relativePath, explicit }
}
