import { mkdir, rm } from 'node:fs/promises'
import path from 'node:path'
import type { EngineSettings, NaiveEvent, NaiveRequest } from '../../engine/protocol'
import { AppError } from '../../shared/errors/appError'
import type { BenchReport, BenchRow, BenchStep } from '../../shared/ipc/benchViews'
import { availableBytes, totalBytes } from '../core/metricsSampler'
import type { ResolvedModel } from '../models/library'
import type { OpenTransport } from '../processes/engineTransport'
import type { OpenNaiveTransport } from '../processes/naiveTransport'
import { costRows, growthRow, scoreRows, type Outcome, type Scores, type Ways } from './benchRows'
import { fits, naivePeakBytes, type FileCost } from './fileCost'
import { machineOf } from './machine'
import { growthSeconds, PROBE_SEC, stepShares, type MeasurePlan } from './measurePlan'
import { askNaive, runNaive } from './naiveProcess'
import { runStillwave, type StillwaveCosts } from './stillwaveRun'

/** Recordings, one after the other, with their clean tracks where there are such. */
export interface MeasureSource {
  /** For the report; no folders. */
  readonly name: string
  readonly sources: Extract<NaiveRequest, { type: 'prepare' }>['sources']
}

export interface MeasureTask {
  readonly source: MeasureSource
  readonly plan: MeasurePlan
  readonly model: ResolvedModel
  readonly device: EngineSettings['device']
  readonly threads: number | null
  readonly ffmpegPath: string | null
  readonly version: string
  /** Made for this, and removed with all that is in it. */
  readonly folder: string
}

export interface MeasureTools {
  readonly openEngine: OpenTransport
  readonly openNaive: OpenNaiveTransport
}

export interface MeasureHooks {
  readonly signal: AbortSignal
  /** `fraction` is 0 to 1 over all steps; `rows` are those that are complete. */
  readonly onProgress: (progress: MeasureProgress) => void
}

export interface MeasureProgress {
  readonly step: BenchStep
  readonly fraction: number
  readonly rows: readonly BenchRow[]
}

/** The published account's way, on the same engine. */
const ARTICLE = { join: 'overlap', chunkSec: 2, overlapSec: 0.5 } as const

/**
 * Naive against Stillwave on the same recording, each in a process of its own, one after the other. Rejects with `E_CANCELLED`
 * after the signal, and with what a source, a model or a device has to say; a naive run that the machine has no memory for is a
 * result, not an error. Nothing is left of it when it settles: no process, no file.
 */
export async function measure(tools: MeasureTools, task: MeasureTask, hooks: MeasureHooks): Promise<BenchReport> {
  await rm(task.folder, { recursive: true, force: true })
  await mkdir(task.folder, { recursive: true })
  try {
    return await new Measurement(tools, task, hooks).run()
  } finally {
    await rm(task.folder, { recursive: true, force: true, maxRetries: 5 })
  }
}

class Measurement {
  private readonly rows: BenchRow[] = []
  private step: BenchStep = 'prepare'
  private shares: Readonly<Record<BenchStep, number>>
  private doneShare = 0
  private probes: readonly FileCost[] = []

  constructor(
    private readonly tools: MeasureTools,
    private readonly task: MeasureTask,
    private readonly hooks: MeasureHooks
  ) {
    this.shares = stepShares(task.plan, task.plan.minSec)
  }

  async run(): Promise<BenchReport> {
    const { source, plan, model, version } = this.task
    this.tell(0)
    const prepared = await this.prepare()
    this.shares = stepShares(plan, prepared.audioSec)
    this.begin('naive')
    const naive = await this.naiveWay(prepared.audioSec)
    const inputPaths = Array.from({ length: plan.repeats }, () => this.at('noisy.wav'))
    this.begin('stillwave')
    const ours = await this.stillwave('stillwave', inputPaths)
    this.begin('article')
    const article = await this.stillwave('article', inputPaths, ARTICLE)
    this.rows.push(...costRows({ naive, stillwave: lastOf(ours), article: lastOf(article) }))
    this.begin('growth')
    this.rows.push(growthRow(await this.growth()))
    this.begin('score')
    this.rows.push(...(await this.scores(naive, prepared.hasReference)))
    this.begin(null)
    return {
      version: 1,
      at: new Date().toISOString(),
      app: version,
      machine: machineOf(),
      // A model of the user's goes by its file's name.
      model: path.basename(model.label),
      device: ours.device,
      material: {
        name: source.name,
        audioSec: prepared.audioSec,
        treatment: prepared.treatment,
        hasReference: prepared.hasReference
      },
      growthFiles: plan.growthFiles,
      rows: this.rows
    }
  }

  private async prepare(): Promise<Extract<NaiveEvent, { type: 'prepared' }>> {
    const { source, plan, ffmpegPath, folder } = this.task
    const growth = growthSeconds(plan.growthFiles).map((seconds, i) => ({ name: growthName(i), seconds }))
    const probes = PROBE_SEC.map((seconds) => ({ name: probeName(seconds), seconds }))
    const request = { sources: [...source.sources], folder, minSec: plan.minSec, maxSec: plan.maxSec, ffmpegPath }
    const [prepared] = await askNaive(
      this.tools.openNaive,
      { type: 'prepare', ...request, pieces: [...growth, ...probes] },
      { signal: this.hooks.signal }
    )
    if (prepared?.type !== 'prepared') throw new AppError('E_INTERNAL', { detail: 'no material was made' })
    return prepared
  }

