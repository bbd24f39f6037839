import { randomUUID } from 'node:crypto'
import { lstat } from 'node:fs/promises'
import { AppError, toAppError, type ErrorPayload } from '../../shared/errors/appError'
import type { Job } from '../../shared/jobs/job'
import type { QueueState } from '../../shared/jobs/queue'
import { BatchRunner, type RunnableFile } from '../jobs/runner'
import type { ModelLibrary, ResolvedModel } from '../models/library'
import type { EngineHost } from '../processes/engineHost'
import type { EngineSettings } from '../../engine/protocol'
import { parseCommand, UsageError, type DenoiseArgs } from './args'
import { BatchMeter } from './batchMeter'
import { BatchVoice, failureText } from './batchVoice'
import { HELP } from './help'
import { EXIT_CANCELLED, watchForInterruption } from './interruption'
import { joinSettings } from './joinSettings'
import { prepareBatch, type PreparedBatch } from './prepare'
import { fileReport, totals, writeReport, type FileReport } from './report'
import { Screen, type Terminal } from './screen'
import { count, shownPath, spokenDuration, spokenRate } from './words'

export const EXIT_OK = 0
export const EXIT_SOME_FAILED = 1
export const EXIT_WRONG_USE = 2

/** What the command stands on. */
export interface CliServices {
  readonly version: string
  readonly host: EngineHost
  readonly models: ModelLibrary
  readonly stdout: Terminal
  readonly stderr: Terminal
}

/** Runs one command line and returns its exit code. */
export async function runCli(argv: readonly string[], services: CliServices): Promise<number> {
  const interruption = watchForInterruption(() => {
    services.host.killNow()
  })
  try {
    const command = parseCommand(argv)
    if (command.kind === 'denoise') return await new DenoiseCommand(command.args, services, interruption.signal).run()
    services.stdout.write(command.kind === 'help' ? HELP : `${services.version}\n`)
    return EXIT_OK
  } catch (thrown) {
    if (interruption.signal.aborted) return EXIT_CANCELLED
    if (!(thrown instanceof UsageError)) throw thrown
    services.stderr.write(`${thrown.message}\nRun with --help for all options.\n`)
    return EXIT_WRONG_USE
  } finally {
    services.host.killNow()
    interruption.dispose()
  }
}

class DenoiseCommand {
  private readonly screen: Screen

  constructor(
    private readonly args: DenoiseArgs,
    private readonly services: CliServices,
    private readonly signal: AbortSignal
  ) {
    this.screen = new Screen(services.stdout, services.stderr, args.quiet)
  }

  async run(): Promise<number> {
    const startSec = nowSec()
    const model = await this.resolveModel()
    const { values, notes } = joinSettings(this.args, {
      hasStateful: model.files.statefulPath !== null,
      chunkSec: model.chunkSec
    })
    const batch = await prepareBatch(this.args, this.signal)
    for (const note of notes) this.screen.line(note)
    this.tellScan(batch)
    const { device, batch: lanes, threads } = this.args
    const settings: EngineSettings = { model: model.files, device, ...values, batch: lanes, threads, ffmpegPath: null }
    const { state, stopped } = await this.denoise(batch, settings)
    const files = this.fileReports(batch, state)
    const wallSec = nowSec() - startSec
    this.screen.clearStatus()
    this.tellEnd(files, wallSec, stopped)
    await this.writeReport(batch, { model, settings, files, wallSec })
    return this.exitCode(files)
  }

  /** A model that is not there is a wrong option, not a failed file. */
  private async resolveModel(): Promise<ResolvedModel> {
    try {
      return await this.services.models.resolve(this.args.model)
    } catch (thrown) {
      const head = this.args.model === null ? 'The default model:' : `--model ${this.args.model}:`
      throw new UsageError(failureText(head, toAppError(thrown).toPayload()))
    }
  }

  private tellScan({ scan, plan }: PreparedBatch): void {
    for (const { path, reason } of scan.skipped) this.screen.line(`left out: ${shownPath(path)} (${reason})`)
    if (scan.cutShort)
      this.screen.error(`Only the first ${count(scan.files.length, 'file')} are taken; run again for the rest.`)
    for (const { file, error } of plan.files) {
      if (error) this.screen.error(failureText(`${shownPath(file.path)}: failed.`, error))
    }
  }

