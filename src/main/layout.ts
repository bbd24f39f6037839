import { readFileSync } from 'node:fs'
import path from 'node:path'
import { z } from 'zod'
import { FEED_FILE } from './updates/updateFeed'

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
  /** The licences of all that ships. */
  readonly licencesPath: string
  /** Where the release's feed is named; a copy without one has no such file. */
  readonly updateFeedPath: string
}

const Manifest = z.object({ version: z.string() })

/** From the folder of the built bundle, `out/main`. */
export function layoutOf(bundleFolder: string): Layout {
  const root = path.resolve(bundleFolder, '..', '..')
  // Packaged, what the engine and ffmpeg read lies beside the archive, as files of their own.
  const resources = path.extname(root) === '.asar' ? path.dirname(root) : root
  const manifest = Manifest.parse(JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')))
  return {
    version: manifest.version,
    enginePath: path.join(bundleFolder, 'engine.js'),
    mediaPath: path.join(bundleFolder, 'media.js'),
    modelsFolder: path.join(resources, 'models'),
    samplesFolder: path.join(resources, 'demo'),
    cleanSamplesFolder: path.join(resources, 'demo-clean'),
    naivePath: path.join(bundleFolder, 'naive.js'),
    workshopPath: path.join(bundleFolder, 'workshop.js'),
    licencesPath: path.join(bundleFolder, '..', 'licences.json'),
    updateFeedPath: path.join(resources, FEED_FILE)
  }
}
