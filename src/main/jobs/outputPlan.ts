import path from 'node:path'
import { AppError, type ErrorPayload } from '../../shared/errors/appError'
import type { OutputSettings } from '../../shared/settings/jobSettings'
import { plannedExtension } from './audioNames'
import { breathe } from './breathe'
import { desiredPath, type PlaceContext, type PlacedFile } from './desiredPath'
import { fitName, numberedPath, pathKey, sanitiseName } from './fileNames'
import { FolderListings } from './folderListings'
import type { OutputClaims } from './outputClaims'

/** A file that wants a place. `id` is its job's: what it holds already is no obstacle to it. */
export interface PlanItem extends PlacedFile {
  readonly id: string
}

export interface FileNumbers {
  /** From 1 on, by the id. */
  readonly of: ReadonlyMap<string, number>
  readonly count: number
}

export interface PlanOptions {
  readonly output: OutputSettings
  /** Knows the inputs already; the planned paths are taken in it. */
  readonly claims: OutputClaims
  /** The folders that were named: of several each keeps its own name in an output tree. */
  readonly folders: readonly string[]
  readonly modelId: string
  /** Each file's number and the last one; by default their order here. */
  readonly numbers?: FileNumbers
  readonly platform?: NodeJS.Platform
  readonly now?: Date
}

/** More than a scan's files. */
const MAX_NUMBER = 200_000

/** A file with its place, or with the reason why it cannot have one. */
export type PlannedFile<T extends PlanItem = PlanItem> =
  | { readonly file: T; readonly outputPath: string; readonly error: null }
  | { readonly file: T; readonly outputPath: null; readonly error: ErrorPayload }

/** Gives every file its output path, before any work. No two share one, and none is an input. */
export async function planOutputs<T extends PlanItem>(
  files: readonly T[],
  options: PlanOptions
): Promise<readonly PlannedFile<T>[]> {
  const inOrder = (): FileNumbers => ({ of: new Map(files.map(({ id }, n) => [id, n + 1])), count: files.length })
  const plan = new Plan<T>(options, options.numbers ?? inOrder())
  const planned = new Map<T, PlannedFile<T>>()
  // Who keeps its extension has the first right to the name: `a.wav` before `a.mp3`, in whatever order they came.
  const [keeping, changing] = partition(files, (file) => !changesExtension(file, options.output))
  for (const [n, file] of [...keeping, ...changing].entries()) {
    await breathe(n)
    planned.set(file, await plan.place(file))
  }
  return files.map((file) => planned.get(file)!)
}

class Plan<T extends PlanItem> {
  private readonly listings = new FolderListings()
  /** The first number of a wished path that was not tried yet: ten thousand files may wish for one name. */
  private readonly numbers = new Map<string, number>()
  private readonly context: Omit<PlaceContext, 'number'>

  constructor(
    private readonly options: PlanOptions,
    private readonly fileNumbers: FileNumbers
  ) {
    const platform = options.platform ?? process.platform
    const bases = folderBases(options.folders, platform)
    const { output, modelId, now = new Date() } = options
    this.context = { output, bases, platform, now, modelId, count: fileNumbers.count }
  }

  async place(file: T): Promise<PlannedFile<T>> {
    const desired = desiredPath(file, { ...this.context, number: this.numberOf(file) })
    const mayRename = this.options.output.onExists === 'rename'
    if (!mayRename && (await this.isInput(desired))) return refused(file, desired)
    for (const candidate of this.candidates(file, desired)) {
      if (this.options.claims.isTaken(candidate, file.id)) continue
      if (mayRename && (await this.listings.has(candidate))) continue
      if (await this.take(candidate, file.id)) return { file, outputPath: candidate, error: null }
    }
    return refused(file, desired)
  }

  private numberOf({ id }: T): number {
    const number = this.fileNumbers.of.get(id)
    if (number === undefined) throw new AppError('E_INTERNAL', { detail: 'a file without a number' })
    return number
  }

  /** The wished path; where the extension changes and the name is taken `name.mp3.wav`; then numbers. */
  private *candidates(file: PlanItem, desired: string): Generator<string> {
    yield desired
    const { dir, name, ext } = path.parse(desired)
    if (changesExtension(file, this.options.output)) yield path.join(dir, fitName(name, path.extname(file.path) + ext))
    const key = pathKey(desired)
    for (let n = this.numbers.get(key) ?? 2; n < MAX_NUMBER; n++) {
      this.numbers.set(key, n + 1)
      yield numberedPath(desired, n)
    }
  }

  private async take(candidate: string, owner: string): Promise<boolean> {
    if (await this.isInput(candidate)) return false
    if (this.options.claims.isTaken(candidate, owner)) return false
    this.options.claims.take(candidate, owner)
    return true
  }

  /** Where nothing of the name is on the disk, no link can lead from it to an input. */
  private async isInput(target: string): Promise<boolean> {
    const { claims } = this.options
    return claims.isInputName(target) || ((await this.listings.has(target)) && (await claims.isInput(target)))
  }
}

function refused<T extends PlanItem>(file: T, desired: string): PlannedFile<T> {
  const error = new AppError('E_SAME_FILE', { path: file.path, detail: desired })
  return { file, outputPath: null, error: error.toPayload() }
}

function changesExtension(file: PlanItem, { format, video }: OutputSettings): boolean {
  const extension = path.extname(file.path)
  return plannedExtension(extension, format, video) !== extension
}

/** One folder's tree goes straight into the output folder; of several each keeps its own name, made unique. */
function folderBases(folders: readonly string[], platform: NodeJS.Platform): ReadonlyMap<string, string> {
  if (folders.length < 2) return new Map()
  const bases = new Map<string, string>()
  const taken = new Set<string>()
  for (const folder of folders) {
    const name = sanitiseName(path.basename(folder), platform)
    let base = name
    for (let n = 2; taken.has(pathKey(base)); n++) base = fitName(name, ` (${n})`)
    taken.add(pathKey(base))
    bases.set(folder, base)
  }
  return bases
}

function partition<T>(items: readonly T[], test: (item: T) => boolean): [T[], T[]] {
  return [items.filter(test), items.filter((item) => !test(item))]
}
