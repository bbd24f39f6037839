import { randomUUID } from 'node:crypto'
import { copyFile, open, readdir, readFile, rename, rm, stat, type FileHandle } from 'node:fs/promises'
import path from 'node:path'
import { toAppError, type AppError } from '../../shared/errors/appError'
import type { Job } from '../../shared/jobs/job'
import type { QueueEvent, QueueState } from '../../shared/jobs/queue'
import { breathe } from './breathe'
import { FileLock } from './fileLock'
import { encodeLine, JOURNAL_VERSION, noJournal, readJournal, type ReadJournal } from './journalLines'
import { syncFolder } from './syncFolder'

const NAME = 'queue.jsonl'
/** A journal this big, and so much bigger than its queue, is written anew. */
const COMPACT_BYTES = 1_000_000
const COMPACT_RATIO = 4
/** As is one with so many changes: each is a walk over the whole queue when it is read. */
const COMPACT_EVENTS = 500
/** No journal of ours grows to this: such a file is something else, and as a text it could be too long for the engine. */
const MAX_BYTES = 256_000_000
/** A disk that took no more is tried again by the first change after so long. */
const RETRY_MS = 2000
/** Jobs in one line of a snapshot: a line is made in a few milliseconds. */
const JOBS_A_LINE = 500

export interface OpenedJournal {
  readonly journal: QueueJournal
  readonly state: QueueState
  /** Where a copy of a journal lies that was damaged, or of an unknown version; null where all is well. */
  readonly damagedCopyPath: string | null
  /** Jobs that were in work when the last process ended. */
  readonly interrupted: readonly Job[]
}

export interface JournalOptions {
  readonly folder: string
  readonly log: (line: string) => void
  /** The disk does not take it any more; told once, and again only after it took something in between. */
  readonly onFailure: (error: AppError) => void
  readonly compactBytes?: number
}

/**
 * Every change of the queue on disk, line by line. Changes of one moment are written and synced together; whoever waits for
 * {@link flushed} knows that all he has seen is kept. One process holds a folder's journal at a time.
 */
export class QueueJournal {
  private handle: FileHandle | null = null
  private waiting: string[] = []
  /** The changes that wait now: they get to the disk together. */
  private group: { readonly written: Promise<void>; readonly settle: () => void } | null = null
  private waitingFrom: QueueState | null = null
  private working: Promise<void> | null = null
  private bytes = 0
  private events = 0
  private compactAt = 0
  /** When the disk took no more; null while it does. */
  private failedAtMs: number | null = null

  private constructor(
    private readonly options: JournalOptions,
    private readonly lock: FileLock
  ) {}

  /** Reads what is there and begins a fresh journal with it. Throws `E_IO` where another process holds the folder. */
  static async open(options: JournalOptions): Promise<OpenedJournal> {
    const lock = await FileLock.take(path.join(options.folder, 'queue.lock'))
    try {
      const journal = new QueueJournal(options, lock)
      return await journal.recover()
    } catch (error) {
      await lock.release()
      throw error
    }
  }

  private get file(): string {
    return path.join(this.options.folder, NAME)
  }

  private async recover(): Promise<OpenedJournal> {
    const read = await this.read()
    const isWhole = !read.damaged && read.unknownVersion === null
    await this.sweepTemporaries()
    const damagedCopyPath = isWhole ? null : await this.keepCopy(read.unknownVersion)
    await this.rewrite(read.state)
    return { journal: this, state: read.state, damagedCopyPath, interrupted: read.interrupted }
  }

  private async read(): Promise<ReadJournal> {
    const epoch = randomUUID()
    const stats = await stat(this.file).catch((error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
      throw error
    })
    if (stats === null) return noJournal(epoch, false)
    return stats.size > MAX_BYTES ? noJournal(epoch, true) : readJournal(await readFile(this.file), epoch)
  }

  /** What a kill in the middle of a rewriting left: the folder is ours alone. */
  private async sweepTemporaries(): Promise<void> {
    const names = await readdir(this.options.folder)
    for (const name of names) {
      if (/^queue\.jsonl\.\d+\.tmp$/u.test(name)) await rm(path.join(this.options.folder, name), { force: true })
    }
  }

