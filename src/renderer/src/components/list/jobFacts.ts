import type { Job } from '../../../../shared/jobs/job'

/** What the list shows of a job, read from either system's paths. */

const SEPARATOR = /[\\/]/u

export function lastPart(path: string): string {
  return path.split(SEPARATOR).findLast((part) => part !== '') ?? path
}

/** The file's name. */
export function nameOf(job: Job): string {
  return lastPart(job.inputPath)
}

/** Where it was found: the way down from the folder that was added, or that folder itself; the tooltip has the whole path. */
export function folderOf(job: Job): string {
  const way = job.relativePath.split(SEPARATOR).filter((part) => part !== '')
  return way.length > 1 ? way.slice(0, -1).join('/') : lastPart(job.root)
}

/** The folder's whole path, for a tooltip. */
export function folderPathOf(job: Job): string {
  return job.inputPath.slice(0, Math.max(0, job.inputPath.length - nameOf(job).length - 1))
}

export interface AudioFacts {
  readonly durationSec: number | null
  readonly sampleRateHz: number | null
  readonly channels: number | null
  readonly bitDepth: number | null
  readonly format: string | null
}

/** The sound's facts: measured ones of the finished work before those of the header. */
export function audioOf(job: Job): AudioFacts {
  const info = job.probe?.ok ? job.probe.info : null
  const result = job.status.kind === 'done' ? job.status.result : null
  return {
    durationSec: result?.durationSec ?? info?.durationSec ?? null,
    sampleRateHz: result?.sampleRateHz ?? info?.sampleRateHz ?? null,
    channels: result?.channels ?? info?.channels ?? null,
    bitDepth: info?.bitDepth ?? null,
    format: info?.format ?? null
  }
}

/** Seconds of audio a second, over the whole file; null before it is done. */
export function speedOf(job: Job): number | null {
  if (job.status.kind !== 'done') return null
  const { durationSec, processingSec } = job.status.result
  return processingSec > 0 ? durationSec / processingSec : null
}
