import { lstat } from 'node:fs/promises'
import path from 'node:path'
import { AppError, type ErrorPayload } from '../../shared/errors/appError'
import { CLEAN_SUFFIX, plannedExtension } from './audioNames'
import { fitName, isInside, numberedPath, pathKey, sanitiseName } from './fileNames'
import { OutputClaims } from './outputClaims'
import type { ScannedFile, ScanResult } from './scanInputs'

export const ON_EXISTS = ['skip', 'rename', 'overwrite'] as const
export type OnExists = (typeof ON_EXISTS)[number]

export interface PlanOptions {
  /** The output folder, absolute and without links; null writes beside the sources. */
  readonly outDir: string | null
  readonly onExists: OnExists
  readonly platform?: NodeJS.Platform
}

/** A file with its place, or with the reason why it cannot have one. */
export type PlannedFile =
  | { readonly file: ScannedFile; readonly outputPath: string; readonly error: null }
  | { readonly file: ScannedFile; readonly outputPath: null; readonly error: ErrorPayload }

export interface OutputPlan {
  readonly files: readonly PlannedFile[]
  readonly claims: OutputClaims
}

/**
 * Gives every file its output path, before any work: under `outDir` the tree and the names as they are (several folders each
 * under their own name), else `name.clean.ext` beside the source. No two share one, and none is an input.
 */
export async function planOutputs(
  scan: Pick<ScanResult, 'files' | 'folders'>,
  options: PlanOptions
): Promise<OutputPlan> {
  const claims = await OutputClaims.of(scan.files)
  const bases = folderBases(scan.folders, options.platform ?? process.platform)
  const planned = new Map<ScannedFile, PlannedFile>()
  // Who keeps its extension has the first right to the name: `a.wav` before `a.mp3`, in whatever order they came.
  const [keeping, changing] = partition(scan.files, (file) => !changesExtension(file))
  for (const file of [...keeping, ...changing]) {
    planned.set(file, await planFile(file, desiredPath(file, bases, options), { claims, options }))
  }
  return { files: scan.files.map((file) => planned.get(file)!), claims }
}

interface PlanContext {
  readonly claims: OutputClaims
  readonly options: PlanOptions
}

async function planFile(file: ScannedFile, desired: string, { claims, options }: PlanContext): Promise<PlannedFile> {
  const mayRename = options.onExists === 'rename'
  if (!mayRename && (await claims.isInput(desired))) return refused(file, desired)
  for (const candidate of candidates(file, desired)) {
    if (claims.isTaken(candidate) || (mayRename && (await exists(candidate)))) continue
    if (await claims.tryTake(candidate)) return { file, outputPath: candidate, error: null }
  }
  return refused(file, desired)
}

function refused(file: ScannedFile, desired: string): PlannedFile {
  const error = new AppError('E_SAME_FILE', { path: file.path, detail: desired })
  return { file, outputPath: null, error: error.toPayload() }
}

/** The wished path; where the extension changes and the name is taken `name.mp3.wav`; then numbers. */
function* candidates(file: ScannedFile, desired: string): Generator<string> {
  yield desired
  const { dir, name, ext } = path.parse(desired)
  if (changesExtension(file)) yield path.join(dir, fitName(name, path.extname(file.path) + ext))
  for (let n = 2; n < 100_000; n++) yield numberedPath(desired, n)
}

function changesExtension(file: ScannedFile): boolean {
  const extension = path.extname(file.path)
  return plannedExtension(extension) !== extension
}

function desiredPath(file: ScannedFile, bases: ReadonlyMap<string, string>, options: PlanOptions): string {
  const platform = options.platform ?? process.platform
  const { name, ext } = path.parse(path.basename(file.path))
  if (options.outDir === null) {
    return path.join(path.dirname(file.path), legalName(name, CLEAN_SUFFIX + plannedExtension(ext), platform))
  }
  const folders = path.dirname(file.relativePath).split(path.sep)
  const kept = folders.filter((part) => part !== '.' && part !== '').map((part) => sanitiseName(part, platform))
  const base = file.explicit ? '' : (bases.get(file.root) ?? '')
  const target = path.join(options.outDir, base, ...kept, legalName(name, plannedExtension(ext), platform))
  if (!isInside(options.outDir, target))
    throw new AppError('E_INTERNAL', { detail: `${target} leaves the output folder` })
  return target
}

function legalName(stem: string, suffix: string, platform: NodeJS.Platform): string {
  return fitName(sanitiseName(stem + suffix, platform).slice(0, -suffix.length), suffix)
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

async function exists(target: string): Promise<boolean> {
  return (await lstat(target).catch(() => null)) !== null
}

function partition<T>(items: readonly T[], test: (item: T) => boolean): [T[], T[]] {
  return [items.filter(test), items.filter((item) => !test(item))]
}
