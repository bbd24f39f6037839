import { stat } from 'node:fs/promises'
import { homedir, release } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { EngineSettings } from '../../engine/protocol'
import { AppError, toAppError } from '../../shared/errors/appError'
import type { BatchProgress, EngineView, ForecastView, RecoveryView, Snapshot } from '../../shared/ipc/views'
import type { Outlook } from '../../shared/ipc/outlookViews'
import type { ShippedPart } from '../../shared/ipc/licenceViews'
import type { QueueState } from '../../shared/jobs/queue'
import { patternsOf, type AppSettings, type SettingsPatch } from '../../shared/settings/appSettings'
import type { JobSettings } from '../../shared/settings/jobSettings'
import type { RunReport } from '../reports/runReport'
import type { ResolvedModel } from '../models/library'
import { JobMemory } from '../memory/jobMemory'
import { graphHash } from '../memory/runKey'
import { EngineHost } from '../processes/engineHost'
import { MediaHost, type FfmpegStatus } from '../processes/mediaHost'
import { onDevice, withoutFailed } from '../devices/autoDevice'
import { Adder } from './adder'
import { appInfo, cpuModel } from './appInfo'
import type { CoreHandlers, CoreOptions } from './coreOptions'
import { openParts, type CoreParts } from './coreParts'
import { EngineChoices, engineViewOf } from './engineChoices'
import { coreHandlers } from './handlers'
import { reportOfJob, reportOfList } from './coreReports'
import { totalBytes } from './metricsSampler'
import { readLicences } from './licences'
import { ModelUse } from './modelUse'
import { Outbox } from './outbox'
import { preflight } from './preflight'
import { Prober } from './prober'
import { ProgressTracker } from './progressTracker'
import { QueueService } from './queueService'
import { recoveryOf, stillOpen, resultPath, waitingIds } from './recoveryView'
import { Services } from './services'
import { queueWatcher, type Watcher } from './watcher'

export type { CoreHandlers, CoreOptions, CoreRoute } from './coreOptions'

/** From a wish to close until the engine is ended by force: the journal and the settings still follow. */
const CLOSE_PATIENCE_MS = 2000
/** An engine that has nothing to do gives its memory back after so long; the next start has it in a second. */
const IDLE_ENGINE_MS = 120_000
/** A window that opens waits so long for word of ffmpeg. */
const FFMPEG_PATIENCE_MS = 1000

/** Everything of the app that is not Electron: settings, queue, engine and media process behind the routes. */
export class AppCore {
  /** They throw an {@link AppError}, never answer with an envelope. */
  readonly handlers: CoreHandlers
  readonly queue: QueueService
  private readonly adder: Adder
  private readonly watcher: Watcher
  private readonly prober: Prober
  private readonly progress: ProgressTracker
  private readonly outbox: Outbox
  private readonly host: EngineHost
  private readonly media: MediaHost
  readonly services: Services
  private recovery: RecoveryView | null
  /** What waited when the app was opened: only this is asked about. */
  private readonly earlier: ReadonlySet<string>
  private ffmpeg: FfmpegStatus | null = null
  private readonly choices = new EngineChoices()
  private readonly memory: JobMemory
  private readonly modelUse: ModelUse
  private closing: Promise<void> | null = null
  private idleTimer: NodeJS.Timeout | null = null

  private constructor(
    private readonly options: CoreOptions,
    private readonly parts: CoreParts
  ) {
    const { store, planner, opened } = parts
    const { push } = options
    this.outbox = new Outbox(store, opened.journal, push)
    this.host = new EngineHost(options.openEngine)
    this.host.standIn = this.standIn.bind(this)
    this.media = new MediaHost(options.openMedia)
    this.progress = new ProgressTracker(store, push)
    this.memory = this.newMemory()
    this.queue = new QueueService({
      store,
      planner,
      host: this.host,
      progress: this.progress,
      engineSettings: async (settings) => (this.choices.last = await this.engineSettings(settings)),
      modelHash: async (settings) =>
        graphHash({ model: (await this.modelUse.resolve(settings)).files, join: settings.join }),
      memory: this.memory.runner,
      kept: parts.kept,
      ffmpegPath: () => this.settings.ffmpegPath,
      onFinished: (end) => {
        this.outbox.post({ topic: 'finished', ...end })
      }
    })
    this.adder = new Adder(store, planner, push)
    this.watcher = queueWatcher({
      adder: this.adder,
      settings: () => this.settings,
      // Who has not said yet what becomes of an earlier list is not overtaken; a pause is a person's own.
      start: this.startByItself.bind(this),
      push,
      log: options.log
    })
    this.prober = new Prober(store, this.media)
    this.modelUse = new ModelUse({
      ...{ store, host: this.host, choices: this.choices, library: parts.models.library },
      preview: () => this.services.preview,
      bench: () => this.services.bench,
      suspect: (id) => {
        this.services.models.suspect(id)
      },
      compare: (id, device) => this.services.models.compare(id, device)
    })
    this.services = this.newServices()
    this.recovery = recoveryOf(store.state, opened.damagedCopyPath)
    this.earlier = new Set(waitingIds(store.state))
    this.handlers = coreHandlers(this, {
      ...{ queue: this.queue, adder: this.adder, services: this.services, kept: parts.kept }
    })
    this.listen()
  }

