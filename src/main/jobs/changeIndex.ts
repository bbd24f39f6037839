import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { appendFile, lstat, readFile } from 'node:fs/promises'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { AppError } from '../../shared/errors/appError'
import type { JobSettings } from '../../shared/settings/jobSettings'

/** Beside the results, so that it goes where they go; one line for each result that was written. */
export const INDEX_NAME = '.stillwave-index'

/** What a result was made of: hashes of the source's bytes, of the model's, and of the settings that are heard in it. */
export interface Mark {
  readonly source: string
  readonly model: string
  readonly settings: string
}

interface Entry extends Mark {
  /** The name that was planned, and the one that was written. */
  readonly name: string
  readonly written: string
}

/**
 * Remembers what results were made of. Lines are appended, the last one of a name counts, and one that is no line of ours counts for
 * nothing: several programs may write into one folder, and a crash may tear the last.
 */
export class ChangeIndex {
  private readonly folders = new Map<string, Promise<Map<string, Entry>>>()

  /** Whether the result is there and was made of just this. */
  async isCurrent(outputPath: string, mark: Mark): Promise<boolean> {
    const { dir, base } = path.parse(outputPath)
    const entry = (await this.entriesOf(dir)).get(base)
    if (entry?.source !== mark.source || entry.model !== mark.model || entry.settings !== mark.settings) return false
    return (await lstat(path.join(dir, entry.written)).catch(() => null)) !== null
  }

  /** A folder that takes no line of it forgets the result, which is then made again the next time; that fails no file. */
  async remember(planned: string, written: string, mark: Mark): Promise<void> {
    const { dir, base } = path.parse(planned)
    const entry: Entry = { name: base, written: path.basename(written), ...mark }
    const entries = await this.entriesOf(dir)
    // The line before may be torn: this one begins on its own.
    const line = `\n${JSON.stringify(entry)}`
    const isKept = await appendFile(path.join(dir, INDEX_NAME), line).then(
      () => true,
      () => false
    )
    if (isKept) entries.set(base, entry)
  }

  private entriesOf(folder: string): Promise<Map<string, Entry>> {
    const known = this.folders.get(folder) ?? readEntries(path.join(folder, INDEX_NAME))
    this.folders.set(folder, known)
    return known
  }
}

/** Reads the whole source. Throws `E_CANCELLED` where `signal` says so. */
export async function markOf(
  sourcePath: string,
  { settings, model }: { readonly settings: JobSettings; readonly model: string },
  signal: AbortSignal
): Promise<Mark> {
  const hash = createHash('sha256')
  try {
    await pipeline(createReadStream(sourcePath), hash, { signal })
  } catch (thrown) {
    throw signal.aborted ? new AppError('E_CANCELLED') : thrown
  }
  return { source: hash.digest('hex'), model, settings: settingsHash(settings) }
}

/** What only says where a result lies and how fast it is made. */
const NOT_HEARD = new Set<keyof JobSettings | keyof JobSettings['output']>([
  ...(['device', 'batch', 'budgetMb', 'threads'] as const),
  ...(['place', 'folder', 'subfolder', 'pattern', 'onExists', 'keepTimes'] as const)
])

function settingsHash(settings: JobSettings): string {
  // Unset it is left out: results of releases that did not have it are current still.
  const heard = (key: string, value: unknown): unknown =>
    (NOT_HEARD as ReadonlySet<string>).has(key) || (key === 'audioTrack' && value === null) ? undefined : value
  return createHash('sha256').update(JSON.stringify(settings, heard)).digest('hex')
}

async function readEntries(file: string): Promise<Map<string, Entry>> {
  const text = await readFile(file, 'utf8').catch(() => '') // Not there, or not to be read: nothing is remembered, all is done.
  const entries = new Map<string, Entry>()
  for (const line of text.split('\n')) {
    const entry = entryOf(line)
    if (entry) entries.set(entry.name, entry)
  }
  return entries
}

function entryOf(line: string): Entry | null {
  try {
    const value = JSON.parse(line) as Partial<Entry> | null
    const fields = [value?.name, value?.written, value?.source, value?.model, value?.settings]
    const isOurs =
      fields.every((field) => typeof field === 'string') && path.basename(value!.written!) === value!.written
    return isOurs ? (value as Entry) : null
  } catch {
    return null // A torn line.
  }
}
