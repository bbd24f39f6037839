import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { z } from 'zod'

const Manifest = z.object({ version: z.string() })

/** The installed ONNX Runtime package, looked at without loading it. */
export interface OrtPackage {
  readonly version: string
  /** Where its libraries for this system lie. */
  readonly binFolder: string
}

let known: OrtPackage | null = null

/** Throws what Node throws where it is not installed. */
export function ortPackage(): OrtPackage {
  if (known) return known
  const manifestPath = createRequire(import.meta.url).resolve('onnxruntime-node/package.json')
  const { version } = Manifest.parse(JSON.parse(readFileSync(manifestPath, 'utf8')))
  // Libraries lie beside the archive of a packed app: nothing loads from within.
  const folder = path.dirname(manifestPath).replace(/app\.asar(?=[/\\])/u, 'app.asar.unpacked')
  const binFolder = path.join(folder, 'bin', 'napi-v6', process.platform, process.arch)
  return (known = { version, binFolder })
}
