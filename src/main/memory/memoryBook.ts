import { open, readFile, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { toAppError } from '../../shared/errors/appError'
import { ensureFolder } from '../jobs/folders'
import { sameShape, type Shape } from './shape'

const NAME = 'memory.json'
const DEBOUNCE_MS = 500
/** What ran out of memory once may fit again: other programs have come and gone. */
const LIMIT_DAYS = 14
const DAY_MS = 86_400_000

const StoredPoint = z.object({
  chunkSec: z.number().positive(),
  batch: z.number().int().positive(),
  peakBytes: z.number().positive(),
  /** Of the device's own memory; null where the machine does not tell. */
  vramBytes: z.number().positive().nullable(),
  speed: z.number().positive().nullable()
})
/** A measured shape with all that is known of it. */
export type MeasuredPoint = z.infer<typeof StoredPoint>

const Entry = z.object({
  points: z.array(StoredPoint),
  /** The largest size that went well after a larger one had run out of memory. */
  limit: z.object({ chunkSec: z.number().positive(), batch: z.number().int().positive(), atMs: z.number() }).nullable()
})
type Entry = z.infer<typeof Entry>

const Book = z.object({ version: z.literal(1), program: z.string(), entries: z.record(z.string(), Entry) })

export interface BookOptions {
  readonly folder: string
  /** The program's version: another one's peaks are not ours. */
  readonly program: string
  readonly log: (line: string) => void
  readonly nowMs?: () => number
}

/** What runs really took, by what decides it (`runKey`), in the data folder: `memory.json`. */
export class MemoryBook {
  private timer: NodeJS.Timeout | null = null
  private writing: Promise<void> = Promise.resolve()

  private constructor(
    private readonly options: BookOptions,
    private readonly entries: Map<string, Entry>
  ) {}

  /** Never throws for what is in the file: what cannot be read is measured again. */
  static async open(options: BookOptions): Promise<MemoryBook> {
    return new MemoryBook(options, new Map(Object.entries(await readEntries(options))))
  }

  points(key: string): readonly MeasuredPoint[] {
    return this.entries.get(key)?.points ?? []
  }

  limit(key: string): Shape | null {
    const limit = this.entries.get(key)?.limit ?? null
    return limit === null || this.now() - limit.atMs > LIMIT_DAYS * DAY_MS ? null : limit
  }

  /** Of one shape the highest peak counts, and the best speed: that of the least disturbed run. */
  record(key: string, point: MeasuredPoint): void {
    const entry = this.entryOf(key)
    const before = entry.points.find((known) => sameShape(known, point))
    const merged = before === undefined ? point : higher(before, point)
    if (before !== undefined && sameFigures(before, merged)) return
    this.set(key, { ...entry, points: [...entry.points.filter((known) => known !== before), merged] })
  }

  setLimit(key: string, { chunkSec, batch }: Shape): void {
    this.set(key, { ...this.entryOf(key), limit: { chunkSec, batch, atMs: this.now() } })
  }

  /** Resolves when what is known now is on disk; a disk that does not take it is told to the log. */
  async flush(): Promise<void> {
    if (this.timer) {
      clearTimeout(this.timer)
      this.timer = null
      this.writing = this.writing.then(() => this.write())
    }
    await this.writing
  }

  private entryOf(key: string): Entry {
    return this.entries.get(key) ?? { points: [], limit: null }
  }

  private set(key: string, entry: Entry): void {
    this.entries.set(key, entry)
    this.timer ??= setTimeout(() => void this.flush(), DEBOUNCE_MS).unref()
  }

  private now(): number {
    return (this.options.nowMs ?? Date.now)()
  }

  /** The command and the window may both write: what the other one measured meanwhile is kept. */
  private async write(): Promise<void> {
    const { folder, program, log } = this.options
    const file = path.join(folder, NAME)
    const temporary = `${file}.${process.pid}.tmp`
    const entries = { ...(await readEntries(this.options)), ...Object.fromEntries(this.entries) }
    try {
      await ensureFolder(folder)
      const handle = await open(temporary, 'w')
      try {
        await handle.writeFile(`${JSON.stringify({ version: 1, program, entries }, null, 1)}\n`)
        await handle.sync()
      } finally {
        await handle.close()
      }
      await rename(temporary, file)
    } catch (thrown) {
      log(`measured memory could not be saved: ${toAppError(thrown).message}`)
      await rm(temporary, { force: true }).catch(() => undefined) // What came first is told.
    }
  }
}

async function readEntries({ folder, program, log }: BookOptions): Promise<Readonly<Record<string, Entry>>> {
  try {
    const book = Book.safeParse(JSON.parse(await readFile(path.join(folder, NAME), 'utf8')))
    if (!book.success) log(`${NAME} could not be read: what it held is measured again`)
    return book.success && book.data.program === program ? book.data.entries : {}
  } catch (thrown) {
    const isNew = thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT'
    if (!isNew) log(`${NAME} could not be read: ${toAppError(thrown).message}`)
    return {}
  }
}

function higher(before: MeasuredPoint, point: MeasuredPoint): MeasuredPoint {
  const vramBytes = Math.max(before.vramBytes ?? 0, point.vramBytes ?? 0)
  const speed = Math.max(before.speed ?? 0, point.speed ?? 0)
  return {
    ...point,
    peakBytes: Math.max(before.peakBytes, point.peakBytes),
    vramBytes: vramBytes === 0 ? null : vramBytes,
    speed: speed === 0 ? null : speed
  }
}

function sameFigures(a: MeasuredPoint, b: MeasuredPoint): boolean {
  const sameSpeed =
    a.speed === b.speed || (a.speed !== null && b.speed !== null && Math.abs(b.speed / a.speed - 1) < 0.05)
  return a.peakBytes === b.peakBytes && a.vramBytes === b.vramBytes && sameSpeed
}
