import path from 'node:path'
import type { GpuMemory } from '../../shared/ipc/memoryViews'
import type { WorkshopHost } from '../processes/workshopHost'
import { CudaSupport } from './cudaSupport'
import { DeviceRecords } from './deviceRecords'
import { DeviceService } from './deviceService'
import { graphicsId } from './graphicsId'
import { ortPackage } from './ortPackage'

export interface OpenDevicesOptions {
  readonly dataFolder: string
  readonly workshop: WorkshopHost
  readonly log: (line: string) => void
  readonly readGpu?: (pids: readonly number[]) => Promise<GpuMemory | null>
}

export interface Devices {
  readonly service: DeviceService
  readonly cuda: CudaSupport
}

/** The devices of this machine, with what a data folder remembers of them. */
export async function openDevices({ dataFolder, workshop, log, readGpu }: OpenDevicesOptions): Promise<Devices> {
  const ort = ortPackage()
  const cuda = new CudaSupport({ dataFolder, workshop, ort })
  const service = new DeviceService({
    workshop,
    log,
    records: await DeviceRecords.open(dataFolder, log),
    scratchFolder: path.join(dataFolder, 'cache'),
    ortVersion: ort.version,
    graphics: graphicsId(),
    hasCuda: () => cuda.isInstalled,
    ...(readGpu && { readGpu })
  })
  return { service, cuda }
}
