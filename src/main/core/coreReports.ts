import { AppError } from '../../shared/errors/appError'
import type { EngineView } from '../../shared/ipc/views'
import type { Job } from '../../shared/jobs/job'
import type { QueueState } from '../../shared/jobs/queue'
import { fileReport, reportSettings, totals, type RunReport } from '../reports/runReport'
import { jobReport, type ReportFacts } from './jobReport'

/** Throws `E_IO` for a job that is gone. */
export function reportOfJob(state: QueueState, jobId: string, facts: Omit<ReportFacts, 'job' | 'settings'>): string {
  const job = state.jobs.find(({ id }) => id === jobId)
  const settings = job && state.settings[job.settingsKey]
  if (!job || !settings) throw new AppError('E_IO', { detail: 'this file is no longer in the list' })
  return jobReport({ ...facts, job, settings })
}

/**
 * What became of the files in the list that have ended, with the settings of the last of them for all that do not say others.
 * Throws `E_BAD_REQUEST` where none has.
 */
export function reportOfList(state: QueueState, engine: EngineView, version: string): RunReport {
  const ended = state.jobs.filter(({ status }) => status.kind !== 'pending' && status.kind !== 'running')
  const common = ended.at(-1)?.settingsKey
  const settings = common === undefined ? undefined : state.settings[common]
  if (settings === undefined) throw new AppError('E_BAD_REQUEST', { detail: 'no file has ended yet' })
  const files = ended.map((job) => fileReport(job, ownSettings(job, state, common)))
  const ready = engine.kind === 'ready' ? engine : null
  const peakRssBytes = files.reduce((peak, file) => Math.max(peak, file.peakRssBytes ?? 0), 0)
  return {
    version,
    model: settings.modelId,
    device: ready?.device ?? null,
    precision: ready?.precision ?? null,
    precisionReason: ready?.precisionReason ?? null,
    settings: reportSettings(settings),
    shard: null,
    files,
    totals: totals({ files, wallSec: null, peakRssBytes })
  }
}

function ownSettings(job: Job, state: QueueState, common: string | undefined): RunReport['settings'] | null {
  const settings = state.settings[job.settingsKey]
  return job.settingsKey === common || settings === undefined ? null : reportSettings(settings)
}
