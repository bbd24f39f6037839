import type { BigIntStats, Dirent } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { AppError } from '../../shared/errors/appError'
import type { SourceIdentity } from '../../shared/jobs/job'
import { fileFilter, folderExcluder, type FilePatterns } from '../../shared/settings/filePatterns'
import { cleanSourceStem, isAudioName } from './audioNames'
import { breathe } from './breathe'
import { pathKey } from './fileNames'
import { sortGently } from './sortGently'
import { identityOf } from './sourceIdentity'

/** A file to denoise. `relativePath` is its place under `root`, the folder that was named (or the named file's own folder). */
export interface ScannedFile {
  readonly path: string
  readonly root: string
  readonly relativePath: string
  /** The file was named itself, not found in a folder. */
  readonly explicit: boolean
  readonly identity: SourceIdentity
}

/** `seen already`: a link loop, or a folder that was named twice. */
export type SkipReason =
  | 'special file'
  | 'seen already'
  | 'too deep'
  | 'hidden'
  | 'own output'
  | 'unreadable'
  | 'name is not UTF-8'
  | 'broken link'

export interface SkippedEntry {
  readonly path: string
  readonly reason: SkipReason
}

export interface ScanResult {
  /** The folders that were named, absolute, in their order. */
  readonly folders: readonly string[]
  readonly files: readonly ScannedFile[]
  readonly skipped: readonly SkippedEntry[]
  /** Files in folders that are not audio by their name. */
  readonly otherFiles: number
  /** Audio in folders that the patterns leave out. */
  readonly excludedFiles: number
  /** Folders that the patterns leave out; what is in them was not looked at. */
  readonly excludedFolders: number
  /** The limit of files was met: there are more. */
  readonly cutShort: boolean
}

export interface ScanOptions {
  readonly recursive: boolean
  /** Of several inputs those that cannot be had are left out; it throws only where none could. */
  readonly forgiving?: boolean
  /** Where outputs go; null is beside the sources. Never read for inputs. */
  readonly outDir: string | null
  /** Sub-folders of this name hold outputs beside their sources; null where none does. */
  readonly outSubfolder?: string | null
  /** Outputs that are known from elsewhere (the queue). Files that were named themselves are taken all the same. */
  readonly isKnownOutput?: (full: string) => boolean
  /** How many there are so far; called for every file that is taken or left out. */
  readonly onCount?: (found: number, skipped: number, otherFiles: number) => void
  /** Which files in folders are wanted at all. Files that were named themselves are taken all the same. */
  readonly patterns?: FilePatterns
  readonly maxDepth?: number
  readonly maxFiles?: number
  readonly signal?: AbortSignal
}

const MAX_DEPTH = 32
const MAX_FILES = 100_000
const STATS_AT_ONCE = 32
const byName = new Intl.Collator('en', { numeric: true })

/**
 * What to denoise of files and folders. Files that were named are always taken; in folders those that are audio by their name,
 * in order of their names. Links are followed, each folder once. Throws `E_IO` (with `path`) for an input that is not there
 * and `E_UNSUPPORTED` for one that is neither file nor folder; see `forgiving`.
 */
export async function scanInputs(inputs: readonly string[], options: ScanOptions): Promise<ScanResult> {
  const scan = new Scan(options, options.outDir === null ? null : await folderKey(options.outDir))
  const refused: AppError[] = []
  for (const input of inputs) {
    await scan.addInput(path.resolve(input)).catch((thrown: unknown) => {
      if (options.forgiving !== true || !(thrown instanceof AppError)) throw thrown
      refused.push(thrown)
      scan.skip(path.resolve(input), thrown.code === 'E_UNSUPPORTED' ? 'special file' : 'unreadable')
    })
  }
  if (refused[0] && refused.length === inputs.length) throw refused[0]
  return scan.result()
}

async function folderKey(folder: string): Promise<string | null> {
  const stats = await stat(folder, { bigint: true }).catch(() => null) // Not there yet: nothing of ours is in it.
  return stats && keyOf(stats)
}

