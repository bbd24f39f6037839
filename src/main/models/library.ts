import { readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import type { ModelFiles } from '../../engine/protocol'
import { AppError } from '../../shared/errors/appError'
import type { ModelView } from '../../shared/ipc/views'
import { PRECISIONS, type Device, type Precision, type PrecisionReason } from '../../shared/settings/choices'
import type { BundledChecks } from './bundledChecks'
import { Catalog, filesOfCatalog, type CatalogFile, type CatalogModel, type ModelOffer } from './catalog'
import type { InstalledModels } from './installed'
import { filesOf, type ModelRecord, type PrecisionFiles, type SelfCheck } from './modelRecord'
import { keyOf } from './selfCheck'

export { Catalog } from './catalog'

/** A model as the engine takes it, and the name that it goes by. */
export interface ResolvedModel {
  readonly label: string
  readonly files: ModelFiles
  /** In FP32 where `files` is FP16. */
  readonly fullFiles: ModelFiles | null
  /** Seconds in one carried run unless the user says otherwise. */
  readonly chunkSec: number
  /** Null for a file that was named by its path: the engine tells when it has loaded it. */
  readonly precision: Precision | null
  /** Null where it is the one that was asked for. */
  readonly precisionReason: PrecisionReason | null
}

export interface ResolveOptions {
  readonly precision?: Precision
  /** FP16 is trusted device by device. */
  readonly device?: Device
}

/** For models that the catalogue does not know: half a second keeps the full-size network under 400 MB. */
const UNKNOWN_MODEL_CHUNK_SEC = 0.5

/**
 * The models that are on this machine. `folder` holds the catalogue and the bundled files; `installed` are the user's own, `checks` what
 * was found of the bundled ones' FP16.
 */
export class ModelLibrary {
  constructor(
    private readonly folder: string,
    private readonly installed: InstalledModels | null = null,
    private readonly checks: BundledChecks | null = null
  ) {}

  async catalog(): Promise<Catalog> {
    const text = await readFile(path.join(this.folder, 'catalog.json'), 'utf8')
    return Catalog.parse(JSON.parse(text))
  }

  /** What can be downloaded. */
  async offers(): Promise<readonly ModelOffer[]> {
    return (await this.catalog()).offers
  }

  /** The models that can be chosen: those of the catalogue whose files are there, then the installed ones that are whole. */
  async views(): Promise<ModelView[]> {
    const { models } = await this.catalog()
    const bundled = await Promise.all(models.map((model) => this.viewOf(model)))
    const installed = (await this.records()).filter(({ damaged }) => damaged.length === 0)
    return [...bundled.filter((view) => view !== null), ...installed.map(installedView)]
  }

  /** What the model in this file is called: the catalogue's name, the one it was installed under, or the file's own. */
  async nameOf(onePassPath: string): Promise<string> {
    const { models } = await this.catalog()
    const model = models.find((one) =>
      filesOfCatalog(one).some(({ file }) => path.join(this.folder, file) === onePassPath)
    )
    if (model) return model.name
    const own = (await this.records()).find((record) =>
      filesOf(record).some(({ name }) => this.pathIn(record, name) === onePassPath)
    )
    return own?.name ?? path.basename(onePassPath)
  }

  private async viewOf(model: CatalogModel): Promise<ModelView | null> {
    const { id, name, licence, chunkSec, cascade, scores, onePass, stateful } = model
    const sizes = await Promise.all(filesOfCatalog(model).map(({ file }) => fileSize(path.join(this.folder, file))))
    if (sizes[0] == null) return null
    const sizeBytes = sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0)
    const view = {
      id,
      name,
      licence,
      chunkSec,
      scores,
      sizeBytes,
      hasStateful: stateful !== null,
      sha256: onePass.sha256,
      precisions: PRECISIONS.filter((precision) => precision === 'fp32' || model.fp16),
      selfChecks: await this.checksOf(model)
    }
    return cascade === undefined ? view : { ...view, cascade }
  }

  /**
   * The model for an id, bundled or installed, or a path of an ONNX file (its stateful companion is `NAME.stateful.onnx` beside it);
   * null takes the default. FP16 is given where it is there and trusted on the device, FP32 with the reason otherwise. Throws
   * `E_MODEL_MISSING`, or `E_MODEL_DAMAGED` where a file has the wrong size or was found damaged.
   */
  async resolve(wanted: string | null, options: ResolveOptions = {}): Promise<ResolvedModel> {
    if (wanted !== null && isModelPath(wanted)) {
      return { ...(await resolveFile(path.resolve(wanted))), precision: null, precisionReason: null }
    }
    const catalog = await this.catalog()
    const id = wanted ?? catalog.default
    const entry = catalog.models.find((model) => model.id === id)
    return entry ? this.resolveBundled(entry, options) : this.resolveInstalled(id, catalog, options)
  }

  private async resolveBundled(model: CatalogModel, options: ResolveOptions): Promise<ResolvedModel> {
    const { id, chunkSec, onePass, stateful, fp16 = null } = model
    const fp32: CatalogFiles = { onePass, stateful }
    const selfChecks = await this.checksOf(model)
    const { files, ...choice } = choose({ id, precisions: { fp32, fp16 }, selfChecks }, options)
    return {
      label: id,
      files: await this.bundledFiles(files),
      fullFiles: choice.precision === 'fp16' ? await this.bundledFiles(fp32) : null,
      chunkSec,
      ...choice
    }
  }

  private async checksOf(model: CatalogModel): Promise<readonly SelfCheck[]> {
    return (await this.checks?.of(model)) ?? []
  }

  private async resolveInstalled(id: string, catalog: Catalog, options: ResolveOptions): Promise<ResolvedModel> {
    const found = await this.installed?.find(id)
    if (!found) throw new AppError('E_MODEL_MISSING', { detail: await this.knownIds(id, catalog) })
    const { record, folder } = found
    if (record === null) throw new AppError('E_MODEL_DAMAGED', { path: folder, detail: `${folder}: ${found.problem}` })
    const { files, ...choice } = choose(record, options)
    await this.installed!.assertWhole(record, files)
    const { fp32 } = record.precisions
    const full = choice.precision === 'fp16' ? fp32 : null
    if (full !== null) await this.installed!.assertWhole(record, full)
    return {
      label: id,
      files: this.filesIn(record, files),
      fullFiles: full && this.filesIn(record, full),
      chunkSec: UNKNOWN_MODEL_CHUNK_SEC,
      ...choice
    }
  }

  private async knownIds(id: string, { models, offers }: Catalog): Promise<string> {
    const installed = (await this.installed?.list()) ?? []
    const bundledIds = models.map((model) => model.id).join(', ')
    const others = installed.length === 0 ? '' : `; installed: ${installed.map((entry) => entry.id).join(', ')}`
    const offered = offers.some((offer) => offer.id === id) ? '; it is not downloaded yet' : ''
    return `${id}; bundled: ${bundledIds}${others}${offered}`
  }

  private async records(): Promise<readonly ModelRecord[]> {
    const entries = (await this.installed?.list()) ?? []
    return entries.flatMap(({ record }) => record ?? [])
  }

  private filesIn(record: ModelRecord, { onePass, stateful }: PrecisionFiles): ModelFiles {
    return {
      onePassPath: this.pathIn(record, onePass.name),
      statefulPath: stateful && this.pathIn(record, stateful.name),
      onePassSha256: onePass.sha256,
      statefulSha256: stateful?.sha256 ?? null
    }
  }

  private pathIn({ id }: ModelRecord, name: string): string {
    return path.join(this.installed!.folder, id, name)
  }

  private async bundledFiles({ onePass, stateful }: CatalogFiles): Promise<ModelFiles> {
    return {
      onePassPath: await this.bundled(onePass),
      statefulPath: stateful && (await this.bundled(stateful)),
      onePassSha256: onePass.sha256,
      statefulSha256: stateful?.sha256 ?? null
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

interface CatalogFiles {
  readonly onePass: CatalogFile
  readonly stateful: CatalogFile | null
}

/** A model as far as the choice goes, whatever its files are. */
interface Choosable<Files> {
  readonly id: string
  readonly precisions: { readonly fp32: Files | null; readonly fp16: Files | null }
  readonly selfChecks: readonly SelfCheck[]
}

interface Choice<Files> {
  readonly files: Files
  readonly precision: Precision
  readonly precisionReason: PrecisionReason | null
}

/** The precision that runs, of those that are there. Pure. */
export function choose<Files>(
  { id, precisions: { fp32, fp16 }, selfChecks }: Choosable<Files>,
  { precision = 'fp32', device = 'auto' }: ResolveOptions
): Choice<Files> {
  if (fp32 === null) {
    if (fp16 === null) throw new AppError('E_MODEL_DAMAGED', { detail: `${id} has no files` })
    return { files: fp16, precision: 'fp16', precisionReason: precision === 'fp16' ? null : 'noFp32' }
  }
  const inFull = (precisionReason: PrecisionReason | null): Choice<Files> => ({
    files: fp32,
    precision: 'fp32',
    precisionReason
  })
  if (precision === 'fp32') return inFull(null)
  if (fp16 === null) return inFull('noFp16')
  const check = selfChecks.find((done) => done.device === keyOf(device))
  if (check === undefined) return inFull('notChecked')
  return check.isTrusted ? { files: fp16, precision, precisionReason: null } : inFull('notTrusted')
}

function installedView(record: ModelRecord): ModelView {
  const { id, name, licence, cascade } = record
  const { files } = choose(record, {})
  const view = {
    id,
    name,
    licence: licence ?? '',
    chunkSec: UNKNOWN_MODEL_CHUNK_SEC,
    sizeBytes: filesOf(record).reduce((sum, { bytes }) => sum + bytes, 0),
    hasStateful: files.stateful !== null,
    sha256: files.onePass.sha256,
    precisions: PRECISIONS.filter((precision) => record.precisions[precision] !== null),
    selfChecks: record.selfChecks
  }
  return cascade === null ? view : { ...view, cascade }
}

type ResolvedFile = Omit<ResolvedModel, 'precision' | 'precisionReason'>

async function resolveFile(full: string): Promise<ResolvedFile> {
  if ((await fileSize(full)) === null) throw new AppError('E_MODEL_MISSING', { path: full, detail: full })
  const { dir, name, ext } = path.parse(full)
  const companion = path.join(dir, `${name}.stateful${ext}`)
  const statefulPath = (await fileSize(companion)) === null ? null : companion
  const files = { onePassPath: full, statefulPath, onePassSha256: null, statefulSha256: null }
  return { label: full, files, fullFiles: null, chunkSec: UNKNOWN_MODEL_CHUNK_SEC }
}

async function fileSize(full: string): Promise<number | null> {
  const stats = await stat(full).catch(() => null)
  return stats?.isFile() ? stats.size : null
}
