import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { fileError } from '../fileBytes'

const BLOCK_BYTES = 1024 * 1024

/** Syncs a file to the disk and reads it back: its size and SHA-256. Throws E_IO, E_DISK_FULL, E_READ_ONLY. */
export async function syncAndHash(path: string): Promise<{ readonly bytes: number; readonly sha256: string }> {
  try {
    const handle = await open(path, 'r+')
    try {
      await handle.sync()
      const hash = createHash('sha256')
      const block = Buffer.alloc(BLOCK_BYTES)
      let bytes = 0
      for (;;) {
        const { bytesRead } = await handle.read(block, 0, block.length, bytes)
        if (bytesRead === 0) break
        hash.update(block.subarray(0, bytesRead))
        bytes += bytesRead
      }
      return { bytes, sha256: hash.digest('hex') }
    } finally {
      await handle.close()
    }
  } catch (thrown) {
    throw fileError(thrown, path)
  }
}
