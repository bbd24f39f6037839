import type { BigIntStats } from 'node:fs'
import { stat } from 'node:fs/promises'
import { AppError } from '../../shared/errors/appError'
import type { SourceIdentity } from '../../shared/jobs/job'

export function identityOf(stats: BigIntStats): SourceIdentity {
  return {
    device: String(stats.dev),
    inode: String(stats.ino),
    sizeBytes: Number(stats.size),
    modifiedNs: String(stats.mtimeNs)
  }
}

/** Throws `E_SOURCE_CHANGED` where the path no longer holds the file that was added, as it was; `E_IO` where it holds none. */
export async function assertUnchanged(sourcePath: string, identity: SourceIdentity): Promise<void> {
  const now = identityOf(await stat(sourcePath, { bigint: true }))
  const same =
    now.device === identity.device &&
    now.inode === identity.inode &&
    now.sizeBytes === identity.sizeBytes &&
    now.modifiedNs === identity.modifiedNs
  if (!same) throw new AppError('E_SOURCE_CHANGED', { path: sourcePath })
}
