import { readdirSync } from 'node:fs'
import { extname, join } from 'node:path'
import { RATE_HZ, readAt16k } from './readAt16k'
import { siSdrDb } from '../src/audio/metrics/siSdr'
import { estoi, stoi } from '../src/audio/metrics/stoi'
import { AppError } from '../src/shared/errors/appError'

/** How near an enhanced recording is to its clean speech; `stoi` and `estoi` are NaN under 0.4 s of speech. */
export interface Score {
  readonly siSdrDb: number
  readonly stoi: number
  readonly estoi: number
}

export interface FileScore extends Score {
  /** The clean file's name. */
  readonly name: string
}

export interface ScoreReport {
  readonly files: readonly FileScore[]
  readonly mean: Score
}

const EXTENSIONS = new Set(['.wav', '.wave', '.rf64', '.w64', '.aif', '.aiff', '.aifc'])

/**
 * Scores every recording in `cleanDir` against the one of its name in `enhancedDir` (`NAME.wav`, or `NAME.clean.wav` as the command
 * writes beside its sources). Everything is scored at 16 kHz, mono. `onFile` hears of each file as it is done.
 * Throws AppError: E_EMPTY for a folder without recordings, E_UNSUPPORTED for more than one
 * channel, E_CORRUPT for different lengths, and what reading throws; {@link MissingPartner}.
 */
export async function scoreDirs(
  cleanDir: string,
  enhancedDir: string,
  onFile: (score: FileScore) => void = () => undefined
): Promise<ScoreReport> {
  const names = recordings(cleanDir)
  if (names.length === 0) throw new AppError('E_EMPTY', { path: cleanDir, detail: 'no recordings here' })
  const enhanced = recordings(enhancedDir)
  const partners = names.map((name) => ({ name, path: join(enhancedDir, partnerOf(name, enhanced, enhancedDir)) }))
  const files: FileScore[] = []
  for (const { name, path } of partners) {
    const score = { name, ...(await scoreFile(join(cleanDir, name), path)) }
    onFile(score)
    files.push(score)
  }
  return { files, mean: meanOf(files) }
}

function recordings(dir: string): string[] {
  return readdirSync(dir, { withFileTypes: true })
    .filter((entry) => !entry.isDirectory() && EXTENSIONS.has(extname(entry.name).toLowerCase()))
    .map((entry) => entry.name)
    .sort()
}

/** A clean recording without its enhanced one; the message says which and what to do. */
export class MissingPartner extends Error {}

/** Same name first, then the same stem with `.clean`, whatever the extension. */
function partnerOf(name: string, candidates: readonly string[], dir: string): string {
  const stem = (file: string): string => file.slice(0, file.length - extname(file).length)
  const found =
    candidates.find((candidate) => candidate === name) ??
    candidates.find((candidate) => stem(candidate) === `${stem(name)}.clean`) ??
    candidates.find((candidate) => stem(candidate) === stem(name))
  if (found === undefined)
    throw new MissingPartner(`${dir} has nothing for ${name}: clean it first, under the same name.`)
  return found
}

/** One recording against its clean speech. */
export async function scoreFile(cleanPath: string, enhancedPath: string): Promise<Score> {
  const [clean, enhanced] = [await readMono(cleanPath), await readMono(enhancedPath)]
  if (clean.length !== enhanced.length) {
    const detail = `${enhancedPath}: ${enhanced.length} samples at 16 kHz, its clean speech has ${clean.length}`
    throw new AppError('E_CORRUPT', { path: enhancedPath, detail })
  }
  return {
    siSdrDb: siSdrDb(clean, enhanced),
    stoi: stoi(clean, enhanced, RATE_HZ),
    estoi: estoi(clean, enhanced, RATE_HZ)
  }
}

function readMono(path: string): Promise<Float32Array> {
  return readAt16k(path, ({ channels }) => {
    if (channels !== 1) throw new AppError('E_UNSUPPORTED', { path, detail: `${path}: ${channels} channels, not mono` })
  })
}

function meanOf(files: readonly Score[]): Score {
  const mean = (pick: (score: Score) => number): number =>
    files.reduce((sum, file) => sum + pick(file), 0) / files.length
  return { siSdrDb: mean((s) => s.siSdrDb), stoi: mean((s) => s.stoi), estoi: mean((s) => s.estoi) }
}
