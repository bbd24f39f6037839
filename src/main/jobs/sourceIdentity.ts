import type { BigIntStats } from 'node:fs'
import { stat } from 'node:fs/promises'
import path from 'node:path'
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

/**
 * Throws `E_SOURCE_CHANGED` where the path no longer holds the file that was added, as it was, or holds none while its folder is
 * there; `E_IO` where the folder went with it: that is a disk that was taken away.
 */
export async function assertUnchanged(sourcePath: string, identity: SourceIdentity): Promise<void> {
  const stats = await stat(sourcePath, { bigint: true }).catch(async (thrown: unknown) => {
    if (await isFolderThere(sourcePath, identity)) throw changed(sourcePath)
    throw thrown
  })
  const now = identityOf(stats)
  const same =
    now.device === identity.device &&
    now.inode === identity.inode &&
    now.sizeBytes === identity.sizeBytes &&
    now.modifiedNs === identity.modifiedNs
  if (!same) throw changed(sourcePath)
}

/** What was mounted may be gone and leave a bare folder of another disk behind. */
async function isFolderThere(sourcePath: string, { device }: SourceIdentity): Promise<boolean> {
  const folder = await stat(path.dirname(sourcePath), { bigint: true }).catch(() => null)
  return folder !== null && String(folder.dev) === device
}

function changed(sourcePath: string): AppError {
  return new AppError('E_SOURCE_CHANGED', { path: sourcePath })
}