  /** Settings and journal read, stale parts swept. Throws `E_IO` where another process holds `dataFolder`. */
  static open(options: CoreOptions): Promise<AppCore> {
    return AppCore.read(options).catch((thrown: unknown) => {
      throw toAppError(thrown)
    })
  }

  private static async read(options: CoreOptions): Promise<AppCore> {
    let core: AppCore | null = null
    const parts = await openParts(options, {
      onJournalFailure: (error) => void core?.queue.stop(error.toPayload()),
      isInUse: (id) => core?.modelUse.isInUse(id) ?? false,
      readGpu: (pids) => core?.services.memory.readGpu(pids) ?? Promise.resolve(null)
    })
    core = new AppCore(options, parts)
    return core
  }

  get settings(): AppSettings {
    return this.parts.settings.settings
  }

  get queueState(): QueueState {
    return this.parts.store.state
  }

  /** Null while nothing runs. */
  get batch(): BatchProgress | null {
    return this.progress.batch
  }

  addPaths(paths: readonly string[]): Promise<{ readonly scanId: string }> {
    return Promise.resolve({ scanId: this.adder.add(paths, this.settings.job, patternsOf(this.settings)) })
  }

  licences(): Promise<readonly ShippedPart[]> {
    return readLicences(this.options.layout.licencesPath)
  }

  /** Of a job; checked to be there. Throws `E_IO` where it is not. */
  async pathOf(jobId: string, which: 'source' | 'result'): Promise<string> {
    const job = this.parts.store.job(jobId)
    const full = which === 'source' ? job?.inputPath : resultPath(job)
    if (full === undefined) throw new AppError('E_IO', { detail: `this file has no ${which}` })
    await stat(full).catch((error: unknown) => {
      throw new AppError('E_IO', { path: full, detail: `${full} is not there` }, error)
    })
    return full
  }

  /** Throws `E_IO` for a job that is gone. */
  reportOf(jobId: string): string {
    return reportOfJob(this.queueState, jobId, {
      version: this.options.layout.version,
      platform: `${process.platform} ${release()} ${process.arch}`,
      cpuModel: cpuModel(),
      totalBytes: totalBytes(),
      engine: this.engineView(),
      ffmpeg: this.ffmpeg?.ffmpeg ? `${this.ffmpeg.ffmpeg.version}, ${this.ffmpeg.ffmpeg.path}` : null
    })
  }

  /** Of all files that have ended. Throws `E_BAD_REQUEST` where none has. */
  runReport(): RunReport {
    return reportOfList(this.queueState, this.engineView(), this.options.layout.version)
  }

  // Async, so that whatever is wrong with a patch is a rejection.
  // eslint-disable-next-line @typescript-eslint/require-await
  async patchSettings(patch: SettingsPatch): Promise<AppSettings> {
    const folder = patch.job?.output?.folder
    if (typeof folder === 'string' && !path.isAbsolute(folder)) {
      throw new AppError('E_IO', { path: folder, detail: `${folder} is not an absolute path` })
    }
    const before = this.settings
    const settings = this.parts.settings.patch(patch)
    if (settings.ffmpegPath !== before.ffmpegPath) this.media.setFfmpeg(settings.ffmpegPath)
    if (settings.keepMb !== before.keepMb) void this.parts.kept.tidy()
    this.watcher.update()
    if (settings.askForUpdates !== before.askForUpdates) this.services.updates.agreed()
    this.options.push({ topic: 'settings', settings })
    return settings
  }

