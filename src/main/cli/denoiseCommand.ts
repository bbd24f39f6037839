import path from 'node:path'
import { randomUUID } from 'node:crypto'
import { AppError, toAppError, type ErrorPayload } from '../../shared/errors/appError'
import type { NewJob } from '../../shared/jobs/job'
import type { QueueState } from '../../shared/jobs/queue'
import { emptyQueue } from '../../shared/jobs/reduceQueue'
import type { JobSettings } from '../../shared/settings/jobSettings'
import { BatchMeter } from '../jobs/batchMeter'
import { QueueRunner } from '../jobs/runner'
import { QueueStore } from '../jobs/queueStore'
import type { JobMemory } from '../memory/jobMemory'
import { graphHash } from '../memory/runKey'
import type { ResolvedModel } from '../models/library'
import type { Precision, PrecisionReason } from '../../shared/settings/choices'
import type { EngineStatus } from '../processes/engineHost'
import type { EngineSettings } from '../../engine/protocol'
import { fileReport, reportSettings, totals, type FileReport, type RunReport } from '../reports/runReport'
import { writeReport } from '../reports/writeReport'
import { autoText } from './deviceWords'
import { UsageError, type DenoiseArgs } from './args'
import { BatchVoice, failureText } from './batchVoice'
import { cutShortLines, dryRunLines, excludedLines } from './dryRun'
import { EXIT_CANCELLED } from './interruption'
import { joinSettings, type JoinSettings } from './joinSettings'
import { prepareBatch, type PreparedBatch } from './prepare'
import type { Screen } from './screen'
import { count, shownPath, spokenDuration, spokenRate } from './words'
import { EXIT_OK, EXIT_SOME_FAILED, type CliServices } from './cliServices'
import { ModelChoice, idOf } from './modelChoice'

const PRECISION_NOTES: Readonly<Record<PrecisionReason, string>> = {
  noFp16: 'This model is there in FP32 only: FP32 is used.',
  noFp32: 'This model is there in FP16 only: FP16 is used.',
  notChecked: 'FP16 of this model was not compared with FP32 on this device: FP32 is used.',
  notTrusted: 'FP16 of this model is too far from FP32 on this device: FP32 is used.'
}

export async function prepared(
  args: DenoiseArgs,
  { models }: CliServices,
  { signal, only }: { readonly signal: AbortSignal; readonly only: ReadonlySet<string> | null }
): Promise<PreparedBatch> {
  return prepareBatch(args, signal, { modelId: await idOf(args.model, models(args.data)), only })
}

/** What several runs of one command share. */
export interface CommandRun {
  readonly screen: Screen
  readonly signal: AbortSignal
  /** Of a watched folder what is to be done now; null takes all. */
  readonly only: ReadonlySet<string> | null
}

/** One batch of the command line, from its options to its exit code. */
export class DenoiseCommand {
  private readonly screen: Screen
  private readonly signal: AbortSignal
  private readonly only: ReadonlySet<string> | null
  private readonly choice: ModelChoice

  constructor(
    private readonly args: DenoiseArgs,
    private readonly services: CliServices,
    run: CommandRun
  ) {
    this.screen = run.screen
    this.signal = run.signal
    this.only = run.only
    this.choice = new ModelChoice(args, services, run.screen, run.signal)
  }

  async run(): Promise<number> {
    if (this.args.dryRun) {
      const modelId = await idOf(this.args.model, this.services.models(this.args.data))
      const lines = await dryRunLines(await this.prepared(), { modelId, batch: this.args.batch })
      for (const line of lines) this.screen.line(line)
      return EXIT_OK
    }
    const startSec = nowSec()
    const model = await this.choice.resolve()
    const { values, notes } = joinSettings(this.args, {
      hasStateful: model.files.statefulPath !== null,
      chunkSec: model.chunkSec
    })
    const batch = await this.prepared()
    // They went again.
    if (this.only !== null && batch.files.length === 0) return EXIT_OK
    for (const note of notes) this.screen.line(note)
    if (model.precisionReason) this.screen.line(PRECISION_NOTES[model.precisionReason])
    if (this.only === null) this.tellScan(batch)
    this.tellRefused(batch)
    const settings = this.jobSettings(batch, model, values)
    if (this.choice.device) this.screen.line(autoText(this.choice.device))
    const memory = await this.services.memory(this.args.data)
    const { state, stopped } = await this.withinBudget(memory, model, settings)
      .then(() => this.denoise(batch, { model, memory, settings }))
      .finally(() => memory.close())
    const files = this.fileReports(batch, state)
    const wallSec = nowSec() - startSec
    this.screen.clearStatus()
    this.tellEnd(files, wallSec, stopped)
    await this.writeReport(batch, { model, settings, files, wallSec })
    return this.exitCode(files)
  }

