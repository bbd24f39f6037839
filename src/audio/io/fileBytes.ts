import { constants } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { AppError, toAppError } from '../../shared/errors/appError'

/** A regular file open for reading, with its size at that moment. */
export interface OpenFile {
  readonly handle: FileHandle
  readonly path: string
  readonly sizeBytes: number
  /** The file's first bytes where they were read when it was opened: {@link readAt} takes from them what it can. */
  readonly head?: Buffer
}

/** An error of the file system as an {@link AppError} that names the file; errno codes without a code of their own are E_IO. */
export function fileError(thrown: unknown, path: string): AppError {
  const error = toAppError(thrown)
  if (error === thrown) return error
  const isSystemError = thrown instanceof Error && 'errno' in thrown && 'code' in thrown
  const code = error.code === 'E_INTERNAL' && isSystemError ? 'E_IO' : error.code
  return new AppError(code, { path, detail: String(error.data.detail) }, thrown)
}

/**
 * Opens a regular file, read-only. Pipes, devices and folders are refused before they are opened (a FIFO without a
 * writer would block), and again after (the path may have been swapped). `headBytes` are read at once, for who reads a
 * header in many small steps. Throws E_UNSUPPORTED, E_EMPTY, E_IO, E_READ_ONLY.
 */
export async function openRegularFile(path: string, headBytes = 0): Promise<OpenFile> {
  let handle: FileHandle | null = null
  try {
    if (!(await stat(path)).isFile()) throw notAFile(path)
    // O_NONBLOCK is not defined on Windows.
    handle = await open(path, constants.O_RDONLY | ((constants.O_NONBLOCK as number | undefined) ?? 0))
    const info = await handle.stat()
    if (!info.isFile()) throw notAFile(path)
    if (info.size === 0) throw new AppError('E_EMPTY', { path })
    const file = { handle, path, sizeBytes: info.size }
    return headBytes === 0 ? file : { ...file, head: await readAt(file, 0, headBytes) }
  } catch (thrown) {
    await handle?.close()
    throw fileError(thrown, path)
  }
}

function notAFile(path: string): AppError {
  return new AppError('E_UNSUPPORTED', { path, detail: 'not a regular file' })
}

/** Up to `length` bytes at `offset`, fewer at the end of the file. `length` must be a bound of ours, never one the file declares. */
export async function readAt(file: OpenFile, offset: number, length: number): Promise<Buffer> {
  const { head } = file
  if (head !== undefined && offset >= 0 && offset + length <= head.length) return head.subarray(offset, offset + length)
  const bytes = Buffer.alloc(Math.max(0, Math.min(length, file.sizeBytes - offset)))
  const got = await readFully(file, bytes, offset)
  return bytes.subarray(0, got)
}

/** Fills `target` from `offset` on; returns the bytes read, fewer than asked only at the end of the file. */
export async function readFully(file: OpenFile, target: Uint8Array, offset: number): Promise<number> {
  let done = 0
  try {
    while (done < target.length) {
      const { bytesRead } = await file.handle.read(target, done, target.length - done, offset + done)
      if (bytesRead === 0) break
      done += bytesRead
    }
  } catch (thrown) {
    throw fileError(thrown, file.path)
  }
  return done
}
