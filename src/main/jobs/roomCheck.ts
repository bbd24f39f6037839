import { statfs } from 'node:fs/promises'
import path from 'node:path'
import { AppError } from '../../shared/errors/appError'
import type { Job } from '../../shared/jobs/job'
import type { OutputSettings } from '../../shared/settings/jobSettings'
import { intermediateBytes, outputBytes } from './diskNeeds'

/** Bytes free for us on a folder's disk; null where the disk does not tell, as some of the network do not. */
export type FreeBytes = (folder: string) => Promise<number | null>

export async function freeBytesOf(folder: string): Promise<number | null> {
  const facts = await statfs(folder).catch(() => null)
  return facts && facts.blocks > 0 ? facts.bavail * facts.bsize : null
}

/**
 * Before a file is begun: throws `E_DISK_FULL` {path, detail} where its result cannot fit any more (RELIABILITY R22). The margin
 * of the question before the start is not asked for again: who went on with little room wants it used. A length that
 * nobody knows is not guessed: the file is tried.
 */
export async function assertRoom(
  job: Job & { readonly outputPath: string },
  settings: OutputSettings,
  freeBytes: FreeBytes
): Promise<void> {
  if (!job.probe?.ok || job.probe.info.durationSec === null) return
  const neededBytes = outputBytes(job, settings) + intermediateBytes(job, settings)
  const free = await freeBytes(path.dirname(job.outputPath))
  if (free === null || free >= neededBytes) return
  const mb = (bytes: number): string => `${Math.ceil(bytes / 1e6)} MB`
  throw new AppError('E_DISK_FULL', {
    path: job.outputPath,
    detail: `it needs about ${mb(neededBytes)}, ${mb(free)} are free`
  })
}
