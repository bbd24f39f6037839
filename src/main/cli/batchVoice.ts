import type { ErrorPayload } from '../../shared/errors/appError'
import { describeError, describeWarning, type ErrorTopic } from '../../shared/errors/describe'
import type { Job } from '../../shared/jobs/job'
import type { QueueEvent, QueueState } from '../../shared/jobs/queue'
import type { ProgressEvent } from '../processes/engineProcess'
import type { BatchMeter } from '../jobs/batchMeter'
import type { Screen } from './screen'
import { printable, shownPath, spokenDuration, spokenRate } from './words'

const REDRAW_MS = 200
/** Without a terminal a long file would be silent: a line now and then. */
const PLAIN_LINE_MS = 30_000

/** Tells a person what a batch is doing: a line for every file that ends, and between them how far it is. */
export class BatchVoice {
  private ended = 0
  private lastSpoken = performance.now()
  private current = ''
  private readonly startSec = performance.now() / 1000

  constructor(
    private readonly screen: Screen,
    private readonly meter: BatchMeter,
    private readonly total: number,
    /** Files that had ended before the batch began. */
    alreadyEnded: number
  ) {
    this.ended = alreadyEnded
  }

  private get activeSec(): number {
    return performance.now() / 1000 - this.startSec
  }

  onProgress(progress: ProgressEvent): void {
    this.meter.progress(progress.jobId, progress.audioSecDone, progress.audioSec)
    const interval = this.screen.live ? REDRAW_MS : PLAIN_LINE_MS
    if (performance.now() - this.lastSpoken < interval) return
    this.lastSpoken = performance.now()
    const text = this.statusText()
    if (this.screen.live) this.screen.setStatus(text)
    else this.screen.line(text)
  }

  onEvent(event: QueueEvent, state: QueueState): void {
    const ids = 'jobId' in event ? [event.jobId] : 'jobIds' in event ? event.jobIds : []
    if (ids.length === 0) return
    const named = new Set(ids)
    for (const job of state.jobs.filter(({ id }) => named.has(id))) this.tell(event.type, job)
  }

  onShortage({ inputPath }: Job): void {
    this.screen.line(`${shownPath(inputPath)}: the engine stopped, trying once more with less memory`)
  }

  private tell(what: QueueEvent['type'], job: Job): void {
    if (what === 'jobStarted') this.current = shownPath(job.inputPath)
    else if (what === 'jobsRetried') {
      this.meter.restart(job.id)
      this.screen.line(`${shownPath(job.inputPath)}: the engine stopped, trying once more`)
    } else if (what === 'jobsReturned') this.meter.restart(job.id)
    else this.tellEnd(job)
  }

  private tellEnd(job: Job): void {
    const { status } = job
    this.count(job)
    const head = `[${this.ended}/${this.total}]`
    const input = shownPath(job.inputPath)
    if (status.kind === 'done') {
      const { outputPath, durationSec, processingSec, warnings } = status.result
      const speed = processingSec > 0 ? `, ${spokenRate(durationSec / processingSec)}` : ''
      this.screen.line(
        `${head} ${input} -> ${shownPath(outputPath)} (${spokenDuration(durationSec)}${speed}${this.left()})`
      )
      for (const code of warnings) this.screen.line(`    ${describeWarning(code)}`)
    } else if (status.kind === 'skipped') {
      this.screen.line(`${head} ${input}: skipped, the output is there already`)
    } else if (status.kind === 'failed') {
      this.screen.error(failureText(`${head} ${input}: failed.`, status.error))
    }
  }

  private count(job: Job): void {
    this.ended++
    if (job.status.kind === 'done') this.meter.done(job.id, job.status.result.durationSec)
    else this.meter.drop(job.id)
  }

  private left(): string {
    const { leftSec } = this.meter.read(this.activeSec)
    return leftSec === null || this.ended >= this.total ? '' : `, about ${spokenDuration(leftSec)} left`
  }

  private statusText(): string {
    const { fraction, rate, leftSec } = this.meter.read(this.activeSec)
    const parts = [`${Math.floor(fraction * 100)} %`, `${this.ended} of ${this.total} done`]
    if (rate !== null) parts.push(spokenRate(rate))
    if (leftSec !== null) parts.push(`about ${spokenDuration(leftSec)} left`)
    return [...parts, this.current].join('  ')
  }
}

/** What happened, why, and what to do next. */
export function failureText(head: string, error: ErrorPayload, topic?: ErrorTopic): string {
  const { what, next } = describeError(error, topic)
  return `${head} ${printable(what)}\n    ${next} [${error.code}]`
}