  /** All that a window needs; the queue in it is on disk. */
  async snapshot(): Promise<Snapshot> {
    if (this.ffmpeg === null) {
      const known = this.media.ffmpeg().then(
        () => undefined,
        () => undefined // Without a media process nothing is known: the window shows none.
      )
      await Promise.race([known, sleep(FFMPEG_PATIENCE_MS)])
    }
    const { written } = this.outbox
    const snapshot = this.snapshotNow()
    await written
    return snapshot
  }

  async startQueue(): Promise<void> {
    this.setRecovery(null)
    // A batch goes before a measurement.
    await Promise.all([this.services.bench.cancel(), this.memory.standBack(), this.services.devices.standBack()])
    await this.queue.start()
  }

  async recover(choice: 'continue' | 'keep' | 'discard'): Promise<void> {
    this.setRecovery(null)
    if (choice === 'discard') this.queue.discardWaiting(this.earlier)
    if (choice === 'continue') await this.startQueue()
    else await this.startCome()
  }

  private async startByItself(): Promise<void> {
    if (this.recovery === null && this.queueState.run.kind === 'idle') await this.startQueue()
  }

  /** What came into the watched folder while the earlier list was asked about waits no longer. */
  private async startCome(): Promise<void> {
    if ((this.watcher.view?.taken ?? 0) > 0) await this.startByItself()
  }

  async preflight(settings: JobSettings): Promise<Awaited<ReturnType<typeof preflight>>> {
    // A model that cannot be used says so at its own place.
    const forecast = await this.forecast(settings).catch(() => null)
    return preflight({
      state: this.queueState,
      settings,
      forecast,
      speed: this.progress.speedOf(settings),
      availableBytes: this.services.memory.availableBytes,
      // Before the media process has looked, nobody says that there is none.
      hasFfmpeg: this.ffmpeg?.ffmpeg !== null,
      homeFolder: homedir()
    })
  }

  outlook(): Promise<Outlook> {
    return this.queue.outlook(this.ffmpeg?.ffmpeg !== null)
  }

  /** Tries again to have an engine; one that works is left alone. */
  async retryEngine(): Promise<void> {
    if (this.host.status.kind === 'ready' || this.host.status.kind === 'starting') return
    const settings = this.choices.last ?? (await this.engineSettings(this.settings.job))
    const status = await this.host.start(settings)
    if (status.kind === 'unavailable') throw new AppError(status.error.code, status.error.data)
  }

  /** Ends engine and media in order; running jobs go back to waiting in the journal. 3 s at most. */
  close(): Promise<void> {
    this.closing ??= this.closeOnce()
    return this.closing
  }

  private async closeOnce(): Promise<void> {
    const deadline = setTimeout(() => {
      this.host.killNow()
    }, CLOSE_PATIENCE_MS)
    await Promise.all([
      this.queue.close(),
      this.adder.close(),
      this.watcher.close(),
      this.prober.close(),
      this.services.close(),
      this.memory.close()
    ])
    this.progress.close()
    if (this.idleTimer) clearTimeout(this.idleTimer)
    await Promise.race([Promise.all([this.host.shutdown(), this.media.close()]), sleep(CLOSE_PATIENCE_MS / 4)])
    this.host.killNow()
    this.parts.workshop.killNow()
    clearTimeout(deadline)
    await this.outbox.drained()
    await Promise.all([this.parts.opened.journal.close(), this.parts.settings.flush()])
  }

  private newServices(): Services {
    const { store, models } = this.parts
    return new Services({
      options: this.options,
      store,
      models: models.library,
      modelService: models.service,
      devices: this.parts.devices,
      modelState: this.parts.modelState,
      patchSettings: this.patchSettings.bind(this),
      releaseModel: this.modelUse.release.bind(this.modelUse),
      host: this.host,
      media: this.media,
      settings: () => this.settings,
      engineSettings: this.engineSettings.bind(this),
      sourceOf: (jobId) => this.pathOf(jobId, 'source'),
      onSpeed: this.progress.onSpeed.bind(this.progress),
      onHold: this.progress.setHeld.bind(this.progress),
      onEngineMemory: this.progress.onMemory.bind(this.progress),
      onEngineVram: this.memory.onVram.bind(this.memory)
    })
  }

