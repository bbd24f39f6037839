import { z } from 'zod'
import { BundledPoints } from '../memory/bundledPoints'

const sha256 = z.string().regex(/^[0-9a-f]{64}$/)
const cascade = z.union([z.literal(1), z.literal(2)])

const catalogFile = z.object({
  file: z.string(),
  bytes: z.number().int().positive().nullable(),
  sha256: sha256.nullable()
})
export type CatalogFile = z.infer<typeof catalogFile>

const scores = z.object({
  siSdrDb: z.number(),
  stoi: z.number().min(0).max(1),
  pairs: z.number().int().positive()
})

const bundledModel = z.object({
  id: z.string(),
  name: z.string(),
  licence: z.string(),
  /** Length of a carried chunk that suits the model: light ones are quicker in longer pieces, at little memory. */
  chunkSec: z.number().positive(),
  /** U-Nets in a row: an overlapped chunk looks that much further around itself. Absent where it is not known. */
  cascade: cascade.optional(),
  /** The engine's peak memory and speed, shape by shape (`npm run measure:memory`); null where nobody measured. */
  memory: BundledPoints.nullable().default(null),
  /** Means of `npm run score` over pairs that training never saw, as the card has them; absent where nobody measured. */
  scores: scores.optional(),
  onePass: catalogFile,
  stateful: catalogFile.nullable(),
  /** The same in FP16; absent where it comes in FP32 only. */
  fp16: z.object({ onePass: catalogFile, stateful: catalogFile }).optional()
})
/** A model that comes with the program. */
export type CatalogModel = z.infer<typeof bundledModel>

/** A model that can be downloaded: its file as its authors publish it, which is then converted here. */
export const ModelOffer = z.object({
  id: z.string(),
  name: z.string(),
  licence: z.string(),
  /** What it was trained on, and where it comes from; English. */
  notes: z.string(),
  fileName: z.string(),
  bytes: z.number().int().positive(),
  sha256,
  /** The same file in several places, the first one by default. */
  mirrors: z.array(z.object({ name: z.string(), url: z.url() })).min(1)
})
export type ModelOffer = z.infer<typeof ModelOffer>

/** `models/catalog.json`: the models that come with the program. Hashes are null only while a model is in the making. */
export const Catalog = z.object({
  version: z.literal(1),
  default: z.string(),
  models: z.array(bundledModel),
  offers: z.array(ModelOffer).default([])
})
export type Catalog = z.infer<typeof Catalog>

/** All files of a bundled model. */
export function filesOfCatalog({ onePass, stateful, fp16 }: CatalogModel): readonly CatalogFile[] {
  return [onePass, stateful, fp16?.onePass, fp16?.stateful].flatMap((file) => file ?? [])
}
