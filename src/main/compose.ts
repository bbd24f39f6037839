import { readFileSync } from 'node:fs'
import path from 'node:path'
import { z } from 'zod'
import { ModelLibrary } from './models/library'
import { EngineHost } from './processes/engineHost'
import { forkTransport } from './processes/forkTransport'

/** Where things lie: the one place that knows the layout of the built program. */
export interface Layout {
  readonly version: string
  readonly enginePath: string
  readonly mediaPath: string
  readonly modelsFolder: string
  /** The bundled samples. */
  readonly samplesFolder: string
  /** Their clean tracks, under the same names. */
  readonly cleanSamplesFolder: string
  /** The process that denoises the naive way. */
  readonly naivePath: string
  /** The process that deals with model files. */
  readonly workshopPath: string
}

const Manifest = z.object({ version: z.string() })

/** From the folder of the built bundle, `out/main`. */
export function layoutOf(bundleFolder: string): Layout {
  const root = path.resolve(bundleFolder, '..', '..')
  const manifest = Manifest.parse(JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')))
  return {
    version: manifest.version,
    enginePath: path.join(bundleFolder, 'engine.js'),
    mediaPath: path.join(bundleFolder, 'media.js'),
    modelsFolder: path.join(root, 'models'),
    samplesFolder: path.join(root, 'demo'),
    cleanSamplesFolder: path.join(root, 'demo-clean'),
    naivePath: path.join(bundleFolder, 'naive.js'),
    workshopPath: path.join(bundleFolder, 'workshop.js')
  }
}

export interface HeadlessServices {
  readonly version: string
  readonly host: EngineHost
  readonly models: ModelLibrary
}

/** The parts of the program that run without a window, wired. */
export function composeHeadless(layout: Layout): HeadlessServices {
  return {
    version: layout.version,
    host: new EngineHost(() => forkTransport(layout.enginePath)),
    models: new ModelLibrary(layout.modelsFolder)
  }
}
