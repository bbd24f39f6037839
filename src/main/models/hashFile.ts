import { createHash } from 'node:crypto'
import { open, stat } from 'node:fs/promises'
import { AppError } from '../../shared/errors/appError'
import type { ModelFileRecord } from './modelRecord'

export interface HashOptions {
  readonly signal?: AbortSignal | undefined
  readonly onBytes?: ((bytes: number) => void) | undefined
}

const BLOCK_BYTES = 1024 * 1024

/** SHA-256 of a file's bytes, lower-case hex. Throws `E_CANCELLED`, and errors of the file system. */
export async function hashFile(file: string, { signal, onBytes }: HashOptions = {}): Promise<string> {
  const hash = createHash('sha256')
  const handle = await open(file, 'r')
  try {
    const block = Buffer.alloc(BLOCK_BYTES)
    for (;;) {
      if (signal?.aborted) throw new AppError('E_CANCELLED')
      const { bytesRead } = await handle.read(block, 0, BLOCK_BYTES)
      if (bytesRead === 0) return hash.digest('hex')
      hash.update(block.subarray(0, bytesRead))
      onBytes?.(bytesRead)
    }
  } finally {
    await handle.close()
  }
}

/** What is on the disk now, as it is recorded. */
export async function recordFile(full: string, name: string, options: HashOptions = {}): Promise<ModelFileRecord> {
  const sha256 = await hashFile(full, options)
  const { size, mtimeMs } = await stat(full)
  return { name, bytes: size, sha256, mtimeMs }
}
