import { randomUUID } from 'node:crypto'
import { realpath, stat } from 'node:fs/promises'
import path from 'node:path'
import { toAppError, type AppError } from '../../shared/errors/appError'
import { describeError } from '../../shared/errors/describe'
import { ensureFolder } from '../jobs/folders'
import type { OutputSettings } from '../../shared/settings/jobSettings'
import { OutputClaims } from '../jobs/outputClaims'
import { defaultPattern } from '../../shared/settings/namePattern'
import { planOutputs, type PlannedFile, type PlanItem } from '../jobs/outputPlan'
import { isInShard } from '../jobs/shard'
import { assertWritable, sweepStaleParts } from '../jobs/partFiles'
import { scanInputs, type ScannedFile, type ScanResult } from '../jobs/scanInputs'
import { UsageError, type DenoiseArgs } from './args'
import { printable, shownPath } from './words'

export interface PreparedBatch {
  readonly scan: ScanResult
  readonly files: readonly PlannedFile<ScannedFile & PlanItem>[]
  readonly claims: OutputClaims
  /** With the folder absolute and without links. */
  readonly output: OutputSettings
  readonly reportPaths: readonly string[]
}

export interface PrepareOptions {
  /** For names that hold it. */
  readonly modelId: string
  /** Of all files those to work on now; the others keep their names and are never written over. Null takes all, and some there must be. */
  readonly only?: ReadonlySet<string> | null
}

/** Everything that can be refused before any work is: throws {@link UsageError} with a sentence that names what to change. */
export async function prepareBatch(
  args: DenoiseArgs,
  signal: AbortSignal,
  { modelId, only = null }: PrepareOptions
): Promise<PreparedBatch> {
  await checkProgram(args.ffmpeg)
  const wantedOut = args.out === null ? null : path.resolve(args.out)
  const isPart = only !== null
  const scan = await scanAll(args, wantedOut, { signal, isPart })
  const outDir = wantedOut === null ? null : await (args.dryRun ? realOut(wantedOut) : prepareFolder(wantedOut))
  if (outDir !== null) await refuseInputAsOutput(outDir, scan.folders)
  const output = outputSettings(args, outDir)
  const claims = await OutputClaims.of(scan.files)
  const items = scan.files.map((file) => ({ ...file, id: randomUUID() }))
  // All are planned, so that every share gives the same names; two that want one name may be in different shares.
  // Of several watched folders one may be away: the others keep their names in the tree.
  const folders = isPart ? [...new Set(args.inputs.map((input) => path.resolve(input)))] : scan.folders
  const planned = await planOutputs(items, { output, modelId, claims, folders })
  const files = planned.filter(({ file }) => isOurs(file.relativePath, args) && (only === null || only.has(file.path)))
  const reportPaths = args.reports.map((report) => path.resolve(report))
  for (const reportPath of reportPaths) await checkReport(reportPath, claims)
  if (args.dryRun) return { scan, files, claims, output, reportPaths }
  const places = files.flatMap((file) => (file.outputPath === null ? [] : [path.dirname(file.outputPath)]))
  await sweepStaleParts(outDir === null ? places : [outDir, ...places])
  return { scan, files, claims, output, reportPaths }
}

function isOurs(relativePath: string, { shard }: DenoiseArgs): boolean {
  return shard === null || isInShard(relativePath, shard)
}

/** Beside the sources under a name of their own, or in one folder with tree and names kept. */
function outputSettings(args: DenoiseArgs, outDir: string | null): OutputSettings {
  const place = outDir === null ? 'beside' : 'tree'
  const pattern = args.namePattern ?? defaultPattern(place)
  const { onExists, format, quality, video, keepTimes, loudness, targetLufs, truePeakDb } = args
  const { above8k, channels, audioTrack } = args
  const level = { loudness, targetLufs, truePeakDb, above8k, channels, audioTrack }
  return { place, folder: outDir, subfolder: 'clean', pattern, onExists, format, quality, video, keepTimes, ...level }
}

