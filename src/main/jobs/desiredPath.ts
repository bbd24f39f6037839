import path from 'node:path'
import { AppError } from '../../shared/errors/appError'
import type { OutputSettings } from '../../shared/settings/jobSettings'
import { applyNamePattern, patternDate, patternModel, patternNumber } from '../../shared/settings/namePattern'
import { plannedExtension } from './audioNames'
import { fitName, isInside, sanitiseName } from './fileNames'

/** A source with its place under what was added. */
export interface PlacedFile {
  readonly path: string
  readonly root: string
  readonly relativePath: string
  readonly explicit: boolean
}

export interface PlaceContext {
  readonly output: OutputSettings
  /** Of several added folders, the name that each has in an output tree. */
  readonly bases: ReadonlyMap<string, string>
  readonly platform: NodeJS.Platform
  readonly now: Date
  readonly modelId: string
  /** The file's, from 1 on, of `count`. */
  readonly number: number
  readonly count: number
}

/** Where a file's output should be if nothing stands in its way. Nothing leaves the output folder. */
export function desiredPath(file: PlacedFile, context: PlaceContext): string {
  const folder = folderOf(file, context)
  const target = path.join(folder, desiredName(file, context))
  const { output } = context
  const within = output.place === 'folder' || output.place === 'tree' ? folderSetting(output) : path.dirname(file.path)
  if (!isInside(within, target)) throw new AppError('E_INTERNAL', { detail: `${target} leaves the output folder` })
  return target
}

/** The name that the pattern gives, made legal and cut to length. */
export function desiredName(file: PlacedFile, context: PlaceContext): string {
  const { output, platform, now, modelId, number, count } = context
  const { name, ext } = path.parse(path.basename(file.path))
  const own = { name, folder: path.basename(path.dirname(file.path)) }
  const parts = { ...own, date: patternDate(now), n: patternNumber(number, count), model: patternModel(modelId) }
  const extension = plannedExtension(ext, output.format, output.video)
  const [before, after] = splitAtName(output.pattern)
  // What follows the name (`.clean`, a number) is kept when a long name is cut.
  const suffix = after === null ? extension : applyNamePattern(after, parts) + extension
  const stem = after === null ? applyNamePattern(output.pattern, parts) : applyNamePattern(`${before}{name}`, parts)
  return fitName(sanitiseName(stem + suffix, platform).slice(0, -suffix.length), sanitiseSuffix(suffix, platform))
}

/** May be as long as a name itself. */
const LONG_TOKEN = /\{(?:folder|model)\}/u

/** The pattern around its last `{name}`; what follows is null where there is no name or nothing follows. */
function splitAtName(pattern: string): [string, string | null] {
  const at = pattern.lastIndexOf('{name}')
  const after = at < 0 ? '' : pattern.slice(at + '{name}'.length)
  return after === '' || LONG_TOKEN.test(after) || after.trim() === '' ? [pattern, null] : [pattern.slice(0, at), after]
}

function sanitiseSuffix(suffix: string, platform: NodeJS.Platform): string {
  return sanitiseName(`x${suffix}`, platform).slice(1)
}

function folderOf(file: PlacedFile, { output, bases, platform }: PlaceContext): string {
  switch (output.place) {
    case 'beside':
      return path.dirname(file.path)
    case 'subfolder':
      return path.join(path.dirname(file.path), fitName(sanitiseName(output.subfolder, platform), ''))
    case 'folder':
      return folderSetting(output)
    case 'tree': {
      const folders = path.dirname(file.relativePath).split(path.sep)
      const kept = folders.filter((part) => part !== '.' && part !== '').map((part) => sanitiseName(part, platform))
      return path.join(folderSetting(output), file.explicit ? '' : (bases.get(file.root) ?? ''), ...kept)
    }
  }
}

function folderSetting({ folder }: OutputSettings): string {
  if (folder === null) throw new AppError('E_IO', { detail: 'no output folder has been chosen' })
  return folder
}
