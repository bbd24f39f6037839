import path from 'node:path'
import type { AppError } from '../../shared/errors/appError'
import type { GpuMemory } from '../../shared/ipc/memoryViews'
import { openDevices, type Devices } from '../devices/openDevices'
import { ensureFolder } from '../jobs/folders'
import { QueueJournal, type OpenedJournal } from '../jobs/journal'
import { sweepStaleParts } from '../jobs/partFiles'
import { KeptSounds } from '../jobs/keptSounds'
import { QueueStore } from '../jobs/queueStore'
import type { BundledPoints } from '../memory/bundledPoints'
import { MemoryBook } from '../memory/memoryBook'
import { readModels, type ModelState } from '../models/modelShelf'
import { openModels, type Models } from '../models/openModels'
import { WorkshopHost } from '../processes/workshopHost'
import { SettingsStore } from '../settings/settingsStore'
import type { CoreOptions } from './coreOptions'
import { Planner } from './planner'
import { endWritten } from './recoveryView'

const BYTES_PER_MB = 1e6

/** What a core is made of: all that is read from the disk before it lives. */
export interface CoreParts {
  readonly opened: OpenedJournal
  readonly settings: SettingsStore
  readonly store: QueueStore
  readonly kept: KeptSounds
  readonly planner: Planner
  readonly models: Models
  readonly workshop: WorkshopHost
  readonly devices: Devices
  readonly modelState: ModelState
  readonly book: MemoryBook
  readonly bundled: ReadonlyMap<string, BundledPoints | null>
}

/** What the parts ask of the core, which does not live yet. */
export interface CoreHooks {
  readonly onJournalFailure: (error: AppError) => void
  readonly isInUse: (modelId: string) => boolean
  readonly readGpu: (pids: readonly number[]) => Promise<GpuMemory | null>
}

/** Settings and journal read, stale parts swept. Throws `E_IO` where another process holds the data folder. */
export async function openParts(options: CoreOptions, hooks: CoreHooks): Promise<CoreParts> {
  const { dataFolder, layout, log } = options
  await ensureFolder(dataFolder)
  const onFailure = (error: AppError): void => {
    log(`the queue can no longer be saved: ${error.message}`, 'error')
    hooks.onJournalFailure(error)
  }
  const opened = await QueueJournal.open({ folder: dataFolder, log, onFailure })
  try {
    const folders = opened.interrupted.flatMap((job) => (job.outputPath ? [path.dirname(job.outputPath)] : []))
    await sweepStaleParts(folders)
    const store = new QueueStore(opened.state)
    await endWritten(opened, store)
    const workshop = new WorkshopHost(options.openWorkshop)
    const { isInUse, readGpu } = hooks
    const models = await openModels({ dataFolder, bundledFolder: layout.modelsFolder, workshop, isInUse })
    const [settings, planner, modelState, catalog, book, devices] = await Promise.all([
      SettingsStore.open(dataFolder, log),
      Planner.of(store),
      readModels(models.service, models.library),
      models.library.catalog(),
      MemoryBook.open({ folder: dataFolder, program: layout.version, log }),
      openDevices({ dataFolder, workshop, log, readGpu })
    ])
    const kept = new KeptSounds({ dataFolder, limitBytes: () => settings.settings.keepMb * BYTES_PER_MB, log })
    void kept.tidy()
    const bundled = new Map(catalog.models.map((model) => [model.id, model.memory]))
    return { opened, settings, store, kept, planner, models, workshop, modelState, book, bundled, devices }
  } catch (error) {
    await opened.journal.close()
    throw error
  }
}
