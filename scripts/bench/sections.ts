import { join } from 'node:path'
import type { BenchReport } from '../../src/shared/ipc/benchViews'
import type { EngineSettings } from '../../src/engine/protocol'
import { totalBytes } from '../../src/main/core/metricsSampler'
import { fits, naivePeakBytes } from '../../src/main/bench/fileCost'
import { measure, type MeasureSource } from '../../src/main/bench/measure'
import { ModelLibrary } from '../../src/main/models/library'
import { convertStateDict } from '../../src/engine/model/convert'
import { formulaStateDict } from '../../src/engine/model/formulaWeights'
import type { Device } from '../../src/shared/settings/choices'
import { projectRoot } from '../projectRoot'
import { RATE_HZ } from '../readAt16k'
import { writeLoopedWav } from './material'
import { lite, openEngine, openNaive, runNaive, runStillwave, type FileCost, type ModelFiles } from './runs'
import type { Row, Section } from './table'

/** Lengths in seconds of audio, and where files go. */
export interface Plan {
  readonly folder: string
  readonly version: string
  readonly device: Device
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

/** The bundled model on minutes of speech, as "Measure this machine" in the app does it, each way three times. */
export async function liteReport(plan: Plan, source: MeasureSource): Promise<BenchReport> {
  const model = await new ModelLibrary(join(projectRoot, 'models')).resolve(null)
  const { liteSec, growthFiles, version, folder, device } = plan
  const task = {
    source,
    plan: { minSec: liteSec, maxSec: liteSec, growthFiles, repeats: STEADY_RUNS },
    model,
    device,
    threads: null,
    ffmpegPath: null,
    version,
    folder: join(folder, 'lite')
  } as const
  const hooks = { signal: new AbortController().signal, onProgress: () => undefined }
  return measure({ openEngine, openNaive }, task, hooks)
}

/** The full-size network, weights from a formula, at a length that the naive way survives, and a file of minutes. */
export async function fullSizeSection(plan: Plan, noisy: Float32Array): Promise<Section> {
  const files = await fullSizeModel(plan.folder)
  const [short, long, file] = [
    join(plan.folder, 'short.wav'),
    join(plan.folder, 'long.wav'),
    join(plan.folder, 'file.wav')
  ]
  await writeLoopedWav(short, noisy, { seconds: plan.fullShortSec })
  await writeLoopedWav(long, noisy, { seconds: plan.fullLongSec })
  await writeLoopedWav(file, noisy, { seconds: plan.fullFileSec })
  const { folder, device } = plan
  const naive = await pair(async (wav) => (await runNaive(files.onePassPath, [wav], device))[0]!, short, long)
  const run = (options: Partial<EngineSettings>) => async (wav: string) =>
    (await runStillwave(files, [wav], folder, { device, ...options }))[0]!
  const ours = await pair(run({}), short, long)
  const article = await pair(run(ARTICLE), short, long)
  const minutes = await run({})(file)
  const expected = naivePeakBytes(naive[0], naive[1], plan.fullFileSec)
  const isRefused = !fits(expected, { totalBytes: totalBytes(), availableBytes: totalBytes() })
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
      naive: isRefused ? `refused (~${(expected / 1e9).toFixed(0)} GB)` : 'not run',
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
export async function lengthSection(plan: Plan, noisy: Float32Array): Promise<Section> {
  const peaks: number[] = []
  for (const seconds of [plan.shortFileSec, plan.longFileSec]) {
    const wav = join(plan.folder, `length-${seconds}.wav`)
    await writeLoopedWav(wav, noisy, { seconds })
    peaks.push((await runStillwave(lite, [wav], plan.folder, { device: plan.device }))[0]!.peakRssBytes)
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
export async function timeSection(plan: Plan, noisy: Float32Array): Promise<Section> {
  const rows: Row[] = []
  for (const sampleRateHz of [RATE_HZ, 48000]) {
    const wav = join(plan.folder, `time-${sampleRateHz}.wav`)
    await writeLoopedWav(wav, noisy, { seconds: plan.timeSec, sampleRateHz })
    const cost = (await runStillwave(lite, repeat(wav), plan.folder, { device: plan.device }))[STEADY_RUNS - 1]!
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

function costRows(naive: FileCost, ours: FileCost, article: FileCost): Row[] {
  const of = (pick: (cost: FileCost) => number): Pick<Row, 'naive' | 'stillwave' | 'article'> => ({
    naive: pick(naive),
    stillwave: pick(ours),
    article: pick(article)
  })
  return [
    { label: 'peak RSS', unit: 'MB', ...of((cost) => cost.peakRssBytes / MB) },
    { label: 'wall time', unit: 's', ...of((cost) => cost.wallSec) },
    { label: 'CPU time', unit: 's', ...of((cost) => cost.cpuSec) }
  ]
}

async function fullSizeModel(folder: string): Promise<ModelFiles> {
  const onePassPath = join(folder, 'full.onnx')
  const { statefulPath } = await convertStateDict(formulaStateDict({ channels: 128, cascade: 2 }), onePassPath)
  return { onePassPath, statefulPath, chunkSec: 0.5 }
}

const repeat = (wav: string): string[] => Array.from({ length: STEADY_RUNS }, () => wav)

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
