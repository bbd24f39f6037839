import { useI18n } from 'vue-i18n'
import type { RequestOf, RouteName } from '../../../shared/ipc/contract'
import type { Job, JobStatus } from '../../../shared/jobs/job'
import { call } from '../ipc/client'
import { useQueue } from '../stores/queue'
import { useToasts } from '../stores/toasts'

type Kind = JobStatus['kind']
const RETRIABLE: readonly Kind[] = ['failed', 'cancelled']
const OPEN: readonly Kind[] = ['pending', 'running']

const isOneOf = (job: Job, kinds: readonly Kind[]): boolean => kinds.includes(job.status.kind)

/** The ids among `jobs` that a verb can be said to. */
export const idsFor = {
  retry: (jobs: readonly Job[]): string[] => jobs.filter((job) => isOneOf(job, RETRIABLE)).map(({ id }) => id),
  cancel: (jobs: readonly Job[]): string[] => jobs.filter((job) => isOneOf(job, OPEN)).map(({ id }) => id),
  runNext: (jobs: readonly Job[]): string[] => jobs.filter((job) => isOneOf(job, ['pending'])).map(({ id }) => id),
  remove: (jobs: readonly Job[]): string[] => jobs.filter((job) => !isOneOf(job, ['running'])).map(({ id }) => id)
} as const

export interface QueueActions {
  readonly add: (what: 'files' | 'folders') => Promise<void>
  /** A route that asks for nothing. */
  readonly ask: (route: PlainRoute) => Promise<void>
  readonly stopAfter: (on: boolean) => Promise<void>
  readonly say: (verb: 'retry' | 'cancel' | 'runNext', jobs: readonly Job[]) => Promise<void>
  readonly remove: (jobs: readonly Job[]) => Promise<void>
  readonly cancelAll: () => Promise<void>
  readonly retryFailed: () => Promise<void>
  readonly move: (jobIds: readonly string[], beforeId: string | null) => Promise<void>
  readonly openResult: (job: Job) => Promise<void>
  readonly openSource: (job: Job) => Promise<void>
  readonly reveal: (job: Job, which: 'source' | 'result') => Promise<void>
  readonly copyReport: (job: Job) => Promise<void>
}

type PlainRoute = {
  [N in RouteName]: Record<string, never> extends RequestOf<N> ? N : never
}[RouteName]

/** What can be asked of the queue; a refusal becomes a toast. */
export function useQueueActions(): QueueActions {
  const { t } = useI18n()
  const queue = useQueue()
  const toasts = useToasts()

  async function ask<N extends RouteName>(route: N, request: RequestOf<N>): Promise<void> {
    await toasts.attempt(() => call(route, request))
  }
  const say: QueueActions['say'] = async (verb, jobs) => {
    const jobIds = idsFor[verb](jobs)
    if (jobIds.length > 0) await ask(`queue.${verb}`, { jobIds })
  }
  const remove = async (jobs: readonly Job[]): Promise<void> => {
    const jobIds = idsFor.remove(jobs)
    const staying = jobs.length - jobIds.length
    if (staying > 0) toasts.show('info', t('toasts.runningStays', { n: staying }, staying))
    if (jobIds.length > 0) await ask('queue.remove', { jobIds })
  }
  const copyReport = async (job: Job): Promise<void> => {
    const answer = await toasts.attempt(() => call('job.copyReport', { jobId: job.id }))
    if (answer) toasts.show('done', t('toasts.copied'))
  }

  return {
    add: (what) => ask('queue.pick', { what }),
    ask: (route) => ask(route, {}),
    stopAfter: (on) => ask('queue.stopAfter', { on }),
    say,
    remove,
    cancelAll: () => say('cancel', queue.jobs),
    retryFailed: () =>
      say(
        'retry',
        queue.jobs.filter((job) => job.status.kind === 'failed')
      ),
    move: (jobIds, beforeId) => ask('queue.move', { jobIds: [...jobIds], beforeId }),
    openResult: (job) => ask('job.open', { jobId: job.id, which: 'result' }),
    openSource: (job) => ask('job.open', { jobId: job.id, which: 'source' }),
    reveal: (job, which) => ask('job.reveal', { jobId: job.id, which }),
    copyReport
  }
}
