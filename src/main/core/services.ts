import path from 'node:path'
import type { EngineSettings } from '../../engine/protocol'
import type { Handlers } from '../../shared/ipc/contract'
import type { AppSettings, SettingsPatch } from '../../shared/settings/appSettings'
import type { JobSettings } from '../../shared/settings/jobSettings'
import { BenchService } from '../bench/benchService'
import { decideDevice } from '../devices/autoDevice'
import { DeviceDesk } from '../devices/deviceDesk'
import type { Devices } from '../devices/openDevices'
import type { QueueStore } from '../jobs/queueStore'
import type { ModelLibrary } from '../models/library'
import { ModelDesk } from '../models/modelDesk'
import type { ModelService } from '../models/modelService'
import type { ModelState } from '../models/modelShelf'
import { PlayerService } from '../player/playerService'
import { PreviewService } from '../player/previewService'
import type { EngineHost } from '../processes/engineHost'
import type { MediaHost } from '../processes/mediaHost'
import { readFeed } from '../updates/updateFeed'
import { UpdateService } from '../updates/updateService'
import type { CoreOptions, ServiceRoute } from './coreOptions'
import { MemoryRecorder } from './memoryRecorder'

export interface ServiceParts {
  readonly options: CoreOptions
  readonly store: QueueStore
  readonly host: EngineHost
  readonly media: MediaHost
  readonly models: ModelLibrary
  readonly modelService: ModelService
  readonly devices: Devices
  /** What was there at the start. */
  readonly modelState: ModelState
  readonly settings: () => AppSettings
  readonly patchSettings: (patch: SettingsPatch) => Promise<AppSettings>
  /** Ends engines that hold a model and do nothing with it. */
  readonly releaseModel: (id: string) => Promise<void>
  readonly engineSettings: (settings: JobSettings) => Promise<EngineSettings>
  readonly sourceOf: (jobId: string) => Promise<string>
  readonly onSpeed: (speed: number, settings: JobSettings) => void
  /** The batch stands still for a preview, or goes on. */
  readonly onHold: (held: boolean) => void
  readonly onEngineMemory: (rssBytes: number) => void
  readonly onEngineVram: (bytes: number) => void
}

/** What stands beside the queue: the player, previews, the memory panel and "Measure this machine". */
export class Services {
  readonly handlers: Pick<Handlers, ServiceRoute>
  readonly player: PlayerService
  readonly preview: PreviewService
  readonly bench: BenchService
  readonly memory: MemoryRecorder
  readonly models: ModelDesk
  readonly devices: DeviceDesk
  readonly updates: UpdateService

  constructor(parts: ServiceParts) {
    const { options, store, host, media, models, devices, settings } = parts
    const { push } = options
    const cacheFolder = path.join(options.dataFolder, 'cache')
    this.preview = new PreviewService({
      store,
      media,
      host,
      openEngine: options.openEngine,
      engineSettings: parts.engineSettings,
      settings,
      cacheFolder,
      onSpeed: parts.onSpeed,
      onHold: parts.onHold,
      onBusy: () => {
        this.memory.hurry()
      },
      onModelTrouble: (id) => {
        this.models.suspect(id)
      },
      push
    })
    this.player = new PlayerService({
      store,
      media,
      previews: this.preview,
      cacheFolder,
      settings,
      mediaUrl: options.mediaUrl,
      push
    })
    this.bench = new BenchService({
      models,
      openEngine: options.openEngine,
      openNaive: options.openNaive,
      version: options.layout.version,
      samplesFolder: options.layout.samplesFolder,
      cleanSamplesFolder: options.layout.cleanSamplesFolder,
      cacheFolder,
      settings: () => settings().job,
      deviceFor: async (job) => (await decideDevice(devices.service, models, job))?.device ?? job.device,
      ffmpegPath: () => settings().ffmpegPath,
      sourceOf: parts.sourceOf,
      isBusy: () => store.state.run.kind !== 'idle' || this.preview.isRunning,
      onModelTrouble: (id) => {
        this.models.suspect(id)
      },
      push
    })
    this.memory = new MemoryRecorder({
      store,
      host,
      appPids: () => (media.pid === undefined ? [] : [media.pid]),
      otherEnginePids: () => this.preview.enginePids,
      processMemory: options.processMemory,
      modelName: (onePassPath) => models.nameOf(onePassPath),
      isBusy: () => this.preview.isRunning || this.bench.isRunning,
      push,
      onEngineMemory: parts.onEngineMemory,
      onEngineVram: parts.onEngineVram
    })
    this.models = new ModelDesk({
      service: parts.modelService,
      library: models,
      state: parts.modelState,
      settings,
      patchSettings: parts.patchSettings,
      standsForAuto: async (modelId) => {
        const { join } = settings().job
        const choice = await decideDevice(parts.devices.service, models, { modelId, device: 'auto', join })
        return choice?.device ?? 'cpu'
      },
      release: parts.releaseModel,
      push,
      log: options.log
    })
    this.devices = new DeviceDesk({
      devices: parts.devices,
      library: models,
      settings: () => settings().job,
      isBusy: () => store.state.run.kind !== 'idle' || this.preview.isRunning || this.bench.isRunning,
      push
    })
    this.updates = new UpdateService({
      feed: readFeed(options.layout.updateFeedPath),
      version: options.layout.version,
      isAgreed: () => settings().askForUpdates,
      onView: (updates) => {
        push({ topic: 'updates', updates })
      }
    })
    const { 'preview.start': startPreview } = this.preview.handlers
    this.handlers = {
      ...this.player.handlers,
      ...this.preview.handlers,
      // What is asked for goes before a measurement.
      'preview.start': async (request) => {
        await this.bench.cancel()
        return startPreview(request)
      },
      ...this.bench.handlers,
      ...this.memory.handlers,
      ...this.models.handlers,
      ...this.devices.handlers,
      ...this.updates.handlers
    }
  }

  async close(): Promise<void> {
    this.memory.close()
    this.updates.close()
    await Promise.all([
      this.player.close(),
      this.preview.close(),
      this.bench.close(),
      this.models.close(),
      this.devices.close()
    ])
  }
}