  private prepared(): Promise<PreparedBatch> {
    const { args, services, signal, only } = this
    return prepared(args, services, { signal, only })
  }

  private tellScan({ scan, files }: PreparedBatch): void {
    for (const { path, reason } of scan.skipped) this.screen.line(`left out: ${shownPath(path)} (${reason})`)
    for (const line of excludedLines(scan)) this.screen.line(line)
    if (this.args.shard) {
      this.screen.line(
        `Share ${this.args.shard.index} of ${this.args.shard.count}: ${files.length} of ${count(scan.files.length, 'file')}.`
      )
    }
    for (const line of cutShortLines(scan)) this.screen.error(line)
  }

  private tellRefused({ files }: PreparedBatch): void {
    for (const { file, error } of files) {
      if (error) this.screen.error(failureText(`${shownPath(file.path)}: failed.`, error))
    }
  }

  private jobSettings({ output }: PreparedBatch, model: ResolvedModel, join: JoinSettings['values']): JobSettings {
    const { precision, batch, budgetMb, threads, strengthPercent, floorDb } = this.args
    const how = { batch, budgetMb, threads, strengthPercent, floorDb }
    const device = this.choice.device?.device ?? this.args.device
    return { modelId: model.label, device, precision, ...join, ...how, output }
  }

  /** A budget that nothing fits in is a wrong option, told before anything begins. */
  private async withinBudget(memory: JobMemory, model: ResolvedModel, settings: JobSettings): Promise<void> {
    if (settings.budgetMb === null) return
    const asked = this.engineSettings(settings, model)
    const { state } = await memory.forecast(settings, asked, model.chunkSec)
    if (state !== 'known') this.screen.line('Measuring how much memory the model takes: this is done once.')
    try {
      await memory.plan(settings, asked, model.chunkSec, this.signal)
    } catch (thrown) {
      const error = toAppError(thrown)
      if (error.code === 'E_CANCELLED') return
      throw new UsageError(failureText(`--budget-mb ${settings.budgetMb}:`, error.toPayload()))
    }
  }

  private async denoise(
    batch: PreparedBatch,
    { model, memory, settings }: { model: ResolvedModel; memory: JobMemory; settings: JobSettings }
  ): Promise<{ state: QueueState; stopped: ErrorPayload | null }> {
    const { host } = this.services
    const store = new QueueStore(emptyQueue(randomUUID()))
    const jobs = batch.files.map(newJob)
    store.dispatch({ type: 'jobsAdded', jobs, settingsKey: 'all', settings })
    const voice = this.voiceOf(jobs)
    store.subscribe(voice.onEvent.bind(voice))
    const { keepMb, data } = this.args
    const runner = new QueueRunner({
      store,
      ...(keepMb > 0 && { kept: this.services.kept(data, keepMb) }),
      engine: host,
      claims: batch.claims,
      engineSettings: async (wanted) =>
        (await memory.plan(wanted, this.engineSettings(wanted, model), model.chunkSec)).settings,
      modelHash: ({ join }) => graphHash({ model: model.files, join }),
      memory: memory.runner,
      keepsWaiting: false,
      onEngine: this.tellEngine.bind(this),
      onProgress: voice.onProgress.bind(voice),
      onShortage: voice.onShortage.bind(voice)
    })
    const onAbort = (): void => {
      runner.stop('cancel')
    }
    this.signal.addEventListener('abort', onAbort, { once: true })
    const stopped = this.signal.aborted ? null : await runner.run()
    // The signal outlives this batch where a folder is watched: it must not hold on to it.
    this.signal.removeEventListener('abort', onAbort)
    cancelWaiting(store, stopped)
    if (!this.signal.aborted) await host.shutdown()
    return { state: store.state, stopped }
  }

  private voiceOf(jobs: readonly NewJob[]): BatchVoice {
    const meter = new BatchMeter()
    const runnable = jobs.filter((job) => job.error === null)
    for (const { id, inputPath, identity } of runnable) {
      meter.add({ jobId: id, path: inputPath, bytes: identity.sizeBytes, audioSec: null })
    }
    return new BatchVoice(this.screen, meter, jobs.length, jobs.length - runnable.length)
  }

  /** An engine that cannot be had fails the first file with the reason and ends the batch: the report says so in its form. */
  private tellEngine(status: EngineStatus, { overlapSec, chunkSec }: EngineSettings): void {
    if (status.kind !== 'ready') return
    const { device, join, precision } = status.ready
    const overlap = join === 'overlap' ? ` with ${overlapSec} s overlap` : ''
    this.screen.line(`Working on ${device}, chunks of ${chunkSec} s, ${join}${overlap}.`)
    this.device = device
    this.precision = precision
  }

