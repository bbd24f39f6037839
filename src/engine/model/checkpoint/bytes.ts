import type { FileHandle } from 'node:fs/promises'
import { AppError } from '../../../shared/errors/appError'

/** A model file that is read as data: what it declares is believed only as far as the file reaches. */
export interface ModelBytes {
  readonly path: string
  readonly handle: FileHandle
  readonly size: number
}

/** No one buffer for a model file may be longer: the largest tensor of the official network has 1.6 MB. */
export const MAX_BUFFER_BYTES = 64 * 1024 * 1024

/** Exactly `length` bytes from `position` on. Throws E_MODEL_DAMAGED where the file is shorter, or the piece is longer than any of ours. */
export async function readExactly(file: ModelBytes, position: number, length: number): Promise<Buffer> {
  if (!Number.isSafeInteger(position) || position < 0 || length < 0 || position + length > file.size) {
    throw damaged(file.path, 'it ends early')
  }
  if (length > MAX_BUFFER_BYTES) throw damaged(file.path, `it holds a piece of ${length} bytes`)
  const bytes = Buffer.alloc(length)
  let done = 0
  while (done < length) {
    const { bytesRead } = await file.handle.read(bytes, done, length - done, position + done)
    if (bytesRead === 0) throw damaged(file.path, 'it ends early')
    done += bytesRead
  }
  return bytes
}

export function damaged(path: string, detail: string): AppError {
  return new AppError('E_MODEL_DAMAGED', { path, detail })
}

export function unsafe(path: string, detail: string): AppError {
  return new AppError('E_MODEL_UNSAFE', { path, detail })
}

export function unsupported(path: string, detail: string): AppError {
  return new AppError('E_MODEL_UNSUPPORTED', { path, detail })
}
