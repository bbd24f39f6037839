import { createHash, randomUUID } from 'node:crypto'
import { mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { fileError } from '../../audio/io/fileBytes'
import { sourceIdentity } from '../../audio/io/sourceIdentity'

const PART = '.part'
/** A half-written file of a process that still runs may only be this old: numbers of processes come again. */
const STALE_PART_MS = 24 * 3600 * 1000

interface Kept {
  readonly name: string
  readonly bytes: number
  readonly usedMs: number
}

/** What a file's decoded copy and its peaks are kept under: the same only for the same bytes in the same place, and the same track of them. */
export async function sourceKey(path: string, track: number | null): Promise<string> {
  const { dev, ino, sizeBytes, mtimeNs } = await sourceIdentity(path)
  return hashed([path, dev, ino, sizeBytes, mtimeNs, ...(track === null ? [] : [`track ${track}`])].join('\n'))
}

/** A name for what is made of several parts. */
export function hashed(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32)
}

/** The folder where decoded audio and peaks are kept for the next time, within a limit; the longest unused go first. */
export class ClipCache {
  private readonly inUse = new Map<string, number>()
  private isSwept = false
  limitBytes = Infinity

  constructor(readonly folder: string) {}

  /** The kept file whose name begins with `start`, taken into use until it is {@link release}d; null where there is none. */
  async find(start: string): Promise<string | null> {
    const names = await readdir(this.folder).catch((thrown: unknown) => {
      if (isMissing(thrown)) return []
      throw fileError(thrown, this.folder)
    })
    const name = names.find((one) => one.startsWith(start) && !one.endsWith(PART))
    if (name === undefined) return null
    this.use(name)
    const now = new Date()
    // Only the order of leaving depends on it: a cache that cannot be written to can still be read.
    await utimes(join(this.folder, name), now, now).catch(() => undefined)
    return join(this.folder, name)
  }

  /** A name to write under; the folder is there and has room for `bytes` more within the limit, as far as what is unused goes. */
  async newPart(bytes: number): Promise<string> {
    try {
      await mkdir(this.folder, { recursive: true })
      await this.sweep()
      await this.evict(bytes)
    } catch (thrown) {
      throw fileError(thrown, this.folder)
    }
    return join(this.folder, `${process.pid}-${randomUUID()}${PART}`)
  }

  /** Gives a whole file its name, in use until it is {@link release}d. */
  async keep(part: string, name: string): Promise<string> {
    const path = join(this.folder, name)
    this.use(name)
    try {
      await rename(part, path)
      await this.evict(0)
    } catch (thrown) {
      this.release(path)
      throw fileError(thrown, path)
    }
    return path
  }

  release(path: string): void {
    const name = path.slice(this.folder.length + 1)
    const users = (this.inUse.get(name) ?? 0) - 1
    if (users > 0) this.inUse.set(name, users)
    else this.inUse.delete(name)
  }

  private use(name: string): void {
    this.inUse.set(name, (this.inUse.get(name) ?? 0) + 1)
  }

  /** Removes what ended processes left half-written, once. */
  private async sweep(): Promise<void> {
    if (this.isSwept) return
    this.isSwept = true
    for (const { name, usedMs } of await this.list()) {
      if (!name.endsWith(PART)) continue
      const pid = Number.parseInt(name, 10)
      if (pid === process.pid || (isRunning(pid) && Date.now() - usedMs < STALE_PART_MS)) continue
      await this.remove(name)
    }
  }

  private async evict(moreBytes: number): Promise<void> {
    const kept = await this.list()
    let total = kept.reduce((sum, { bytes }) => sum + bytes, moreBytes)
    const unused = kept.filter(({ name }) => !name.endsWith(PART) && !this.inUse.has(name))
    for (const { name, bytes } of unused.sort((a, b) => a.usedMs - b.usedMs)) {
      if (total <= this.limitBytes) return
      if (await this.remove(name)) total -= bytes
    }
  }

  private async list(): Promise<Kept[]> {
    const kept: Kept[] = []
    for (const name of await readdir(this.folder)) {
      const info = await stat(join(this.folder, name)).catch((thrown: unknown) => {
        // Another process of ours may have removed it.
        if (isMissing(thrown)) return null
        throw thrown
      })
      if (info?.isFile()) kept.push({ name, bytes: info.size, usedMs: info.mtimeMs })
    }
    return kept
  }

  /** False where it cannot go now (open elsewhere on Windows): the next time will do. */
  private async remove(name: string): Promise<boolean> {
    try {
      await rm(join(this.folder, name), { force: true })
      return true
    } catch (thrown) {
      console.error(`the cache keeps ${name}: ${String(thrown)}`)
      return false
    }
  }
}

function isMissing(thrown: unknown): boolean {
  return thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT'
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (thrown) {
    return thrown instanceof Error && 'code' in thrown && thrown.code === 'EPERM'
  }
}
