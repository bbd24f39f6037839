import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { AppError } from '../../shared/errors/appError'

/** Locks that this process holds: its own number in a file says nothing else about it. */
const held = new Set<string>()
const TRIES = 10

/** A file that says which process has a folder. What a dead process left is taken over. */
export class FileLock {
  private constructor(
    private readonly file: string,
    private readonly content: string
  ) {}

  /** Throws `E_IO` where a living process holds it. */
  static async take(file: string): Promise<FileLock> {
    const content = JSON.stringify({ pid: process.pid, begun: begunAt(process.pid), id: randomUUID() })
    const own = `${file}.${process.pid}-${randomUUID()}`
    await writeFile(own, content)
    try {
      for (let n = 0; n < TRIES; n++) {
        if (await linked(own, file)) {
          held.add(content)
          return new FileLock(file, content)
        }
        await removeStale(file)
      }
    } finally {
      await rm(own, { force: true })
    }
    throw new AppError('E_IO', { path: file, detail: `${file} cannot be taken` })
  }

  async release(): Promise<void> {
    held.delete(this.content)
    if ((await contentOf(this.file)) === this.content) await rm(this.file, { force: true })
  }
}

/** The only step that two processes cannot both take. */
async function linked(own: string, file: string): Promise<boolean> {
  try {
    await link(own, file)
    return true
  } catch (error) {
    const errno = error instanceof Error && 'code' in error ? error.code : ''
    if (errno === 'EEXIST') return false
    if (NO_HARD_LINKS.has(String(errno))) return created(own, file)
    throw error
  }
}

/** What FAT, exFAT and some network disks answer to `link`. */
const NO_HARD_LINKS = new Set(['EPERM', 'ENOSYS', 'EOPNOTSUPP', 'ENOTSUP', 'EMLINK', 'EINVAL'])

/** Without links: only one can make a file; for a moment it is empty, and a taker that dies in it leaves a stale lock. */
async function created(own: string, file: string): Promise<boolean> {
  try {
    await writeFile(file, await readFile(own), { flag: 'wx' })
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  }
}

/** Throws where the holder lives. A lock that another took over meanwhile is put back. */
async function removeStale(file: string): Promise<void> {
  const content = await contentOf(file)
  if (content === null) return
  const pid = livingHolder(content)
  if (pid !== null) {
    throw new AppError('E_IO', { path: file, detail: `another Stillwave (process ${pid}) has this folder` })
  }
  const aside = `${file}.${randomUUID()}`
  const moved = await rename(file, aside).then(
    () => true,
    () => false // Somebody else was quicker.
  )
  if (moved && (await contentOf(aside)) !== content) await linked(aside, file)
  await rm(aside, { force: true })
}

function livingHolder(content: string): number | null {
  let lock: { pid?: unknown; begun?: unknown }
  try {
    lock = JSON.parse(content) as typeof lock
  } catch {
    return null // Half a lock: its writer died.
  }
  const { pid, begun } = lock
  if (typeof pid !== 'number' || !Number.isInteger(pid) || pid <= 0) return null
  if (pid === process.pid) return held.has(content) ? pid : null
  return isAlive(pid) && (begun === null || begunAt(pid) === begun) ? pid : null
}

/** When a process began, in ticks since the system's start: numbers are given again. Null where the system does not tell. */
function begunAt(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null
  } catch {
    return null
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

async function contentOf(file: string): Promise<string | null> {
  return readFile(file, 'utf8').catch(() => null)
}
