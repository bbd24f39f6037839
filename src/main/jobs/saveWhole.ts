import { open, rename } from 'node:fs/promises'
import { AppError, toAppError } from '../../shared/errors/appError'
import { forgetPart, newPartPath, removePart } from './partFiles'

/**
 * Writes a file in one step: a reader, also one after a power cut, finds the old or the new one, never half of one. Throws
 * `E_DISK_FULL`, `E_READ_ONLY`, `E_IO` with {path}; what was there then still is.
 */
export async function saveWhole(filePath: string, content: string | Uint8Array): Promise<void> {
  const partPath = newPartPath(filePath)
  try {
    const handle = await open(partPath, 'wx')
    try {
      await handle.writeFile(content)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(partPath, filePath)
    forgetPart(partPath)
  } catch (thrown) {
    await removePart(partPath).catch(() => undefined) // What came first is told.
    const { code, data } = toAppError(thrown)
    throw new AppError(code, { path: filePath, ...data }, thrown)
  }
}
