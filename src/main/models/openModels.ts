import path from 'node:path'
import type { WorkshopHost } from '../processes/workshopHost'
import { BundledChecks } from './bundledChecks'
import { InstalledModels } from './installed'
import { ModelLibrary } from './library'
import { ModelService, type ModelServiceParts } from './modelService'

export interface OpenModelsOptions {
  readonly dataFolder: string
  readonly bundledFolder: string
  readonly workshop: WorkshopHost
  readonly isInUse?: (id: string) => boolean
  readonly downloadLimits?: NonNullable<ModelServiceParts['downloadLimits']>
}

export interface Models {
  readonly library: ModelLibrary
  readonly service: ModelService
}

/** Installed models of a data folder. */
export function installedIn(dataFolder: string): InstalledModels {
  return new InstalledModels(path.join(dataFolder, 'models'))
}

/** Bundled models, and the installed ones of a data folder; nothing is written. */
export function libraryIn(dataFolder: string, bundledFolder: string): ModelLibrary {
  return new ModelLibrary(bundledFolder, installedIn(dataFolder), new BundledChecks(dataFolder))
}

/** The models of a data folder and what can be done with them; what ended runs left half done is cleared away. */
export async function openModels({ dataFolder, bundledFolder, ...parts }: OpenModelsOptions): Promise<Models> {
  const installed = installedIn(dataFolder)
  const checks = new BundledChecks(dataFolder)
  const library = new ModelLibrary(bundledFolder, installed, checks)
  const downloadsFolder = path.join(dataFolder, 'downloads')
  const service = await ModelService.open({
    ...{ ...parts, library, installed, checks },
    ...{ bundledFolder, downloadsFolder }
  })
  return { library, service }
}