async function scanAll(
  args: DenoiseArgs,
  outDir: string | null,
  { signal, isPart }: { readonly signal: AbortSignal; readonly isPart: boolean }
): Promise<ScanResult> {
  const scan = await scanInputs(args.inputs, {
    recursive: args.recursive,
    outDir,
    forgiving: isPart,
    signal,
    patterns: args.patterns
  }).catch((thrown: unknown) => {
    if (signal.aborted) throw thrown
    const error = toAppError(thrown)
    throw new UsageError(`${shownPath(String(error.data.path ?? 'the input'))}: ${reasonOf(error)}`)
  })
  if (scan.files.length === 0 && !isPart) throw new UsageError(nothingFound(args, scan))
  return scan
}

function nothingFound(args: DenoiseArgs, scan: ScanResult): string {
  const where = args.inputs.map((input) => printable(input)).join(', ')
  const others = scan.otherFiles + scan.skipped.length + scan.excludedFiles + scan.excludedFolders
  const seen = others > 0 ? ` (${others === 1 ? 'one other entry' : `${others} other entries`} left out)` : ''
  const hint = args.recursive ? '' : '; without --no-recursive the folders inside are searched too'
  return `no audio files found in ${where}${seen}${hint}`
}

async function prepareFolder(outDir: string): Promise<string> {
  const there = await stat(outDir).catch(() => null) // Not there: it will be made.
  if (there && !there.isDirectory()) throw new UsageError(`--out ${shownPath(outDir)} is a file, not a folder`)
  try {
    await ensureFolder(outDir)
    const real = await realpath(outDir)
    await assertWritable(real)
    return real
  } catch (thrown) {
    throw new UsageError(`--out ${shownPath(outDir)}: ${reasonOf(toAppError(thrown))}`)
  }
}

/** For a dry run: nothing is made. */
async function realOut(outDir: string): Promise<string> {
  const there = await stat(outDir).catch(() => null)
  if (there && !there.isDirectory()) throw new UsageError(`--out ${shownPath(outDir)} is a file, not a folder`)
  return there ? realpath(outDir) : outDir
}

/** Outputs would land among the inputs under the same names. */
async function refuseInputAsOutput(outDir: string, folders: readonly string[]): Promise<void> {
  const out = await stat(outDir, { bigint: true }).catch(() => null)
  if (out === null) return // It will be made: it is none of them.
  for (const folder of folders) {
    const stats = await stat(folder, { bigint: true })
    if (stats.dev === out.dev && stats.ino === out.ino) {
      throw new UsageError(
        '--out is the input folder itself: choose another, or leave --out away to write beside the sources'
      )
    }
  }
}

async function checkProgram(ffmpeg: string | null): Promise<void> {
  if (ffmpeg === null) return
  const stats = await stat(path.resolve(ffmpeg)).catch(() => null) // Not there is as bad as not a file.
  if (!stats?.isFile()) throw new UsageError(`--ffmpeg ${shownPath(ffmpeg)} is not a program`)
}

async function checkReport(reportPath: string, claims: OutputClaims): Promise<void> {
  if ((await claims.isInput(reportPath)) || claims.isTaken(reportPath)) {
    throw new UsageError(`--report ${shownPath(reportPath)} would replace an input or an output`)
  }
  const stats = await stat(reportPath).catch(() => null)
  if (stats && !stats.isFile()) throw new UsageError(`--report ${shownPath(reportPath)} is not a file`)
  await assertWritable(path.dirname(reportPath)).catch((thrown: unknown) => {
    throw new UsageError(`--report ${shownPath(reportPath)}: ${reasonOf(toAppError(thrown))}`)
  })
}

function reasonOf(error: AppError): string {
  if (error.code === 'E_IO' && String(error.data.detail).startsWith('ENOENT')) return 'there is no such file or folder'
  const { what, next } = describeError(error.toPayload())
  return `${printable(what)} ${next}`
}
