import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { siSdrDb } from '../../src/audio/metrics/siSdr'
import { stoi } from '../../src/audio/metrics/stoi'
import { convertStateDict } from '../../src/engine/model/convert'
import { formulaStateDict } from '../../src/engine/model/formulaWeights'
import { projectRoot } from '../projectRoot'
import { RATE_HZ, readAt16k } from '../readAt16k'
import { looped, writeLoopedWav, type Material } from './material'
import { runNaive, runStillwave, tooLongForNaive, type FileCost, type ModelFiles } from './runs'
import type { Row, Section } from './table'

/** Lengths in seconds of audio, and where files go. */
export interface Plan {
  readonly folder: string
  readonly liteSec: number
  readonly growthFiles: number
  readonly fullShortSec: number
  readonly fullLongSec: number
  readonly fullFileSec: number
  readonly shortFileSec: number
  readonly longFileSec: number
  readonly timeSec: number
}

const ARTICLE = { join: 'overlap', chunkSec: 2, overlapSec: 0.5 } as const
const MB = 1e6
const STEADY_RUNS = 3

const lite: ModelFiles = {
  onePassPath: join(projectRoot, 'models/frcrn-lite.onnx'),
  statefulPath: join(projectRoot, 'models/frcrn-lite.stateful.onnx'),
  chunkSec: 1
}

/** FRCRN-lite on minutes of speech: memory, time, growth, quality. */
export async function liteSection(plan: Plan, material: Material): Promise<Section> {
  const wav = join(plan.folder, 'lite.wav')
  await writeLoopedWav(wav, material.noisy, { seconds: plan.liteSec })
  const saved = join(plan.folder, 'naive.f32')
  const refused = await refusal(lite, plan, material)
  const naive = refused ?? (await runNaive(lite.onePassPath, repeat(wav), saved)).at(-1)!
  const ours = (await runStillwave(lite, repeat(wav), folderOf(plan, 'lite'))).at(-1)!
  const article = (await runStillwave(lite, repeat(wav), folderOf(plan, 'article'), ARTICLE)).at(-1)!
  const last = `${String(STEADY_RUNS - 1)}-lite.wav`
  const rows = [
    ...costRows(naive, ours, article),
    await growthRow(plan, material),
    ...qualityRows(material, {
      naive: refused ?? readRaw(saved),
      ours: await readAt16k(join(plan.folder, 'lite', last)),
      article: await readAt16k(join(plan.folder, 'article', last))
    })
  ]
  return { title: `FRCRN-lite, ${plan.liteSec} s of speech`, rows }
}

/** The full-size network, weights from a formula, at a length that the naive way survives, and a file of minutes. */
export async function fullSizeSection(plan: Plan, material: Material): Promise<Section> {
  const files = await fullSizeModel(plan.folder)
  const [short, long, file] = [
    join(plan.folder, 'short.wav'),
    join(plan.folder, 'long.wav'),
    join(plan.folder, 'file.wav')
  ]
  await writeLoopedWav(short, material.noisy, { seconds: plan.fullShortSec })
  await writeLoopedWav(long, material.noisy, { seconds: plan.fullLongSec })
  await writeLoopedWav(file, material.noisy, { seconds: plan.fullFileSec })
  const naive = await pair(async (wav) => (await runNaive(files.onePassPath, [wav]))[0]!, short, long)
  const ours = await pair(
    async (wav) => (await runStillwave(files, [wav], folderOf(plan, `full-${wav.length}`)))[0]!,
    short,
    long
  )
  const article = await pair(
    async (wav) => (await runStillwave(files, [wav], folderOf(plan, `full-article-${wav.length}`), ARTICLE))[0]!,
    short,
    long
  )
  const minutes = (await runStillwave(files, [file], folderOf(plan, 'full-file')))[0]!
  const expected = tooLongForNaive(naive[0], naive[1], plan.fullFileSec)
  const rows: Row[] = [
    ...costRows(naive[1], ours[1], article[1]),
    {
      label: 'memory growth per audio second',
      unit: 'MB',
      naive: slopeMb(naive),
      stillwave: slopeMb(ours),
      article: slopeMb(article)
    },
    {
      label: `peak RSS, file of ${plan.fullFileSec} s`,
      unit: 'MB',
      naive: expected === null ? 'not run' : `refused (~${(expected / 1e9).toFixed(0)} GB)`,
      stillwave: minutes.peakRssBytes / MB,
      article: 'not run'
    },
    {
      label: `CPU s per audio s, ${plan.fullFileSec} s`,
      unit: 's',
      naive: 'not run',
      stillwave: minutes.cpuSec / minutes.audioSec,
      article: 'not run'
    },
    { label: 'share of time outside the model', unit: '0 to 1', naive: '', stillwave: outside(minutes), article: '' }
  ]
  return { title: `FRCRN full size, ${plan.fullLongSec} s of speech`, rows }
}

/** The same file short and long: peak memory must not follow the length. */
export async function lengthSection(plan: Plan, material: Material): Promise<Section> {
  const peaks: number[] = []
  for (const seconds of [plan.shortFileSec, plan.longFileSec]) {
    const wav = join(plan.folder, `length-${seconds}.wav`)
    await writeLoopedWav(wav, material.noisy, { seconds })
    peaks.push((await runStillwave(lite, [wav], folderOf(plan, `length-${seconds}`)))[0]!.peakRssBytes)
  }
  const row = (label: string, unit: string, stillwave: number): Row => ({
    label,
    unit,
    naive: 'not run',
    stillwave,
    article: 'not run'
  })
  return {
    title: 'FRCRN-lite, length of the file',
    rows: [
      row(`peak RSS, ${plan.shortFileSec / 60} min`, 'MB', peaks[0]! / MB),
      row(`peak RSS, ${plan.longFileSec / 60} min`, 'MB', peaks[1]! / MB),
      row('long : short (goal at most 1.1)', 'ratio', peaks[1]! / peaks[0]!)
    ]
  }
}