  /** The whole material the naive way, if two short runs say that it can be had. */
  private async naiveWay(audioSec: number): Promise<Outcome<FileCost>> {
    const { plan } = this.task
    const probes = await this.probe()
    if ('missing' in probes) return probes
    this.probes = probes.value
    const inputPaths = Array.from({ length: plan.repeats }, () => this.at('noisy.wav'))
    const files = await this.naiveIfItFits(audioSec * plan.repeats, inputPaths, this.at('naive.wav'))
    return 'missing' in files ? files : { value: files.value.at(-1)! }
  }

  private async probe(): Promise<Outcome<readonly FileCost[]>> {
    const costs: FileCost[] = []
    for (const seconds of PROBE_SEC) {
      const run = await this.naive([this.at(probeName(seconds))], null)
      if (run === null) return tooLarge(null)
      costs.push(...run)
      this.tell((0.15 * costs.length) / PROBE_SEC.length)
    }
    return { value: costs }
  }

  /** `seconds` in all: what one file took is not given back before the next. */
  private async naiveIfItFits(
    seconds: number,
    inputPaths: readonly string[],
    outPath: string | null
  ): Promise<Outcome<readonly FileCost[]>> {
    const [short, longer] = this.probes
    if (!short || !longer) return tooLarge(null)
    const expectedBytes = Math.round(naivePeakBytes(short, longer, seconds))
    const machine = { totalBytes: totalBytes(), availableBytes: availableBytes() }
    const files = fits(expectedBytes, machine) ? await this.naive(inputPaths, outPath) : null
    return files === null ? tooLarge(expectedBytes) : { value: files }
  }

  /** Null where the machine had no memory for it. */
  private async naive(inputPaths: readonly string[], outPath: string | null): Promise<readonly FileCost[] | null> {
    const { model, device } = this.task
    const run = { onePassPath: model.files.onePassPath, device, inputPaths, outPath }
    try {
      return await runNaive(this.tools.openNaive, run, { signal: this.hooks.signal })
    } catch (thrown) {
      if (thrown instanceof AppError && thrown.code === 'E_MEMORY') return null
      throw thrown
    }
  }

  private async stillwave(
    name: string,
    inputPaths: readonly string[],
    settings: Partial<EngineSettings> = {},
    onProgress = (fraction: number): void => {
      this.tell(fraction)
    }
  ): Promise<StillwaveCosts> {
    const outFolder = this.at(name)
    await mkdir(outFolder)
    const run = { settings: { ...settingsOf(this.task), ...settings }, inputPaths, outFolder }
    return runStillwave(this.tools.openEngine, run, { signal: this.hooks.signal, onProgress })
  }

  private async growth(): Promise<Ways<readonly FileCost[]>> {
    const lengths = growthSeconds(this.task.plan.growthFiles)
    const inputPaths = lengths.map((_, i) => this.at(growthName(i)))
    const part = (from: number, to: number) => (fraction: number) => {
      this.tell(from + (to - from) * fraction)
    }
    const naive = await this.naiveIfItFits(
      lengths.reduce((sum, seconds) => sum + seconds, 0),
      inputPaths,
      null
    )
    const ours = await this.stillwave('growth', inputPaths, {}, part(0.26, 0.52))
    const article = await this.stillwave('growth-article', inputPaths, ARTICLE, part(0.52, 1))
    return { naive, stillwave: { value: ours.files }, article: { value: article.files } }
  }

  private async scores(naive: Outcome<FileCost>, hasReference: boolean): Promise<BenchRow[]> {
    const hasNaive = 'value' in naive
    const last = `${this.task.plan.repeats - 1}.wav`
    const ours = [this.at('stillwave', last), this.at('article', last)]
    const request = {
      type: 'score',
      paths: hasNaive ? [...ours, this.at('naive.wav')] : ours,
      cleanPath: hasReference ? this.at('clean.wav') : null,
      naivePath: hasNaive ? this.at('naive.wav') : null
    } as const
    const events = await askNaive(this.tools.openNaive, request, { signal: this.hooks.signal })
    const scored: Scores[] = events.filter((event) => event.type === 'scored')
    const at = (index: number): Outcome<Scores> => ({ value: scored[index]! })
    return scoreRows({ naive: hasNaive ? at(2) : naive, stillwave: at(0), article: at(1) }, hasReference)
  }

  private at(...parts: string[]): string {
    return path.join(this.task.folder, ...parts)
  }

  private begin(step: BenchStep | null): void {
    this.doneShare += this.shares[this.step]
    this.step = step ?? this.step
    if (step !== null) this.tell(0)
  }

  private tell(fractionOfStep: number): void {
    const fraction = Math.min(1, this.doneShare + this.shares[this.step] * fractionOfStep)
    this.hooks.onProgress({ step: this.step, fraction, rows: [...this.rows] })
  }
}

/** One lane, carried chunks of the model's own length: what Stillwave does by itself. */
function settingsOf({ model, device, threads }: MeasureTask): EngineSettings {
  return {
    model: model.files,
    fullModel: null,
    device,
    join: 'carried',
    chunkSec: model.chunkSec,
    overlapSec: 0.5,
    batch: 1,
    threads,
    // The material is WAV.
    ffmpegPath: null
  }
}

const tooLarge = (
  expectedBytes: number | null
): { readonly missing: { why: 'tooLarge'; expectedBytes: number | null } } => ({
  missing: { why: 'tooLarge', expectedBytes }
})

const lastOf = ({ files }: StillwaveCosts): Outcome<FileCost> => ({ value: files.at(-1)! })

const growthName = (index: number): string => `growth-${index}.wav`
const probeName = (seconds: number): string => `probe-${seconds}.wav`
