import { randomUUID } from 'node:crypto'
import { rename } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { EngineSettings, FileJob } from '../../engine/protocol'
import type { Excerpt, MediaRequest } from '../../media/protocol'
import { AppError, isModelTrouble, toAppError } from '../../shared/errors/appError'
import type { Handlers, RequestOf } from '../../shared/ipc/contract'
import type { PreviewView } from '../../shared/ipc/playerViews'
import type { PushEvent } from '../../shared/ipc/views'
import type { AppSettings } from '../../shared/settings/appSettings'
import type { JobSettings } from '../../shared/settings/jobSettings'
import { residualGainOf } from '../../shared/settings/reduction'
import type { QueueStore } from '../jobs/queueStore'
import { EngineCrash } from '../processes/engineErrors'
import type { EngineHost } from '../processes/engineHost'
import type { OpenTransport } from '../processes/engineTransport'
import { PreviewEngine } from './previewEngine'
import { PreviewFolder, type PreviewFiles } from './previewFiles'
import { SpeedMeter } from './speedMeter'

export type PreviewRoute = 'preview.start' | 'preview.cancel'

export type ExcerptWish = Omit<Extract<MediaRequest, { type: 'excerpt' }>, 'type' | 'id'>

export interface PreviewOptions {
  readonly store: QueueStore
  readonly media: { excerpt(wish: ExcerptWish, signal?: AbortSignal): Promise<Excerpt> }
  /** The batch's engine: a preview with its settings goes into it. */
  readonly host: EngineHost
  /** For settings other than the batch's: an engine of its own for as long as the preview takes, the batch held meanwhile. */
  readonly openEngine: OpenTransport
  readonly engineSettings: (settings: JobSettings) => Promise<EngineSettings>
  readonly settings: () => AppSettings
  readonly cacheFolder: string
  /** Seconds of audio a second, measured with these settings. */
  readonly onSpeed: (speed: number, settings: JobSettings) => void
  /** The batch stands still for a preview, or goes on. */
  readonly onHold: (held: boolean) => void
  /** Work begins. */
  readonly onBusy: () => void
  /** A model turned out to be damaged, or gone. */
  readonly onModelTrouble: (modelId: string) => void
  readonly push: (event: PushEvent) => void
}

/** What the network looks at before and after the part that is shown. */
const LEAD_SEC = 2
const TAIL_SEC = 0.5
/** How much of the way the cut is, and an engine that must be loaded. */
const CUT_SHARE = 0.1
const CLOSE_PATIENCE_MS = 1000

interface Running {
  readonly previewId: string
  readonly jobId: string
  readonly modelId: string
  readonly abort: AbortController
  ended: Promise<void>
}

/** Denoises a few seconds of a file on the side, with the form's settings. One at a time: a new one ends the last. */
export class PreviewService {
  readonly handlers: Pick<Handlers, PreviewRoute>
  private readonly engine: PreviewEngine
  private readonly folder: PreviewFolder
  private current: Running | null = null
  /** With the last one, which has been stopped and is not yet gone. */
  private readonly working = new Set<Running>()
  /** Files that ended the batch's engine. */
  private readonly crashed = new Set<string>()
  private readonly unsubscribe: () => void
  private closed = false

  constructor(private readonly options: PreviewOptions) {
    const { store, host, openEngine, onHold } = options
    this.engine = new PreviewEngine({ host, openEngine, onHold })
    this.folder = new PreviewFolder(path.join(options.cacheFolder, 'previews'))
    this.unsubscribe = store.subscribe((event) => {
      if (event.type === 'jobsRemoved') this.onRemoved(event.jobIds)
    })
    this.handlers = {
      // Async, so that whatever is wrong is a rejection.
      // eslint-disable-next-line @typescript-eslint/require-await
      'preview.start': async (request) => ({ previewId: this.start(request) }),
      'preview.cancel': ({ previewId }) => {
        if (this.current?.previewId === previewId) this.current.abort.abort(new AppError('E_CANCELLED'))
        return Promise.resolve(null)
      }
    }
  }

  get isRunning(): boolean {
    return this.current !== null
  }

  /** Whether one works with this model now. */
  usesModel(id: string): boolean {
    return [...this.working].some(({ modelId }) => modelId === id)
  }

  /** Ends an engine of its own that only waits for the next preview. */
  async releaseEngine(): Promise<void> {
    if (this.working.size === 0) await this.engine.release()
  }

  /** Of an engine of its own, while there is one. */
  get enginePids(): readonly number[] {
    return this.engine.pids
  }

  /** Null where there is none, or it is not done. */
  filesOf(previewId: string): PreviewFiles | null {
    return this.folder.filesOf(previewId)
  }

  /** Ends what runs, and leaves nothing behind. A second at most. */
  async close(): Promise<void> {
    this.closed = true
    this.unsubscribe()
    const { current } = this
    current?.abort.abort(new AppError('E_CANCELLED'))
    await Promise.race([Promise.all([current?.ended, this.engine.close()]), sleep(CLOSE_PATIENCE_MS)])
    await this.folder.clear()
  }

