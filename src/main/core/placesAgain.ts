import { lstat } from 'node:fs/promises'
import type { Job } from '../../shared/jobs/job'
import type { Replanned } from '../../shared/jobs/queue'
import type { OnExists } from '../../shared/settings/choices'
import type { JobSettings } from '../../shared/settings/jobSettings'
import type { ReductionSettings } from '../../shared/settings/reduction'
import type { OutputClaims } from '../jobs/outputClaims'
import { hashFile } from '../models/hashFile'

/** What a done job is done with the next time: all as before but strength and floor. Pure. */
export function withReduction(
  settings: JobSettings,
  { strengthPercent, floorDb }: ReductionSettings,
  onExists: OnExists
): JobSettings {
  return { ...settings, strengthPercent, floorDb, output: { ...settings.output, onExists } }
}

/**
 * Where done jobs may write again: in their results' places, which are taken for them, as long as those are gone or are still what
 * we wrote. What somebody has changed since, or another file of the list takes, stays: such a job needs another name.
 */
export async function placesAgain(
  jobs: readonly Job[],
  claims: OutputClaims
): Promise<{ readonly inPlace: readonly Replanned[]; readonly elsewhere: readonly Job[] }> {
  const [inPlace, elsewhere]: [Replanned[], Job[]] = [[], []]
  for (const job of jobs) {
    if (job.status.kind !== 'done') continue
    const { outputPath, sha256 } = job.status.result
    const isOurs = (await isAsWritten(outputPath, sha256)) && (await claims.tryTake(outputPath, job.id))
    if (isOurs) inPlace.push({ jobId: job.id, outputPath, error: null })
    else elsewhere.push(job)
  }
  return { inPlace, elsewhere }
}

async function isAsWritten(file: string, sha256: string | undefined): Promise<boolean> {
  const isThere = (await lstat(file).catch(() => null)) !== null
  // What cannot be read is not known to be ours.
  return !isThere || (sha256 !== undefined && (await hashFile(file).catch(() => null)) === sha256)
}