  private device: string | null = null
  private precision: Precision | null = null

  private fileReports({ files }: PreparedBatch, state: QueueState): FileReport[] {
    const jobs = new Map(state.jobs.map((job) => [job.id, job]))
    return files.map(({ file }): FileReport => {
      const job = jobs.get(file.id)
      if (!job) throw new AppError('E_INTERNAL', { detail: `${file.path} was planned and never queued` })
      return fileReport(job)
    })
  }

  private tellEnd(files: readonly FileReport[], wallSec: number, stopped: ErrorPayload | null): void {
    if (stopped) this.tellStop(files, stopped)
    const kinds = ['done', 'failed', 'skipped', 'cancelled'] as const
    const counts = kinds.map((kind) => ({ kind, n: files.filter((file) => file.status === kind).length }))
    const parts = counts.filter(({ kind, n }) => n > 0 || kind === 'done').map(({ kind, n }) => `${n} ${kind}`)
    const { audioSec, peakRssBytes } = totals({ files, wallSec, peakRssBytes: this.services.host.peakRssBytes })
    const speed =
      audioSec > 0
        ? `; ${spokenDuration(audioSec)} of audio in ${spokenDuration(wallSec)} (${spokenRate(audioSec / wallSec)})`
        : ''
    const unrun = files.filter(({ withoutModel }) => withoutModel).length
    const kept = unrun > 0 ? `; ${unrun} from what was kept, without the model` : ''
    const memory = peakRssBytes > 0 ? `, engine memory at most ${Math.round(peakRssBytes / 1e6)} MB` : ''
    this.screen.line(`${count(files.length, 'file')}: ${parts.join(', ')}${kept}${speed}${memory}.`)
  }

  /** The reason in full, unless a file's failure just told it. */
  private tellStop(files: readonly FileReport[], stopped: ErrorPayload): void {
    const told = files.some((file) => file.status === 'failed' && file.error?.code === stopped.code)
    if (!told) this.screen.error(failureText('The batch was stopped.', stopped))
    const left = files.filter((file) => file.status === 'cancelled').length
    if (told && left > 0) this.screen.error(`The batch was stopped for that: ${count(left, 'file')} not begun.`)
  }

  private async writeReport(
    { reportPaths }: PreparedBatch,
    run: { model: ResolvedModel; settings: JobSettings; files: readonly FileReport[]; wallSec: number }
  ): Promise<void> {
    const { host, version } = this.services
    const report: RunReport = {
      version,
      model: run.model.label,
      device: this.device,
      precision: this.precision,
      precisionReason: run.model.precisionReason,
      settings: {
        ...reportSettings(run.settings),
        recursive: this.args.recursive,
        include: [...this.args.patterns.include],
        exclude: [...this.args.patterns.exclude]
      },
      shard: this.args.shard && `${this.args.shard.index}/${this.args.shard.count}`,
      files: [...run.files],
      totals: totals({ files: run.files, wallSec: run.wallSec, peakRssBytes: host.peakRssBytes })
    }
    for (const reportPath of reportPaths) await writeReport(reportPath, report)
  }

  private engineSettings(settings: JobSettings, model: ResolvedModel): EngineSettings {
    const { device, join, chunkSec, overlapSec, batch, threads } = settings
    const { files, fullFiles } = model
    const { ffmpeg } = this.args
    const ffmpegPath = ffmpeg === null ? null : path.resolve(ffmpeg)
    return { model: files, fullModel: fullFiles, device, join, chunkSec, overlapSec, batch, threads, ffmpegPath }
  }

  private exitCode(files: readonly FileReport[]): number {
    if (this.signal.aborted) return EXIT_CANCELLED
    return files.every((file) => file.status === 'done' || file.status === 'skipped') ? EXIT_OK : EXIT_SOME_FAILED
  }
}

function newJob({ file, outputPath, error }: PreparedBatch['files'][number]): NewJob {
  const { id, path: inputPath, root, relativePath, explicit, identity } = file
  return { id, inputPath, root, relativePath, explicit, identity, outputPath, error }
}

/** The batch is over: what never began ends with it. */
function cancelWaiting(store: QueueStore, because: ErrorPayload | null): void {
  const jobIds = store.state.jobs.filter(({ status }) => status.kind === 'pending').map(({ id }) => id)
  if (jobIds.length > 0) store.dispatch({ type: 'jobsCancelled', jobIds, because })
}

function nowSec(): number {
  return performance.now() / 1000
}
