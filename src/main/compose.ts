import { homedir } from 'node:os'
import path from 'node:path'
import { openGpu } from './core/gpu/openGpu'
import { availableBytes } from './core/metricsSampler'
import { dataFolderOf } from './dataFolder'
import { cudaEnvironment } from './devices/cudaSupport'
import { openDevices, type Devices } from './devices/openDevices'
import { ortPackage } from './devices/ortPackage'
import { KeptSounds } from './jobs/keptSounds'
import { JobMemory } from './memory/jobMemory'
import { MemoryBook } from './memory/memoryBook'
import { ModelLibrary } from './models/library'
import type { ModelService } from './models/modelService'
import { libraryIn, openModels } from './models/openModels'
import { EngineHost } from './processes/engineHost'
import type { OpenTransport } from './processes/engineTransport'
import { gather, type Gathered } from './diagnostics/gather'
import type { Layout } from './layout'
import { forkTransport, mediaForkTransport, workshopForkTransport } from './processes/forkTransport'
import type { OpenMediaTransport } from './processes/mediaTransport'
import { WorkshopHost } from './processes/workshopHost'
import type { OpenWorkshopTransport } from './processes/workshopTransport'

/** The models of the command line: bundled ones, and those of the data folder that it names (null: the app's own). */
export function libraryOf(layout: Layout, data: string | null): ModelLibrary {
  return libraryIn(dataFolderHere(data), layout.modelsFolder)
}

function dataFolderHere(data: string | null): string {
  const { env, platform } = process
  return dataFolderOf(data, { env, platform, home: homedir() })
}

export interface HeadlessServices {
  readonly version: string
  readonly host: EngineHost
  /** With the user's models of a data folder; null takes the app's own. */
  readonly models: (data: string | null) => ModelLibrary
  /** What can be done with them: FP16 is compared where it is first asked for. */
  readonly modelService: (data: string | null) => Promise<ModelService>
  /** Memory of jobs, as the same data folder knows it. */
  readonly memory: (data: string | null) => Promise<JobMemory>
  /** Where cleaned sound is kept, within so many MB. */
  readonly kept: (data: string | null, limitMb: number) => KeptSounds
  /** What is known of this machine's devices; the engine finds CUDA's libraries of the same data folder from then on. */
  readonly devices: (data: string | null) => Promise<Devices>
  /** What the doctor has to say, of the same data folder. */
  readonly gather: (data: string | null, signal: AbortSignal) => Promise<Gathered>
}

/** The parts of the program that run without a window, wired. */
export function composeHeadless(
  layout: Layout,
  openOther?: OpenTransport,
  openWorkshop: OpenWorkshopTransport = () => workshopForkTransport(layout.workshopPath),
  openMedia: OpenMediaTransport = () => mediaForkTransport(layout.mediaPath)
): HeadlessServices {
  let dataFolder = dataFolderHere(null)
  const openEngine = openOther ?? (() => forkTransport(layout.enginePath, cudaEnvironment(dataFolder, ortPackage())))
  const host = new EngineHost(openEngine)
  return {
    version: layout.version,
    host,
    models: (data) => libraryOf(layout, data),
    modelService: async (data) => {
      const workshop = new WorkshopHost(openWorkshop)
      process.on('exit', () => {
        workshop.killNow()
      })
      return (await openModels({ dataFolder: dataFolderHere(data), bundledFolder: layout.modelsFolder, workshop }))
        .service
    },
    kept: (data, limitMb) =>
      new KeptSounds({
        dataFolder: dataFolderHere(data),
        limitBytes: () => limitMb * 1e6,
        log: (line) => {
          console.error(line)
        }
      }),
    memory: (data) => openMemory({ layout, host, openEngine, folder: dataFolderHere(data) }),
    devices: (data) => {
      dataFolder = dataFolderHere(data)
      return devicesOf(layout, data)
    },
    gather: (data, signal) => {
      dataFolder = dataFolderHere(data)
      const log = (line: string): void => {
        console.error(line)
      }
      return gather({ layout, dataFolder, openEngine, openMedia, names: () => [], log }, signal)
    }
  }
}

/** Devices as a data folder knows them, tried in processes that find CUDA's libraries there. */
export function devicesOf(layout: Layout, data: string | null, workshop?: WorkshopHost): Promise<Devices> {
  const dataFolder = dataFolderHere(data)
  const open = (): ReturnType<typeof workshopForkTransport> =>
    workshopForkTransport(layout.workshopPath, cudaEnvironment(dataFolder, ortPackage()))
  const log = (line: string): void => {
    console.error(line)
  }
  return openDevices({ dataFolder, workshop: workshop ?? new WorkshopHost(open), log })
}

interface HeadlessMemory {
  readonly layout: Layout
  readonly host: EngineHost
  readonly openEngine: OpenTransport
  readonly folder: string
}

async function openMemory({ layout, host, openEngine, folder }: HeadlessMemory): Promise<JobMemory> {
  const log = (line: string): void => {
    console.error(line)
  }
  const book = await MemoryBook.open({ folder, program: layout.version, log })
  const { models } = await new ModelLibrary(layout.modelsFolder).catalog()
  const gpu = openGpu()
  return new JobMemory({
    ...{ book, host, openEngine, availableBytes, log },
    bundled: new Map(models.map((model) => [model.id, model.memory])),
    scratchFolder: path.join(folder, 'cache', 'memory'),
    readGpu: (pids) => gpu.read(pids),
    // There is nobody to show a forecast to: a model is measured where a budget asks for it.
    isBusy: () => true,
    onMeasured: () => undefined,
    onClose: () => {
      gpu.close()
    }
  })
}