function keyOf(stats: BigIntStats): string {
  return `${stats.dev}:${stats.ino}`
}

interface Place {
  readonly root: string
  readonly relative: string
  readonly depth: number
}

/** An entry's surroundings: its folder, what is known of it, and the names of the audio beside it. */
interface Seen {
  readonly place: Place
  readonly stats: BigIntStats | null
  readonly stems: ReadonlySet<string>
}

class Scan {
  private readonly files = new Map<string, ScannedFile>()
  private readonly folders: string[] = []
  private readonly skipped: SkippedEntry[] = []
  private readonly visited = new Set<string>()
  private otherFiles = 0
  private excludedFiles = 0
  private excludedFolders = 0
  private cutShort = false
  private readonly isWanted: (relativePath: string) => boolean
  private readonly isExcludedFolder: (relativePath: string) => boolean
  private readonly maxDepth: number
  private readonly maxFiles: number

  constructor(
    private readonly options: ScanOptions,
    private readonly outKey: string | null
  ) {
    const patterns = options.patterns ?? { include: [], exclude: [] }
    this.isWanted = fileFilter(patterns)
    this.isExcludedFolder = folderExcluder(patterns)
    this.maxDepth = options.maxDepth ?? MAX_DEPTH
    this.maxFiles = options.maxFiles ?? MAX_FILES
  }

  result(): ScanResult {
    const { folders, skipped, otherFiles, excludedFiles, excludedFolders, cutShort } = this
    const files = [...this.files.values()]
    return { folders, files, skipped, otherFiles, excludedFiles, excludedFolders, cutShort }
  }

  async addInput(input: string): Promise<void> {
    const stats = await stat(input, { bigint: true }).catch((error: unknown) => {
      throw new AppError('E_IO', { path: input, detail: error instanceof Error ? error.message : String(error) }, error)
    })
    if (stats.isDirectory()) {
      if (!this.folders.includes(input)) this.folders.push(input)
      await this.walk(stats, { root: input, relative: '', depth: 0 })
    } else if (stats.isFile()) {
      const root = path.dirname(input)
      this.take({ path: input, root, relativePath: path.basename(input), explicit: true, identity: identityOf(stats) })
    } else {
      throw new AppError('E_UNSUPPORTED', { path: input, detail: `${input} is neither a file nor a folder` })
    }
  }

  private take(file: ScannedFile): void {
    if (this.files.size >= this.maxFiles) {
      this.cutShort = true
      return
    }
    if (!this.files.has(file.path)) this.files.set(file.path, file)
  }

  private async walk(folderStats: BigIntStats, place: Place): Promise<void> {
    const folder = path.join(place.root, place.relative)
    const key = keyOf(folderStats)
    // An output folder inside the input is not read; one that *is* the input or holds it is the plan's matter.
    if (key === this.outKey && place.depth > 0) {
      this.skip(folder, 'own output')
    } else if (this.visited.has(key)) {
      this.skip(folder, 'seen already')
    } else {
      this.visited.add(key)
      const entries = await readFolder(folder)
      if (entries === null) this.skip(folder, 'unreadable')
      else await this.visitAll(entries, place)
    }
  }

  /** The stats of a few entries are asked for at once: one after the other ten thousand took seconds. */
  private async visitAll(entries: readonly Dirent<Buffer>[], place: Place): Promise<void> {
    const stems = await stemsOf(entries)
    for (let n = 0; n < entries.length && !this.cutShort; n += STATS_AT_ONCE) {
      const some = entries.slice(n, n + STATS_AT_ONCE)
      const stats = await Promise.all(some.map((entry) => this.statOf(entry, place)))
      for (const [i, entry] of some.entries()) await this.visit(entry, { place, stats: stats[i]!, stems })
    }
  }

  /** Null where it is not needed, or cannot be had. */
  private async statOf(entry: Dirent<Buffer>, place: Place): Promise<BigIntStats | null> {
    const name = nameOf(entry)
    if (name.startsWith('.') || (entry.isFile() && !isAudioName(name))) return null
    return stat(path.join(place.root, place.relative, name), { bigint: true }).catch(() => null)
  }