  private start(request: RequestOf<'preview.start'>): string {
    const job = this.options.store.job(request.jobId)
    if (!job) throw new AppError('E_IO', { detail: 'this file is no longer in the list' })
    if (this.closed) throw new AppError('E_CANCELLED')
    const last = this.current
    last?.abort.abort(new AppError('E_CANCELLED'))
    const previewId = `preview-${randomUUID()}`
    // Those of now: the form may change while it runs.
    const settings = this.options.settings().job
    const { modelId } = settings
    const running: Running = {
      ...{ previewId, jobId: job.id, modelId },
      ...{ abort: new AbortController(), ended: Promise.resolve() }
    }
    this.current = running
    this.working.add(running)
    this.options.onBusy()
    running.ended = (async () => {
      this.tell(running, { kind: 'working', fraction: 0 })
      await last?.ended
      await this.run(running, { ...request, inputPath: job.inputPath, settings })
      this.working.delete(running)
      if (this.current === running) this.current = null
    })()
    return previewId
  }

  /** Never rejects: its end is told. */
  private async run(running: Running, task: PreviewTask): Promise<void> {
    const { previewId } = running
    try {
      const state = await this.make(running, task)
      this.tell(running, state)
    } catch (thrown) {
      await this.folder.drop(previewId)
      if (thrown instanceof EngineCrash && !thrown.deliberate) this.crashed.add(task.inputPath)
      const error = running.abort.signal.aborted ? new AppError('E_CANCELLED') : toAppError(thrown)
      if (isModelTrouble(error)) this.options.onModelTrouble(running.modelId)
      this.tell(running, { kind: 'failed', error: error.toPayload() })
    }
  }

  private async make(running: Running, task: PreviewTask): Promise<PreviewView['state']> {
    const { previewId, abort } = running
    const { signal } = abort
    signal.throwIfAborted()
    const { inputPath, startSec, lengthSec, settings } = task
    const folder = await this.folder.make(previewId)
    const originalPath = path.join(folder, 'original.wav')
    const { loudness, truePeakDb, audioTrack: track } = settings.output
    const cut = {
      ...{ path: inputPath, track, startSec, lengthSec, leadSec: LEAD_SEC, tailSec: TAIL_SEC, outPath: originalPath },
      comparesLevels: loudness !== 'restore' || truePeakDb !== null
    }
    const excerpt = await this.options.media.excerpt(cut, signal)
    this.tell(running, { kind: 'working', fraction: CUT_SHARE })
    const cleanPath = path.join(folder, 'clean.wav')
    const { wholeAbove } = excerpt
    const speed = await this.denoise(running, { settings, inputPath, originalPath, cleanPath, wholeAbove })
    signal.throwIfAborted()
    const { window, sampleRateHz } = excerpt
    await this.folder.keep(previewId, {
      ...{ jobId: running.jobId, originalPath, cleanPath, window },
      startSec: excerpt.startSec
    })
    return { kind: 'done', startSec: excerpt.startSec, lengthSec: window.frames / sampleRateHz, speed }
  }

  private async denoise(
    running: Running,
    task: Pick<PreviewTask, 'settings' | 'inputPath'> &
      Pick<Excerpt, 'wholeAbove'> & { readonly originalPath: string; readonly cleanPath: string }
  ): Promise<number> {
    const { settings, inputPath, originalPath, cleanPath, wholeAbove } = task
    const { above8k, channels, loudness, targetLufs, truePeakDb } = settings.output
    const partPath = `${cleanPath}.part`
    const file: FileJob = {
      ...{ jobId: running.previewId, inputPath: originalPath, partPath, outputContainer: 'wav', isUrgent: true },
      ...{ above8k, channels },
      // The gain is the whole file's: the part gets the one that its file will have.
      level: { loudness, targetLufs, truePeakDb, ...(wholeAbove && { wholeAbove }) },
      residualGain: residualGainOf(settings)
    }
    const meter = new SpeedMeter()
    const done = await this.engine.denoise({
      file,
      settings: await this.options.engineSettings(settings),
      signal: running.abort.signal,
      mayShare: !this.crashed.has(inputPath),
      onProgress: (progress) => {
        meter.onProgress(progress)
        this.tell(running, { kind: 'working', fraction: CUT_SHARE + (1 - CUT_SHARE) * progress.fraction })
      }
    })
    const speed = meter.read(done)
    await rename(partPath, cleanPath)
    this.options.onSpeed(speed, settings)
    return speed
  }

  private onRemoved(jobIds: readonly string[]): void {
    if (this.current && jobIds.includes(this.current.jobId)) this.current.abort.abort(new AppError('E_CANCELLED'))
  }

  private tell({ previewId, jobId }: Running, state: PreviewView['state']): void {
    this.options.push({ topic: 'preview', preview: { previewId, jobId, state } })
  }
}

type PreviewTask = Pick<RequestOf<'preview.start'>, 'startSec' | 'lengthSec'> & {
  readonly inputPath: string
  readonly settings: JobSettings
}
