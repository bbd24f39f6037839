import { AppError, toAppError, type ErrorPayload } from '../../shared/errors/appError'
import type { ConcreteDevice } from '../../shared/devices/providers'
import type { Handlers } from '../../shared/ipc/contract'
import type { DevicesView, DeviceTaskView } from '../../shared/ipc/deviceViews'
import type { PushEvent } from '../../shared/ipc/views'
import type { JobSettings } from '../../shared/settings/jobSettings'
import type { ModelLibrary } from '../models/library'
import { decideDevice, triedModel } from './autoDevice'
import type { Devices } from './openDevices'

export type DeviceRoute = 'devices.view' | 'devices.probe' | 'devices.getCuda' | 'devices.cancel'

export interface DeviceDeskOptions {
  readonly devices: Devices
  readonly library: Pick<ModelLibrary, 'resolve'>
  readonly settings: () => JobSettings
  /** A batch, a preview or a measurement works: a trial would take its cores, and be timed wrong. */
  readonly isBusy: () => boolean
  readonly push: (event: PushEvent) => void
}

/** Progress is told five times a second at most. */
const PROGRESS_MS = 200

/** What is done with devices in the window: one thing at a time, in the background. */
export class DeviceDesk {
  readonly handlers: Pick<Handlers, DeviceRoute>
  private task: DeviceTaskView | null = null
  private lastError: ErrorPayload | null = null
  private abort = new AbortController()
  private work: Promise<void> = Promise.resolve()
  private toldAtMs = -Infinity

  constructor(private readonly options: DeviceDeskOptions) {
    this.handlers = {
      'devices.view': () => this.view(),
      'devices.probe': ({ device }) => {
        const begins = { kind: 'probe', phase: 'probe', subject: device, fraction: null } as const
        return this.begin(begins, (signal) => this.probe(device, signal))
      },
      'devices.getCuda': () => {
        const begins = { kind: 'getCuda', phase: 'download', subject: '', fraction: null } as const
        return this.begin(begins, (signal) => this.getCuda(signal))
      },
      'devices.cancel': async () => {
        this.abort.abort()
        await this.work
        return null
      }
    }
  }

  /** A batch goes before a trial; a download goes on. */
  async standBack(): Promise<void> {
    if (this.task?.kind !== 'probe') return
    this.abort.abort()
    await this.work
  }

  /** Trials and downloads that are under way end. */
  async close(): Promise<void> {
    this.abort.abort()
    await this.work
  }

  async view(): Promise<DevicesView> {
    const { devices, library, settings } = this.options
    const job = settings()
    const model = await triedModel(library, job).catch(() => null) // Its own place tells what is wrong with it.
    const auto = await decideDevice(devices.service, library, { ...job, device: 'auto' })
    const chosen = job.device === 'auto' ? (auto?.device ?? null) : job.device
    return {
      modelId: job.modelId,
      devices: await devices.service.list(model, chosen),
      auto,
      cuda: devices.cuda.view,
      task: this.task,
      lastError: this.lastError
    }
  }

  private begin(task: DeviceTaskView, run: (signal: AbortSignal) => Promise<void>): Promise<null> {
    if (this.task !== null) throw new AppError('E_BAD_REQUEST', { detail: `${this.task.kind} is under way` })
    if (task.kind === 'probe' && this.options.isBusy()) {
      throw new AppError('E_BAD_REQUEST', { detail: 'devices are tried when nothing else runs' })
    }
    this.abort = new AbortController()
    this.task = task
    this.lastError = null
    this.work = this.runToEnd(run(this.abort.signal))
    void this.tell()
    return Promise.resolve(null)
  }

  private async runToEnd(run: Promise<void>): Promise<void> {
    try {
      await run
    } catch (thrown) {
      const error = toAppError(thrown)
      if (error.code !== 'E_CANCELLED') this.lastError = error.toPayload()
    }
    this.task = null
    await this.tell()
  }

  private async probe(device: ConcreteDevice | 'all', signal: AbortSignal): Promise<void> {
    const { devices, library, settings } = this.options
    const onDevice = (subject: ConcreteDevice, index: number, count: number): void => {
      this.progress({ kind: 'probe', phase: 'probe', subject, fraction: index / count }, true)
    }
    await devices.service.probe(device, await triedModel(library, settings()), { signal, onDevice })
  }

  private async getCuda(signal: AbortSignal): Promise<void> {
    const { cuda } = this.options.devices
    await cuda.get({
      signal,
      onProgress: (progress) => {
        this.progress({ kind: 'getCuda', ...progress }, progress.phase !== this.task?.phase)
      }
    })
    if (cuda.isInstalled && !this.options.isBusy()) await this.probe('cuda', signal)
  }

  private progress(task: DeviceTaskView, isStep: boolean): void {
    this.task = task
    const nowMs = performance.now()
    if (!isStep && nowMs - this.toldAtMs < PROGRESS_MS) return
    this.toldAtMs = nowMs
    void this.tell()
  }

  private async tell(): Promise<void> {
    this.options.push({ topic: 'devices', devices: await this.view() })
  }
}
