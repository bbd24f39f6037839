import path from 'node:path'
import type { WorkshopHost } from '../processes/workshopHost'
import { InstalledModels } from './installed'
import { ModelLibrary } from './library'
import { ModelService } from './modelService'

export interface OpenModelsOptions {
  readonly dataFolder: string
  readonly bundledFolder: string
  readonly workshop: WorkshopHost
  readonly isInUse?: (id: string) => boolean
}

export interface Models {
  readonly library: ModelLibrary
  readonly service: ModelService
}

/** Installed models of a data folder. */
export function installedIn(dataFolder: string): InstalledModels {
  return new InstalledModels(path.join(dataFolder, 'models'))
}

/** The models of a data folder and what can be done with them; what ended runs left half done is cleared away. */
export async function openModels({ dataFolder, bundledFolder, ...parts }: OpenModelsOptions): Promise<Models> {
  const installed = installedIn(dataFolder)
  const library = new ModelLibrary(bundledFolder, installed)
  const downloadsFolder = path.join(dataFolder, 'downloads')
  const service = await ModelService.open({ ...parts, library, installed, bundledFolder, downloadsFolder })
  return { library, service }
}
