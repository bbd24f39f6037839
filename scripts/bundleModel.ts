import { createHash } from 'node:crypto'
import { copyFileSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { convertWeights } from '../src/engine/model/convert'
import { projectRoot } from './projectRoot'

/**
 * `node out/scripts/bundleModel.js WEIGHTS.safetensors`: makes trained weights the bundled model. Writes the weights and both
 * graphs to models/ and their sizes and SHA-256 to models/catalog.json; the card, models/frcrn-lite.md, is written by hand.
 */
interface CatalogFile {
  file: string
  bytes: number | null
  sha256: string | null
}

interface Catalog {
  readonly models: readonly { readonly id: string; readonly onePass: CatalogFile; readonly stateful: CatalogFile }[]
}

const models = join(projectRoot, 'models')
const ID = 'frcrn-lite'

function describe(entry: CatalogFile): void {
  const path = join(models, entry.file)
  entry.bytes = statSync(path).size
  entry.sha256 = createHash('sha256').update(readFileSync(path)).digest('hex')
  console.log(`${entry.file}  ${entry.bytes} bytes  ${entry.sha256}`)
}

const weights = process.argv[2]
if (weights === undefined) {
  console.error('Usage: node out/scripts/bundleModel.js WEIGHTS.safetensors')
  process.exit(2)
}
const catalogPath = join(models, 'catalog.json')
const catalog = JSON.parse(readFileSync(catalogPath, 'utf8')) as Catalog
const entry = catalog.models.find((model) => model.id === ID)
if (!entry) throw new Error(`${catalogPath} has no model ${ID}`)
await convertWeights(weights, join(models, entry.onePass.file))
copyFileSync(weights, join(models, `${ID}.safetensors`))
describe(entry.onePass)
describe(entry.stateful)
writeFileSync(catalogPath, `${JSON.stringify(catalog, null, 2)}\n`)
