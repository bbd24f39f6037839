import { setTimeout as sleep } from 'node:timers/promises'
import { toAppError } from '../../shared/errors/appError'
import type { Job, Probe } from '../../shared/jobs/job'
import type { QueueStore } from '../jobs/queueStore'
import { MediaUnavailable } from '../processes/mediaHost'

/** What looks into files: the media process. */
export interface ProbeSource {
  probe(path: string, signal?: AbortSignal): Promise<Probe>
}

/** At most four events a second. */
const FLUSH_MS = 250
/** Files looked up in the list at a time: it may be reordered meanwhile. */
const AT_A_TIME = 64
const AT_ONCE = 8
/** Without a media process: until it is asked again. */
const REST_MS = 5000

/** Finds out about every file of the list, in the list's order, in the background. */
export class Prober {
  private readonly abort = new AbortController()
  private results = new Map<string, Probe>()
  private timer: NodeJS.Timeout | null = null
  private working: Promise<void> | null = null
  private more = false

  constructor(
    private readonly store: QueueStore,
    private readonly media: ProbeSource
  ) {
    store.subscribe((event) => {
      if (event.type === 'jobsAdded' || event.type === 'jobsReplanned') this.wake()
    })
  }

  /** Looks for files that nobody has looked into. */
  wake(): void {
    this.more = true
    this.working ??= this.work().finally(() => (this.working = null))
  }

  async close(): Promise<void> {
    this.abort.abort()
    await this.working
    this.flush()
  }

  private async work(): Promise<void> {
    while (this.more && !this.abort.signal.aborted) {
      const jobs = this.store.state.jobs.filter((job) => job.probe === null && !this.results.has(job.id))
      const some = jobs.slice(0, AT_A_TIME)
      this.more = some.length > 0
      await this.probeAll(some)
    }
  }

  private async probeAll(jobs: readonly Job[]): Promise<void> {
    const queue = [...jobs]
    const worker = async (): Promise<void> => {
      for (let job = queue.shift(); job && !this.abort.signal.aborted; job = queue.shift()) await this.probe(job)
    }
    await Promise.all(Array.from({ length: AT_ONCE }, worker))
  }

  private async probe({ id, inputPath }: Job): Promise<void> {
    const { signal } = this.abort
    const probe = await this.media.probe(inputPath, signal).catch(async (thrown: unknown): Promise<Probe | null> => {
      if (!(thrown instanceof MediaUnavailable)) return { ok: false, error: toAppError(thrown).toPayload() }
      // Not this file's fault: it is asked for again.
      await sleep(REST_MS, undefined, { signal }).catch(() => undefined)
      return null
    })
    if (probe === null) return
    if (this.abort.signal.aborted) return
    this.results.set(id, probe)
    this.timer ??= setTimeout(() => {
      this.flush()
    }, FLUSH_MS)
  }

  private flush(): void {
    if (this.timer) clearTimeout(this.timer)
    this.timer = null
    const there = new Set(this.store.state.jobs.map((job) => job.id))
    const probes = [...this.results].flatMap(([jobId, probe]) => (there.has(jobId) ? [{ jobId, probe }] : []))
    this.results = new Map()
    if (probes.length > 0) this.store.dispatch({ type: 'jobsProbed', probes })
  }
}
