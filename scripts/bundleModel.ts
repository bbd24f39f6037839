import { createHash } from 'node:crypto'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { convertToAll } from '../src/engine/model/convert'
import { encodeSafetensors, readSafetensors } from '../src/engine/model/safetensors'
import { OUTPUT_GAIN } from '../src/engine/model/stateDict'
import { projectRoot } from './projectRoot'

/**
 * `node out/scripts/bundleModel.js WEIGHTS.safetensors [OUTPUT_GAIN]`: makes trained weights the bundled model. Writes the weights and both
 * graphs, in FP32 and FP16, to models/ and their sizes and SHA-256 to models/catalog.json; the card, models/frcrn-lite.md, and the catalogue's scores are written by hand.
 * OUTPUT_GAIN is the factor that brings clean speech back as it came: 1 over (out . in) / (in . in), measured on clean training speech.
 */
interface CatalogFile {
  file: string
  bytes: number | null
  sha256: string | null
}

interface Catalog {
  readonly models: readonly {
    readonly id: string
    readonly onePass: CatalogFile
    readonly stateful: CatalogFile
    /** Of the weights before these. */
    scores?: unknown
    fp16?: { readonly onePass: CatalogFile; readonly stateful: CatalogFile }
  }[]
}

const models = join(projectRoot, 'models')
const ID = 'frcrn-lite'

function describe(entry: CatalogFile): void {
  const path = join(models, entry.file)
  entry.bytes = statSync(path).size
  entry.sha256 = createHash('sha256').update(readFileSync(path)).digest('hex')
  console.log(`${entry.file}  ${entry.bytes} bytes  ${entry.sha256}`)
}

const [weights, gainText] = process.argv.slice(2)
const gain = gainText === undefined ? null : Number(gainText)
if (weights === undefined || gain === 0 || (gain !== null && !Number.isFinite(gain))) {
  console.error('Usage: node out/scripts/bundleModel.js WEIGHTS.safetensors [OUTPUT_GAIN]')
  process.exit(2)
}
const catalogPath = join(models, 'catalog.json')
const catalog = JSON.parse(readFileSync(catalogPath, 'utf8')) as Catalog
const entry = catalog.models.find((model) => model.id === ID)
if (!entry) throw new Error(`${catalogPath} has no model ${ID}`)
const stateDict = new Map(await readSafetensors(weights))
if (gain !== null) stateDict.set(OUTPUT_GAIN, { shape: [1], data: Float32Array.of(gain) })
const newFile = (file: string): CatalogFile => ({ file, bytes: null, sha256: null })
entry.fp16 ??= { onePass: newFile(`${ID}.fp16.onnx`), stateful: newFile(`${ID}.fp16.stateful.onnx`) }
await convertToAll(stateDict, [
  { outOnnx: join(models, entry.onePass.file), precision: 'fp32' },
  { outOnnx: join(models, entry.fp16.onePass.file), precision: 'fp16' }
])
writeFileSync(join(models, `${ID}.safetensors`), encodeSafetensors(stateDict))
for (const file of [entry.onePass, entry.stateful, entry.fp16.onePass, entry.fp16.stateful]) describe(file)
delete entry.scores
writeFileSync(catalogPath, `${JSON.stringify(catalog, null, 2)}\n`)
