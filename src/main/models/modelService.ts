import { rm } from 'node:fs/promises'
import path from 'node:path'
import { AppError } from '../../shared/errors/appError'
import type { Device } from '../../shared/settings/choices'
import type { WorkshopHost } from '../processes/workshopHost'
import type { Catalog, CatalogFile, ModelOffer } from './catalog'
import { downloadFile } from './download'
import { hashFile } from './hashFile'
import { Importer, type AddedModel, type AddOptions } from './importer'
import type { InstalledEntry, InstalledModels } from './installed'
import type { ModelLibrary } from './library'
import type { ModelTask } from './modelProgress'
import { filesOf, type ModelRecord, type SelfCheck } from './modelRecord'
import { runSelfCheck } from './selfCheck'

export interface ModelServiceParts {
  readonly library: ModelLibrary
  readonly installed: InstalledModels
  readonly workshop: WorkshopHost
  /** Where the bundled models lie. */
  readonly bundledFolder: string
  /** Where downloads lie until they are installed. */
  readonly downloadsFolder: string
  /** Whether an engine runs on the model now. */
  readonly isInUse?: (id: string) => boolean
  readonly now?: () => string
}

export interface BundledModel {
  readonly id: string
  readonly name: string
  readonly licence: string
  readonly bytes: number
}

export interface ModelList {
  readonly defaultId: string
  readonly bundled: readonly BundledModel[]
  readonly installed: readonly (InstalledEntry & { readonly bytes: number })[]
  /** With the id that each is installed under, null where it is not. */
  readonly offers: readonly (ModelOffer & { readonly installedAs: string | null })[]
}

export interface DownloadOptions extends ModelTask {
  /** The name of a mirror to begin with; the others come after it. */
  readonly mirror?: string | null
}

export interface Verified {
  readonly id: string
  /** Names of files that are missing or not what was installed; none for a model that is whole. */
  readonly damaged: readonly string[]
}

/** All that can be done with models, for the command and the window: every method is one thing that a person asks for. */
export class ModelService {
  private constructor(
    private readonly parts: ModelServiceParts,
    private readonly catalog: Catalog
  ) {}

  /** Clears away what ended runs left half done. */
  static async open(parts: ModelServiceParts): Promise<ModelService> {
    await parts.installed.sweep()
    return new ModelService(parts, await parts.library.catalog())
  }

  async list(): Promise<ModelList> {
    const entries = await this.parts.installed.list()
    const installed = entries.map((entry) => ({ ...entry, bytes: entry.record ? bytesOf(entry.record) : 0 }))
    const installedAs = (offer: ModelOffer): string | null =>
      entries.find(({ record }) => record?.source.sha256 === offer.sha256)?.id ?? null
    return {
      defaultId: this.catalog.default,
      bundled: this.catalog.models.map(({ id, name, licence, onePass, stateful }) => {
        return { id, name, licence, bytes: (onePass.bytes ?? 0) + (stateful?.bytes ?? 0) }
      }),
      installed,
      offers: this.catalog.offers.map((offer) => ({ ...offer, installedAs: installedAs(offer) }))
    }
  }

  /** Installs a file: see {@link Importer.add}. */
  async add(sourcePath: string, options: AddOptions = {}): Promise<AddedModel> {
    return this.importer().add(path.resolve(sourcePath), options)
  }

  /**
   * Downloads an offer and installs it; what a cancelled download got is taken up by the next. Throws `E_MODEL_MISSING` for an
   * unknown offer or mirror, and what {@link downloadFile} and {@link add} throw.
   */
  async download(id: string, { mirror = null, ...task }: DownloadOptions = {}): Promise<AddedModel> {
    const offer = this.offer(id)
    const targetPath = path.join(this.parts.downloadsFolder, `${id}-${offer.sha256.slice(0, 8)}`, offer.fileName)
    const present = (await this.list()).offers.find((known) => known.id === id)?.installedAs
    if (present) {
      const { record } = (await this.parts.installed.find(present)) ?? { record: null }
      const verified = record && (await this.parts.installed.verify(record, this.now(), task))
      if (verified?.damaged.length === 0) return { record: verified, isNew: false }
    }
    const { bytes, sha256 } = offer
    const onProgress = (doneBytes: number): void => {
      task.onProgress?.({ phase: 'download', fraction: doneBytes / bytes })
    }
    const signal = task.signal ? { signal: task.signal } : {}
    await downloadFile({ urls: urlsOf(offer, mirror), bytes, sha256, targetPath, onProgress, ...signal })
    const added = await this.importer().add(targetPath, task)
    await rm(path.dirname(targetPath), { recursive: true, force: true })
    return added
  }

