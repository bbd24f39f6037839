import { stat } from 'node:fs/promises'
import { AppError } from '../../shared/errors/appError'
import { fileError } from './fileBytes'

/** What makes a file the same file: RELIABILITY design rule 5. Nanoseconds, bytes; bigint because both pass 2^53. */
export interface SourceIdentity {
  readonly dev: bigint
  readonly ino: bigint
  readonly sizeBytes: bigint
  readonly mtimeNs: bigint
}

/** The identity of the file at `path` (symlinks followed). Throws E_IO or E_READ_ONLY where it cannot be read. */
export async function sourceIdentity(path: string): Promise<SourceIdentity> {
  try {
    const info = await stat(path, { bigint: true })
    return { dev: info.dev, ino: info.ino, sizeBytes: info.size, mtimeNs: info.mtimeNs }
  } catch (thrown) {
    throw fileError(thrown, path)
  }
}

/** Throws E_SOURCE_CHANGED where the file at `path` is no longer the one that `before` describes, or is gone. */
export async function assertUnchanged(path: string, before: SourceIdentity): Promise<void> {
  const now = await sourceIdentity(path).catch((thrown: unknown) => {
    throw new AppError('E_SOURCE_CHANGED', { path, detail: 'it can no longer be read' }, thrown)
  })
  const same =
    now.dev === before.dev &&
    now.ino === before.ino &&
    now.sizeBytes === before.sizeBytes &&
    now.mtimeNs === before.mtimeNs
  if (!same) throw new AppError('E_SOURCE_CHANGED', { path })
}
