import { readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import type { EngineSettings } from '../../engine/protocol'
import { AppError } from '../../shared/errors/appError'
import type { ModelView } from '../../shared/ipc/views'
import { MemoryLines } from './memoryForecast'

const catalogFile = z.object({
  file: z.string(),
  bytes: z.number().int().positive().nullable(),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .nullable()
})

/** `models/catalog.json`: the models that come with the program. Hashes are null only while a model is in the making. */
export const Catalog = z.object({
  version: z.literal(1),
  default: z.string(),
  models: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      licence: z.string(),
      /** Length of a carried chunk that suits the model: light ones are quicker in longer pieces, at little memory. */
      chunkSec: z.number().positive(),
      /** U-Nets in a row: an overlapped chunk looks that much further around itself. Absent where it is not known. */
      cascade: z.union([z.literal(1), z.literal(2)]).optional(),
      /** The engine's peak memory, fitted to measurements; null where nobody measured. */
      memory: MemoryLines.nullable().default(null),
      onePass: catalogFile,
      stateful: catalogFile.nullable()
    })
  )
})
export type Catalog = z.infer<typeof Catalog>
type CatalogFile = z.infer<typeof catalogFile>

/** A model as the engine takes it, and the name that it goes by. */
export interface ResolvedModel {
  readonly label: string
  readonly files: EngineSettings['model']
  /** Seconds in one carried run unless the user says otherwise. */
  readonly chunkSec: number
}

/** For model files that the catalogue does not know: half a second keeps the full-size network under 400 MB. */
const UNKNOWN_MODEL_CHUNK_SEC = 0.5

/** The models that are on this machine. `folder` holds the catalogue and the bundled files. */
export class ModelLibrary {
  constructor(private readonly folder: string) {}

  async catalog(): Promise<Catalog> {
    const text = await readFile(path.join(this.folder, 'catalog.json'), 'utf8')
    return Catalog.parse(JSON.parse(text))
  }

  /** The models that can be chosen: those of the catalogue whose files are there. */
  async views(): Promise<ModelView[]> {
    const { models } = await this.catalog()
    const views = await Promise.all(models.map((model) => this.viewOf(model)))
    return views.filter((view) => view !== null)
  }

  /** What the model in this file is called: the catalogue's name, or the file's own. */
  async nameOf(onePassPath: string): Promise<string> {
    const { models } = await this.catalog()
    const model = models.find(({ onePass }) => path.join(this.folder, onePass.file) === onePassPath)
    return model?.name ?? path.basename(onePassPath)
  }

  private async viewOf(model: Catalog['models'][number]): Promise<ModelView | null> {
    const { id, name, licence, chunkSec, cascade, onePass, stateful } = model
    const sizeBytes = await fileSize(path.join(this.folder, onePass.file))
    if (sizeBytes === null) return null
    const view = { id, name, licence, chunkSec, sizeBytes, hasStateful: stateful !== null, sha256: onePass.sha256 }
    return cascade === undefined ? view : { ...view, cascade }
  }

  /**
   * The model for an id of the catalogue or a path of an ONNX file (its stateful companion is `NAME.stateful.onnx` beside it);
   * null takes the default. Throws `E_MODEL_MISSING`, or `E_MODEL_DAMAGED` where a bundled file has the wrong size.
   */
  async resolve(wanted: string | null): Promise<ResolvedModel> {
    if (wanted !== null && isModelPath(wanted)) return resolveFile(path.resolve(wanted))
    const catalog = await this.catalog()
    const id = wanted ?? catalog.default
    const entry = catalog.models.find((model) => model.id === id)
    if (!entry) {
      const known = catalog.models.map((model) => model.id).join(', ')
      throw new AppError('E_MODEL_MISSING', { detail: `${id}; bundled: ${known}` })
    }
    const onePass = await this.bundled(entry.onePass)
    const stateful = entry.stateful && (await this.bundled(entry.stateful))
    return {
      label: entry.id,
      files: {
        onePassPath: onePass,
        statefulPath: stateful,
        onePassSha256: entry.onePass.sha256,
        statefulSha256: entry.stateful?.sha256 ?? null
      },
      chunkSec: entry.chunkSec
    }
  }

  /** Looks at the size only: the engine checks the hash of the bytes that it loads. */
  private async bundled({ file, bytes }: CatalogFile): Promise<string> {
    const full = path.join(this.folder, file)
    const size = await fileSize(full)
    if (size === null) throw new AppError('E_MODEL_MISSING', { path: full, detail: full })
    if (bytes !== null && size !== bytes) {
      throw new AppError('E_MODEL_DAMAGED', { path: full, detail: `${full} has ${size} bytes, not ${bytes}` })
    }
    return full
  }
}

/** Whether a model is named by a file, not by an id of the catalogue. */
export function isModelPath(wanted: string): boolean {
  return /[/\\]/u.test(wanted) || path.extname(wanted).toLowerCase() === '.onnx'
}

async function resolveFile(full: string): Promise<ResolvedModel> {
  if ((await fileSize(full)) === null) throw new AppError('E_MODEL_MISSING', { path: full, detail: full })
  const { dir, name, ext } = path.parse(full)
  const companion = path.join(dir, `${name}.stateful${ext}`)
  const statefulPath = (await fileSize(companion)) === null ? null : companion
  const files = { onePassPath: full, statefulPath, onePassSha256: null, statefulSha256: null }
  return { label: full, files, chunkSec: UNKNOWN_MODEL_CHUNK_SEC }
}

async function fileSize(full: string): Promise<number | null> {
  const stats = await stat(full).catch(() => null)
  return stats?.isFile() ? stats.size : null
}