  private async denoise(
    batch: PreparedBatch,
    settings: EngineSettings
  ): Promise<{ state: QueueState; stopped: ErrorPayload | null }> {
    const { host } = this.services
    const files = runnable(batch)
    if (await this.needsEngine(files)) await this.startEngine(settings)
    const meterFiles = files.map((file) => ({
      jobId: file.jobId,
      path: file.inputPath,
      bytes: file.identity.sizeBytes
    }))
    const meter = new BatchMeter(meterFiles, nowSec())
    const total = batch.plan.files.length
    const voice = new BatchVoice(this.screen, meter, total, total - files.length)
    const runner = new BatchRunner(
      files,
      {
        engine: host,
        claims: batch.plan.claims,
        onExists: this.args.onExists,
        outDir: batch.outDir,
        // One file more than lanes: the next is at hand when a lane falls free.
        inFlight: settings.batch === 1 ? 1 : settings.batch + 1,
        signal: this.signal,
        onEvent: voice.onEvent.bind(voice),
        onProgress: voice.onProgress.bind(voice)
      },
      randomUUID()
    )
    const state = await runner.run()
    if (!this.signal.aborted) await host.shutdown()
    return { state, stopped: runner.stopReason }
  }

  private async needsEngine(files: readonly RunnableFile[]): Promise<boolean> {
    if (this.args.onExists !== 'skip') return files.length > 0
    for (const { outputPath } of files) {
      if ((await lstat(outputPath).catch(() => null)) === null) return true
    }
    return false
  }

  /** An engine that cannot be had fails the first file with the reason and ends the batch: the report says so in its form. */
  private async startEngine(settings: EngineSettings): Promise<void> {
    const status = await Promise.race([this.services.host.start(settings), aborted(this.signal)])
    if (status?.kind !== 'ready') return
    const { device, join } = status.ready
    const overlap = join === 'overlap' ? ` with ${settings.overlapSec} s overlap` : ''
    this.screen.line(`Working on ${device}, chunks of ${settings.chunkSec} s, ${join}${overlap}.`)
    this.device = device
  }

  private device: string | null = null

  private fileReports(batch: PreparedBatch, state: QueueState): FileReport[] {
    const jobs = new Map(state.jobs.map((job) => [job.inputPath, job]))
    return batch.plan.files.map(({ file, error }): FileReport => {
      const refused = error && {
        id: '',
        inputPath: file.path,
        outputPath: null,
        status: { kind: 'failed', error } as const
      }
      const job: Job | undefined = refused ?? jobs.get(file.path)
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
    const memory = peakRssBytes > 0 ? `, engine memory at most ${Math.round(peakRssBytes / 1e6)} MB` : ''
    this.screen.line(`${count(files.length, 'file')}: ${parts.join(', ')}${speed}${memory}.`)
  }

  /** The reason in full, unless a file's failure just told it. */
  private tellStop(files: readonly FileReport[], stopped: ErrorPayload): void {
    const told = files.some((file) => file.status === 'failed' && file.error?.code === stopped.code)
    if (!told) this.screen.error(failureText('The batch was stopped.', stopped))
    const left = files.filter((file) => file.status === 'cancelled').length
    if (told && left > 0) this.screen.error(`The batch was stopped for that: ${count(left, 'file')} not begun.`)
  }

  private async writeReport(
    { reportPath, outDir }: PreparedBatch,
    run: { model: ResolvedModel; settings: EngineSettings; files: readonly FileReport[]; wallSec: number }
  ): Promise<void> {
    if (reportPath === null) return
    const { join, chunkSec, overlapSec, batch, threads, device } = run.settings
    const { onExists, recursive } = this.args
    const peakRssBytes = this.services.host.peakRssBytes
    await writeReport(reportPath, {
      version: this.services.version,
      model: run.model.label,
      device: this.device,
      settings: { device, join, chunkSec, overlapSec, batch, threads, onExists, recursive, out: outDir },
      files: run.files,
      totals: totals({ files: run.files, wallSec: run.wallSec, peakRssBytes })
    })
  }

  private exitCode(files: readonly FileReport[]): number {
    if (this.signal.aborted) return EXIT_CANCELLED
    return files.every((file) => file.status === 'done' || file.status === 'skipped') ? EXIT_OK : EXIT_SOME_FAILED
  }
}

function runnable({ plan }: PreparedBatch): RunnableFile[] {
  return plan.files.flatMap(({ file, outputPath }) =>
    outputPath === null ? [] : [{ jobId: randomUUID(), inputPath: file.path, outputPath, identity: file.identity }]
  )
}

function aborted(signal: AbortSignal): Promise<null> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(null)
    signal.addEventListener('abort', () => {
      resolve(null)
    })
  })
}

function nowSec(): number {
  return performance.now() / 1000
}