  private listen(): void {
    this.host.onStatus(() => {
      this.options.push({ topic: 'engine', engine: this.engineView() })
    })
    this.media.onFfmpeg((status) => {
      this.ffmpeg = status
      if (status.error) this.options.log(`the ffmpeg that was chosen does not work: ${status.error.code}`, 'warn')
    })
    this.media.setFfmpeg(this.settings.ffmpegPath)
    this.parts.store.subscribe((event, { run }) => {
      if (event.type === 'runChanged') this.onRun(run.kind)
      // The code only: what file it was is the user's.
      if (event.type === 'jobFailed') this.options.log(`a file failed: ${event.error.code}`, 'warn')
      if (event.type === 'jobsRemoved' && this.recovery) {
        this.setRecovery(stillOpen(this.recovery, this.earlier, this.queueState))
        this.startCome().catch((thrown: unknown) => {
          this.options.log(`the list could not be begun: ${toAppError(thrown).code}`, 'warn')
        })
      }
    })
    this.prober.wake()
    this.services.memory.start()
    this.watcher.update()
  }

  private onRun(kind: QueueState['run']['kind']): void {
    if (this.idleTimer) clearTimeout(this.idleTimer)
    this.idleTimer = null
    if (kind === 'running') this.services.memory.hurry()
    if (kind !== 'idle') return
    this.idleTimer = setTimeout(() => {
      if (this.queueState.run.kind !== 'idle') return
      if (this.services.preview.isRunning) this.onRun('idle')
      else void this.host.shutdown()
    }, IDLE_ENGINE_MS)
  }

  private setRecovery(recovery: RecoveryView | null): void {
    if (this.recovery === recovery) return
    this.recovery = recovery
    this.options.push({ topic: 'recovery', recovery })
  }

  private async engineSettings(settings: JobSettings): Promise<EngineSettings> {
    const { wanted, deviceChoice } = await onDevice(this.parts, settings)
    const resolved = await this.modelUse.resolveForWork(wanted)
    const asked = this.asked(wanted, resolved)
    const { settings: engine } = await this.memory.plan(wanted, asked, resolved.chunkSec)
    const isNews = this.choices.note(engine, settings, { ...resolved, deviceChoice })
    if (isNews && this.host.status.kind === 'ready') this.options.push({ topic: 'engine', engine: this.engineView() })
    return engine
  }

  private async forecast(settings: JobSettings): Promise<ForecastView> {
    const { wanted } = await onDevice(this.parts, settings)
    const resolved = await this.modelUse.resolve(wanted)
    return this.memory.forecast(wanted, this.asked(wanted, resolved), resolved.chunkSec)
  }

  private async standIn(engine: EngineSettings, error: AppError): Promise<EngineSettings | null> {
    const { devices } = this.parts
    const wish = withoutFailed(devices.service, { engine, error, choice: this.choices.of(engine) })
    if (wish) this.options.log(`auto leaves ${engine.device} out: ${error.message}`, 'warn')
    return wish && this.engineSettings(wish)
  }

  /** What a job asks for, before memory has its say. */
  private asked(settings: JobSettings, { files: model, fullFiles: fullModel }: ResolvedModel): EngineSettings {
    const { device, join, chunkSec, batch, threads } = settings
    // The schema's word for it: at most half the chunk.
    const overlapSec = Math.min(settings.overlapSec, chunkSec / 2)
    const { ffmpegPath } = this.settings
    return { model, fullModel, device, join, chunkSec, overlapSec, batch, threads, ffmpegPath }
  }

  private newMemory(): JobMemory {
    const { book, bundled } = this.parts
    const { openEngine, dataFolder, push, log } = this.options
    return new JobMemory({
      ...{ book, bundled, openEngine, log, host: this.host },
      scratchFolder: path.join(dataFolder, 'cache', 'memory'),
      availableBytes: () => this.services.memory.availableBytes,
      readGpu: (pids) => this.services.memory.readGpu(pids),
      isBusy: () =>
        this.queueState.run.kind !== 'idle' || this.services.preview.isRunning || this.services.bench.isRunning,
      onMeasured: () => {
        push({ topic: 'forecast' })
      }
    })
  }

  private engineView(): EngineView {
    return engineViewOf(this.host.status, this.host.pid, this.choices.of(this.host.startedWith))
  }

  private snapshotNow(): Snapshot {
    return {
      info: appInfo(this.options, this.ffmpeg),
      queue: this.queueState,
      settings: this.settings,
      models: this.services.models.models,
      shelf: this.services.models.shelf,
      engine: this.engineView(),
      progress: this.progress.jobs,
      batch: this.progress.batch,
      recovery: this.recovery,
      scans: this.adder.views,
      watch: this.watcher.view,
      facts: this.services.memory.facts
    }
  }
}