  private async visit(entry: Dirent<Buffer>, seen: Seen): Promise<void> {
    if (this.cutShort) return
    this.options.signal?.throwIfAborted()
    const name = nameOf(entry)
    const relative = path.join(seen.place.relative, name)
    const full = path.join(seen.place.root, relative)
    if (!Buffer.from(name, 'utf8').equals(entry.name)) this.skip(full, 'name is not UTF-8')
    else if (!name.startsWith('.')) await this.visitNamed(full, entry, { ...seen, place: { ...seen.place, relative } })
    else if (isAudioName(name) && !name.startsWith('._')) this.skip(full, 'hidden')
    this.options.onCount?.(this.files.size, this.skipped.length, this.otherFiles)
  }

  private async visitNamed(full: string, entry: Dirent<Buffer>, { place, stats, stems }: Seen): Promise<void> {
    if (entry.isFile() && !isAudioName(full)) this.otherFiles++
    else if (stats === null) this.skip(full, entry.isSymbolicLink() ? 'broken link' : 'unreadable')
    else if (stats.isDirectory()) await this.visitFolder(full, stats, place)
    else if (!stats.isFile()) this.skip(full, 'special file')
    else if (!isAudioName(full)) this.otherFiles++
    else if (!this.isWanted(slashed(place.relative))) this.excludedFiles++
    else if (this.isOwnOutput(full, stems)) this.skip(full, 'own output')
    else {
      const identity = identityOf(stats)
      this.take({ path: full, root: place.root, relativePath: place.relative, explicit: false, identity })
    }
  }

  /** Written beside the sources every `.clean` is ours; elsewhere one whose source is beside it. */
  private isOwnOutput(full: string, stems: ReadonlySet<string>): boolean {
    if (this.options.isKnownOutput?.(full) === true) return true
    const source = cleanSourceStem(path.basename(full))
    return source !== null && (this.options.outDir === null || stems.has(pathKey(source)))
  }

  private async visitFolder(full: string, stats: BigIntStats, place: Place): Promise<void> {
    if (!this.options.recursive) return
    const { outSubfolder } = this.options
    const isOutput = typeof outSubfolder === 'string' && pathKey(path.basename(full)) === pathKey(outSubfolder)
    if (isOutput) this.skip(full, 'own output')
    else if (this.isExcludedFolder(slashed(place.relative))) this.excludedFolders++
    else if (place.depth >= this.maxDepth) this.skip(full, 'too deep')
    else await this.walk(stats, { ...place, depth: place.depth + 1 })
  }

  skip(full: string, reason: SkipReason): void {
    this.skipped.push({ path: full, reason })
  }
}

async function readFolder(folder: string): Promise<Dirent<Buffer>[] | null> {
  const entries = await readdir(folder, { withFileTypes: true, encoding: 'buffer' }).catch(() => null)
  if (entries === null) return null
  const named: { readonly name: string; readonly entry: Dirent<Buffer> }[] = []
  for (const [n, entry] of entries.entries()) {
    await breathe(n)
    named.push({ name: nameOf(entry), entry })
  }
  return (await sortGently(named, (a, b) => compareNames(a.name, b.name))).map(({ entry }) => entry)
}

async function stemsOf(entries: readonly Dirent<Buffer>[]): Promise<ReadonlySet<string>> {
  const stems = new Set<string>()
  for (const [n, entry] of entries.entries()) {
    await breathe(n)
    const name = nameOf(entry)
    if (isAudioName(name)) stems.add(stemOf(name))
  }
  return stems
}

/** As patterns have it. */
function slashed(relative: string): string {
  return relative.split(path.sep).join('/')
}

function nameOf(entry: Dirent<Buffer>): string {
  return entry.name.toString('utf8')
}

function stemOf(name: string): string {
  return pathKey(path.parse(name).name)
}

function compareNames(a: string, b: string): number {
  return byName.compare(a, b) || (a < b ? -1 : 1)
}
