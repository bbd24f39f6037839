import { realpath, stat } from 'node:fs/promises'
import { AppError } from '../../shared/errors/appError'
import type { SourceIdentity } from '../../shared/jobs/job'
import { assertUnchanged, identityOf } from '../jobs/sourceIdentity'

/** Which file a path led to when it was looked at. */
export interface FileSeal {
  readonly path: string
  readonly realPath: string
  readonly identity: SourceIdentity
}

/** Throws `E_IO` with the path where nothing is there. */
export async function sealFile(path: string): Promise<FileSeal> {
  return named(path, async () => {
    const realPath = await realpath(path)
    return { path, realPath, identity: identityOf(await stat(realPath, { bigint: true })) }
  })
}

/** Throws `E_SOURCE_CHANGED` where the path leads to another file by now, or to another state of it; `E_IO` where to none. */
export async function assertSealed({ path, realPath, identity }: FileSeal): Promise<void> {
  await named(path, async () => {
    if ((await realpath(path)) !== realPath) throw new AppError('E_SOURCE_CHANGED', { path })
    await assertUnchanged(realPath, identity)
  })
}

/** The system's words for it do not always name the path that was asked for. */
async function named<T>(path: string, look: () => Promise<T>): Promise<T> {
  try {
    return await look()
  } catch (thrown) {
    if (thrown instanceof AppError) throw new AppError(thrown.code, { ...thrown.data, path }, thrown)
    const detail =
      thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT' ? 'is not there' : 'no access'
    throw new AppError('E_IO', { path, detail: `${path}: ${detail}` }, thrown)
  }
}
