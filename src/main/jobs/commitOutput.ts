import { link, lstat, rename, stat, unlink, utimes } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { AppError, type WarningCode } from '../../shared/errors/appError'
import type { OnExists } from '../../shared/settings/choices'
import { finalExtension } from './audioNames'
import { numberedPath } from './fileNames'
import type { OutputClaims } from './outputClaims'
import { syncFolder } from './syncFolder'

/** The few calls that turn a part into an output, as a seam for faults (RELIABILITY R13). */
export interface CommitFs {
  readonly link: (from: string, to: string) => Promise<void>
  readonly rename: (from: string, to: string) => Promise<void>
  readonly unlink: (target: string) => Promise<void>
  readonly lstat: (target: string) => Promise<unknown>
  readonly syncFolder: (folder: string) => Promise<void>
}

export const commitFs: CommitFs = { link, rename: renamePatiently, unlink, lstat, syncFolder }

export interface CommitRequest {
  readonly partPath: string
  readonly plannedPath: string
  /** Extension of the container that was really written. */
  readonly extension: string
  readonly onExists: OnExists
  readonly claims: OutputClaims
  /** The job, in whose name another path is taken where the planned one does not do. */
  readonly owner: string
  /** The file whose times the result gets; absent: it has those of its making. */
  readonly timesOf?: string | undefined
}

export interface Committed {
  readonly kind: 'written' | 'skipped'
  readonly path: string
  /** W_TAGS_LOST where the file system did not take the times. */
  readonly warnings: readonly WarningCode[]
}

/**
 * Gives a whole, synced part its final name. Only `overwrite` ever replaces a file, and then in one step. With `skip` an
 * output that appeared meanwhile stays and the part goes; with `rename` the next free name is taken.
 */
export async function commitOutput(request: CommitRequest, fs: CommitFs = commitFs): Promise<Committed> {
  const { partPath, plannedPath, onExists, claims, owner } = request
  const { dir, name, ext } = path.parse(plannedPath)
  const target = path.join(dir, name + finalExtension(ext, request.extension))
  const hasTimes = request.timesOf === undefined || (await keepTimes(partPath, request.timesOf))
  const warnings = hasTimes ? [] : (['W_TAGS_LOST'] as const)
  for (let n = 1; n < 10_000; n++) {
    const candidate = numberedPath(target, n)
    if (candidate !== plannedPath && !(await claims.tryTake(candidate, owner))) continue
    if (onExists === 'overwrite' || onExists === 'changed') {
      // Added as an input while this one was in work: nothing replaces it.
      if (await claims.isInput(candidate)) throw new AppError('E_SAME_FILE', { path: candidate, detail: candidate })
      await fs.rename(partPath, candidate)
      await fs.syncFolder(dir)
      return { kind: 'written', path: candidate, warnings }
    }
    if (await placeWithoutReplacing(partPath, candidate, fs)) return { kind: 'written', path: candidate, warnings }
    if (onExists === 'skip') {
      await fs.unlink(partPath)
      return { kind: 'skipped', path: candidate, warnings: [] }
    }
  }
  throw new AppError('E_IO', { path: target, detail: 'no free name' })
}

/** A hard link never replaces anything, unlike a rename. False where the name is taken. */
async function placeWithoutReplacing(partPath: string, target: string, fs: CommitFs): Promise<boolean> {
  try {
    await fs.link(partPath, target)
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false
    if (!NO_HARD_LINKS.has(errnoOf(error))) throw error
    return renameWhereFree(partPath, target, fs)
  }
  try {
    await fs.unlink(partPath)
    await fs.syncFolder(path.dirname(target))
  } catch (error) {
    // Not surely on disk: the file is not called done, so it must not look done.
    await fs.unlink(target).catch(() => undefined)
    throw error
  }
  return true
}

/** What FAT, exFAT and some network disks answer to `link`. */
const NO_HARD_LINKS = new Set(['EPERM', 'ENOSYS', 'EOPNOTSUPP', 'ENOTSUP', 'EMLINK', 'EINVAL', 'EISDIR'])

/**
 * Look, then rename. Between the two another program could make the file; reserving the name first would leave an empty
 * file under a final name after a crash, which is worse.
 */
async function renameWhereFree(partPath: string, target: string, fs: CommitFs): Promise<boolean> {
  const there = await fs.lstat(target).then(
    () => true,
    (error: unknown) => {
      if (errnoOf(error) === 'ENOENT') return false
      throw error
    }
  )
  if (there) return false
  await fs.rename(partPath, target)
  await fs.syncFolder(path.dirname(target))
  return true
}

const LOCKED = new Set(['EPERM', 'EBUSY', 'EACCES'])
export interface Patience {
  readonly rename: (from: string, to: string) => Promise<void>
  readonly platform: NodeJS.Platform
  readonly patienceMs: number
}

const PATIENCE: Patience = { rename, platform: process.platform, patienceMs: 5000 }

/** On Windows a virus scanner or a player may hold the target for a moment (R21): tried again, later each time. */
export async function renamePatiently(from: string, to: string, how: Patience = PATIENCE): Promise<void> {
  const deadline = performance.now() + how.patienceMs
  for (let waitMs = 20; ; waitMs *= 2) {
    try {
      await how.rename(from, to)
      return
    } catch (error) {
      const leftMs = deadline - performance.now()
      if (how.platform !== 'win32' || !LOCKED.has(errnoOf(error)) || leftMs <= 0) throw error
      await sleep(Math.min(waitMs, leftMs))
    }
  }
}

function errnoOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}

/**
 * Gives a part its source's times of change and of reading, before it gets its name: whoever sees the result sees them. False
 * where the file system does not take them (some network disks), which costs nobody the result.
 */
async function keepTimes(partPath: string, sourcePath: string): Promise<boolean> {
  const { atime, mtime } = await stat(sourcePath)
  return utimes(partPath, atime, mtime).then(
    () => true,
    () => false
  )
}