  /** Hashes every file of one model, or of all, again. Throws `E_MODEL_MISSING` for an id that is not there. */
  async verify(id: string | null, task: ModelTask = {}): Promise<readonly Verified[]> {
    const entries = await this.parts.installed.list()
    const bundled = this.catalog.models.filter((model) => id === null || model.id === id)
    const installed = entries.filter((entry) => id === null || entry.id === id)
    if (id !== null && bundled.length + installed.length === 0) throw new AppError('E_MODEL_MISSING', { detail: id })
    const total = [...bundled.flatMap(bundledBytes), ...installed.map(({ record }) => (record ? bytesOf(record) : 0))]
    const all = Math.max(1, sum(total))
    let done = 0
    const onBytes = (bytes: number): void => {
      done += bytes
      task.onProgress?.({ phase: 'verify', fraction: Math.min(1, done / all) })
    }
    const options = { signal: task.signal, onBytes }
    const results: Verified[] = []
    for (const { id: bundledId, onePass, stateful } of bundled) {
      const damaged: string[] = []
      for (const file of stateful ? [onePass, stateful] : [onePass]) {
        if (!(await this.isBundledWhole(file, options))) damaged.push(file.file)
      }
      results.push({ id: bundledId, damaged })
    }
    for (const { id: installedId, record } of installed) {
      const verified = record && (await this.parts.installed.verify(record, this.now(), options))
      results.push({ id: installedId, damaged: verified?.damaged ?? ['model.json'] })
    }
    return results
  }

  /** Throws `E_MODEL_MISSING`, `E_MODEL_IN_USE`; `E_MODEL_BUNDLED`. */
  async remove(id: string): Promise<void> {
    if (this.catalog.models.some((model) => model.id === id)) {
      throw new AppError('E_MODEL_BUNDLED', { detail: id })
    }
    if ((await this.parts.installed.find(id)) === null) throw new AppError('E_MODEL_MISSING', { detail: id })
    if (this.parts.isInUse?.(id)) throw new AppError('E_MODEL_IN_USE', { detail: id })
    await this.parts.installed.remove(id)
  }

  /** FP16 against FP32 on a device, written down with the model. Throws `E_MODEL_MISSING`, `E_MODEL_UNSUPPORTED` where there are not both. */
  async selfCheck(id: string, device: Device, { signal, onProgress }: ModelTask = {}): Promise<SelfCheck> {
    const { installed, workshop } = this.parts
    const { record, folder } = (await installed.find(id)) ?? { record: null, folder: '' }
    if (record === null) throw new AppError('E_MODEL_MISSING', { detail: id })
    const { fp32, fp16 } = record.precisions
    if (fp32 === null || fp16 === null) {
      throw new AppError('E_MODEL_UNSUPPORTED', { detail: `${id} is there in one precision only` })
    }
    const progress = (fraction: number): void => onProgress?.({ phase: 'check', fraction })
    const options = { folder, fp32, fp16, device, now: this.now(), signal, onProgress: progress }
    const check = await runSelfCheck(workshop, options)
    const others = record.selfChecks.filter((other) => other.device !== check.device)
    await installed.update({ ...record, selfChecks: [...others, check] })
    return check
  }

  private importer(): Importer {
    const { installed, workshop } = this.parts
    const { models, offers } = this.catalog
    const bundledIds = models.map(({ id }) => id)
    return new Importer({ installed, workshop, bundledIds, offers, now: () => this.now() })
  }

  private offer(id: string): ModelOffer {
    const { offers } = this.catalog
    const found = offers.find((offer) => offer.id === id)
    if (found) return found
    throw new AppError('E_MODEL_MISSING', { detail: `${id}; offered: ${offers.map((offer) => offer.id).join(', ')}` })
  }

  private async isBundledWhole(
    { file, sha256 }: CatalogFile,
    options: Parameters<typeof hashFile>[1]
  ): Promise<boolean> {
    const found = await hashFile(path.join(this.parts.bundledFolder, file), options).catch((error: unknown) => {
      if (error instanceof AppError) throw error
      return null // Whatever the reason, it cannot be read.
    })
    return found !== null && found === sha256
  }

  private now(): string {
    return this.parts.now?.() ?? new Date().toISOString()
  }
}

function urlsOf({ id, mirrors }: ModelOffer, wanted: string | null): readonly string[] {
  const first = wanted === null ? mirrors[0] : mirrors.find(({ name }) => name === wanted)
  if (first === undefined) {
    const names = mirrors.map(({ name }) => name).join(', ')
    throw new AppError('E_MODEL_MISSING', { detail: `${id} has no mirror ${wanted}; it has ${names}` })
  }
  return [first, ...mirrors.filter((mirror) => mirror !== first)].map(({ url }) => url)
}

/** What a model takes on the disk. */
function bytesOf(record: ModelRecord): number {
  return sum(filesOf(record).map(({ bytes }) => bytes))
}

function bundledBytes({ onePass, stateful }: Catalog['models'][number]): readonly number[] {
  return [onePass.bytes ?? 0, stateful?.bytes ?? 0]
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
