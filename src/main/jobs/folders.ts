import { mkdir, realpath, stat } from 'node:fs/promises'
import path from 'node:path'
import { AppError } from '../../shared/errors/appError'
import { isInside } from './fileNames'
import { syncFolder } from './syncFolder'

/**
 * Makes a folder and those above it. Not `mkdir(..., {recursive: true})`: where a parent exists and still answers ENOENT (/proc,
 * a vanished mount) Node 20's goes round for ever and eats all memory.
 */
export async function ensureFolder(folder: string): Promise<void> {
  if (await makeOne(folder)) return
  await ensureFolder(path.dirname(folder))
  try {
    await mkdir(folder)
  } catch (error) {
    if (await isFolder(folder)) return
    throw error
  }
  await syncName(folder)
}

/** A file in a new folder lasts through a loss of power where the folder does. Who may make names in one above may not always read it. */
async function syncName(folder: string): Promise<void> {
  try {
    await syncFolder(path.dirname(folder))
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EACCES')) throw error
  }
}

/** False where the parent is missing. */
async function makeOne(folder: string): Promise<boolean> {
  try {
    await mkdir(folder)
  } catch (error) {
    if (await isFolder(folder)) return true
    const isRoot = path.dirname(folder) === folder
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT' && !isRoot) return false
    throw error
  }
  await syncName(folder)
  return true
}

async function isFolder(folder: string): Promise<boolean> {
  return (await stat(folder).catch(() => null))?.isDirectory() ?? false
}

/** Makes an output's folder, and makes sure that no link in the tree leads out of the output folder (RELIABILITY S28). */
export async function ensureFolderInside(folder: string, outDir: string | null): Promise<void> {
  await ensureFolder(folder)
  if (outDir === null) return
  const [real, realOut] = await Promise.all([realpath(folder), realpath(outDir)])
  if (real !== realOut && !isInside(realOut, real)) {
    throw new AppError('E_IO', { path: folder, detail: `${folder} is a link that leaves the output folder` })
  }
}