  private async keepCopy(unknownVersion: number | null): Promise<string> {
    const stamp = new Date().toISOString().replace(/[:.]/gu, '-')
    const copy = path.join(this.options.folder, `queue.${stamp}.damaged.jsonl`)
    await copyFile(this.file, copy)
    const what = unknownVersion === null ? 'damaged' : `of version ${unknownVersion}, not ${JOURNAL_VERSION}`
    this.options.log(`the queue's journal is ${what}; a copy is kept at ${copy}`)
    return copy
  }

  /**
   * Takes down one change; `state` is what it led to. Written with the others of this moment: resolves when it is on disk, or
   * has failed to get there (see `onFailure`). After a failure the whole queue is written anew as soon as the disk takes it.
   */
  append(event: QueueEvent, state: QueueState): Promise<void> {
    this.waitingFrom = state
    if (this.failedAtMs !== null && performance.now() < this.failedAtMs + RETRY_MS) return Promise.resolve()
    this.waiting.push(encodeLine({ kind: 'event', event }))
    this.group ??= newGroup()
    this.working ??= this.work()
    return this.group.written
  }

  /** Resolves when everything appended so far is on disk, or has failed to get there. */
  async flushed(): Promise<void> {
    await (this.group?.written ?? this.working)
  }

  async close(): Promise<void> {
    while (this.working) await this.working
    if (this.failedAtMs !== null && this.waitingFrom) {
      await this.rewrite(this.waitingFrom).catch((thrown: unknown) => {
        this.options.log(`the queue was not saved: ${toAppError(thrown).message}`)
      })
    }
    await this.handle?.close()
    this.handle = null
    await this.lock.release()
  }

  private async work(): Promise<void> {
    try {
      // One turn later: the other changes of this moment come along.
      await Promise.resolve()
      while (this.waiting.length > 0) await this.writeWaiting()
    } catch (thrown) {
      const isNews = this.failedAtMs === null
      this.failedAtMs = performance.now()
      this.waiting = []
      this.group?.settle()
      this.group = null
      if (isNews) this.options.onFailure(toAppError(thrown))
    } finally {
      this.working = null
    }
  }

  private async writeWaiting(): Promise<void> {
    const { waitingFrom: state, group } = this
    const text = this.waiting.join('')
    this.events += this.waiting.length
    this.waiting = []
    this.group = null
    const isBig = this.bytes + text.length > this.compactAt || this.events > COMPACT_EVENTS
    try {
      // After a failure the last line may be half there, and others are missing.
      if (state && (isBig || this.failedAtMs !== null)) await this.rewrite(state)
      else await this.writeText(text)
      this.failedAtMs = null
    } finally {
      group?.settle()
    }
  }

  private async writeText(text: string): Promise<void> {
    const bytes = Buffer.from(text)
    await this.handle!.appendFile(bytes)
    await this.handle!.datasync()
    this.bytes += bytes.length
  }

  /** A whole new journal in one step: a reader finds the old one or the new one. */
  private async rewrite(state: QueueState): Promise<void> {
    const temporary = `${this.file}.${process.pid}.tmp`
    const handle = await open(temporary, 'w')
    try {
      let bytes = 0
      for await (const line of snapshotLines(state)) {
        const buffer = Buffer.from(line)
        await handle.appendFile(buffer)
        bytes += buffer.length
      }
      await handle.sync()
      await rename(temporary, this.file)
      await syncFolder(this.options.folder)
      await this.handle?.close()
      this.handle = handle
      this.bytes = bytes
      this.events = 0
      this.compactAt = Math.max(this.options.compactBytes ?? COMPACT_BYTES, bytes * COMPACT_RATIO)
    } catch (error) {
      await handle.close()
      await rm(temporary, { force: true })
      throw error
    }
  }
}

function newGroup(): { written: Promise<void>; settle: () => void } {
  let settle = (): void => undefined
  const written = new Promise<void>((resolve) => (settle = resolve))
  return { written, settle }
}

async function* snapshotLines(state: QueueState): AsyncGenerator<string> {
  yield encodeLine({ kind: 'head', version: JOURNAL_VERSION })
  yield encodeLine({ kind: 'settings', settings: state.settings })
  for (let n = 0; n < state.jobs.length; n += JOBS_A_LINE) {
    yield encodeLine({ kind: 'jobs', jobs: state.jobs.slice(n, n + JOBS_A_LINE) })
    await breathe(199)
  }
}