/** Where the time goes, at the network's own rate and at a recorder's. */
export async function timeSection(plan: Plan, material: Material): Promise<Section> {
  const rows: Row[] = []
  for (const sampleRateHz of [RATE_HZ, 48000]) {
    const wav = join(plan.folder, `time-${sampleRateHz}.wav`)
    await writeLoopedWav(wav, material.noisy, { seconds: plan.timeSec, sampleRateHz })
    const cost = (await runStillwave(lite, repeat(wav), folderOf(plan, `time-${sampleRateHz}`)))[STEADY_RUNS - 1]!
    const at = `${sampleRateHz / 1000} kHz`
    const row = (label: string, unit: string, stillwave: number): Row => ({
      label,
      unit,
      naive: '',
      stillwave,
      article: ''
    })
    rows.push(row(`CPU s per audio s, ${at}`, 's', cost.cpuSec / cost.audioSec))
    rows.push(row(`inside session.run per audio s, ${at}`, 's', cost.modelSec! / cost.audioSec))
    rows.push(row(`share of time outside the model, ${at}`, '0 to 1', outside(cost)))
  }
  return { title: 'FRCRN-lite, where the time goes', rows }
}

function costRows(naive: FileCost | string, ours: FileCost, article: FileCost): Row[] {
  const of = (pick: (cost: FileCost) => number): Pick<Row, 'naive' | 'stillwave' | 'article'> => ({
    naive: typeof naive === 'string' ? naive : pick(naive),
    stillwave: pick(ours),
    article: pick(article)
  })
  return [
    { label: 'peak RSS', unit: 'MB', ...of((cost) => cost.peakRssBytes / MB) },
    { label: 'wall time', unit: 's', ...of((cost) => cost.wallSec) },
    { label: 'CPU time', unit: 's', ...of((cost) => cost.cpuSec) }
  ]
}

/** Resident memory after the last of many files of 5 to 20 s, less that after the first. */
async function growthRow(plan: Plan, material: Material): Promise<Row> {
  const wavs: string[] = []
  for (let i = 0; i < plan.growthFiles; i++) {
    wavs.push(join(plan.folder, `growth-${i}.wav`))
    await writeLoopedWav(wavs[i]!, material.noisy, { seconds: 5 + ((i * 7) % 16) })
  }
  const growthMb = (costs: FileCost[]): number => (costs.at(-1)!.rssBytes - costs[0]!.rssBytes) / MB
  return {
    label: `growth over ${plan.growthFiles} files`,
    unit: 'MB',
    naive: growthMb(await runNaive(lite.onePassPath, wavs)),
    stillwave: growthMb(await runStillwave(lite, wavs, folderOf(plan, 'growth'))),
    article: growthMb(await runStillwave(lite, wavs, folderOf(plan, 'growth-article'), ARTICLE))
  }
}

interface Outputs {
  readonly naive: Float32Array | string
  readonly ours: Float32Array
  readonly article: Float32Array
}

function qualityRows(material: Material, outputs: Outputs): Row[] {
  if (material.clean === null) return []
  const clean = looped(material.clean, outputs.ours.length / RATE_HZ)
  const row = (label: string, unit: string, score: (out: Float32Array) => number): Row => ({
    label,
    unit,
    naive: typeof outputs.naive === 'string' ? outputs.naive : score(outputs.naive),
    stillwave: score(outputs.ours),
    article: score(outputs.article)
  })
  return [
    row('SI-SDR against the clean track', 'dB', (out) => siSdrDb(clean, out)),
    row('STOI', '0 to 1', (out) => stoi(clean, out, RATE_HZ))
  ]
}

/** Why the naive way is not run at this length; null when it fits. */
async function refusal(files: ModelFiles, plan: Plan, material: Material): Promise<string | null> {
  const wavs = [5, 15].map((seconds) => ({ seconds, path: join(plan.folder, `probe-${seconds}.wav`) }))
  for (const { seconds, path } of wavs) await writeLoopedWav(path, material.noisy, { seconds })
  const costs = [await runNaive(files.onePassPath, [wavs[0]!.path]), await runNaive(files.onePassPath, [wavs[1]!.path])]
  const expected = tooLongForNaive(costs[0]![0]!, costs[1]![0]!, plan.liteSec)
  return expected === null ? null : `refused (~${(expected / 1e9).toFixed(0)} GB)`
}

async function fullSizeModel(folder: string): Promise<ModelFiles> {
  const onePassPath = join(folder, 'full.onnx')
  const { statefulPath } = await convertStateDict(formulaStateDict({ channels: 128, cascade: 2 }), onePassPath)
  return { onePassPath, statefulPath, chunkSec: 0.5 }
}

const repeat = (wav: string): string[] => Array.from({ length: STEADY_RUNS }, () => wav)

function folderOf(plan: Plan, name: string): string {
  const folder = join(plan.folder, name)
  mkdirSync(folder, { recursive: true })
  return folder
}

async function pair(
  run: (wav: string) => Promise<FileCost>,
  short: string,
  long: string
): Promise<[FileCost, FileCost]> {
  return [await run(short), await run(long)]
}

const slopeMb = ([short, long]: readonly [FileCost, FileCost]): number =>
  (long.peakRssBytes - short.peakRssBytes) / (long.audioSec - short.audioSec) / MB

const outside = (cost: FileCost): number => 1 - cost.modelSec! / cost.wallSec

function readRaw(path: string): Float32Array {
  const bytes = readFileSync(path)
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength))
}
