import { readdir, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { AppError } from '../../shared/errors/appError'
import { PRECISIONS, type Device, type Precision } from '../../shared/settings/choices'
import type { WorkshopHost } from '../processes/workshopHost'
import type { BundledChecks } from './bundledChecks'
import { filesOfCatalog, type Catalog, type CatalogFile, type CatalogModel, type ModelOffer } from './catalog'
import { downloadFile, type DownloadLimits } from './download'
import { keptBytes, type WantedFile } from './downloadPart'
import { hashFile } from './hashFile'
import { Importer, type AddedModel, type AddOptions } from './importer'
import type { InstalledEntry, InstalledModels } from './installed'
import type { ModelLibrary, ResolvedModel, ResolveOptions } from './library'
import type { ModelTask } from './modelProgress'
import { filesOf, type ModelRecord, type SelfCheck } from './modelRecord'
import { graphIn, runSelfCheck, type CheckedGraph, type SelfCheckOptions } from './selfCheck'
import { Turns } from './turns'

export interface ModelServiceParts {
  readonly library: ModelLibrary
  readonly installed: InstalledModels
  /** Self-checks of the bundled ones. */
  readonly checks: BundledChecks
  readonly workshop: WorkshopHost
  /** Where the bundled models lie. */
  readonly bundledFolder: string
  /** Where downloads lie until they are installed. */
  readonly downloadsFolder: string
  /** Whether an engine runs on the model now. */
  readonly isInUse?: (id: string) => boolean
  readonly now?: () => string
  /** The product's by default; tests shorten them. */
  readonly downloadLimits?: Partial<DownloadLimits>
}

export interface BundledModel {
  readonly id: string
  readonly name: string
  readonly licence: string
  readonly bytes: number
  readonly precisions: readonly Precision[]
  readonly selfChecks: readonly SelfCheck[]
  /** Names of files that are gone, of another size, or not what they were at the last verification. */
  readonly damaged: readonly string[]
}

/** A model of the user's, with what is wrong with its files. */
export type InstalledModel = InstalledEntry & { readonly bytes: number; readonly damaged: readonly string[] }

export interface OfferState extends ModelOffer {
  /** The id that it is installed under, whole or not; null where it is not. */
  readonly installedAs: string | null
  /** What an earlier download left, in bytes. */
  readonly partialBytes: number
}

export interface ModelList {
  readonly defaultId: string
  readonly bundledFolder: string
  /** Where the user's models lie. */
  readonly folder: string
  readonly bundled: readonly BundledModel[]
  readonly installed: readonly InstalledModel[]
  readonly offers: readonly OfferState[]
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

export interface CheckedModel extends ResolvedModel {
  /** What was found of its FP16 just now; null where that was known, or nobody asked for it. */
  readonly newCheck: SelfCheck | null
}

/** All that can be done with models, for the command and the window: every method is one thing that a person asks for. */
export class ModelService {
  /** All but the transfer of a download: conversions and checks take memory and every core. */
  private readonly turns = new Turns()
  /** What the last verification found of bundled models, which have no record. */
  private readonly bundledDamage = new Map<string, readonly string[]>()

  private constructor(
    private readonly parts: ModelServiceParts,
    private readonly catalog: Catalog
  ) {}

  /** Clears away what ended runs left half done. */
  static async open(parts: ModelServiceParts): Promise<ModelService> {
    await parts.installed.sweep()
    const service = new ModelService(parts, await parts.library.catalog())
    await service.sweepDownloads()
    return service
  }

  async list(): Promise<ModelList> {
    const { installed, bundledFolder } = this.parts
    const entries = await installed.list()
    return {
      defaultId: this.catalog.default,
      bundledFolder,
      folder: installed.folder,
      bundled: await Promise.all(this.catalog.models.map((model) => this.bundledState(model))),
      installed: await Promise.all(entries.map((entry) => this.installedState(entry))),
      offers: await Promise.all(this.catalog.offers.map((offer) => this.offerState(offer, entries)))
    }
  }

  /** Installs a file: see {@link Importer.add}. */
  async add(sourcePath: string, options: AddOptions = {}): Promise<AddedModel> {
    return this.inTurn(options, () => this.importer().add(path.resolve(sourcePath), options))
  }

  /**
   * Downloads an offer and installs it; what a cancelled download got is taken up by the next. Throws `E_MODEL_MISSING` for an
   * unknown offer or mirror, and what {@link downloadFile} and {@link add} throw.
   */
  async download(id: string, { mirror = null, ...task }: DownloadOptions = {}): Promise<AddedModel> {
    const offer = this.offer(id)
    const wanted = this.wantedFile(offer)
    const urls = urlsOf(offer, mirror)
    const present = await this.inTurn(task, () => this.wholeOf(offer, task))
    if (present !== null) return { record: present, isNew: false }
    const { bytes } = offer
    const onProgress = (doneBytes: number): void => {
      task.onProgress?.({ phase: 'download', fraction: doneBytes / bytes })
    }
    const signal = task.signal ? { signal: task.signal } : {}
    const limits = this.parts.downloadLimits ?? {}
    await downloadFile({ ...wanted, urls, onProgress, limits, ...signal })
    const added = await this.inTurn(task, () => this.importer().add(wanted.targetPath, task))
    await rm(path.dirname(wanted.targetPath), { recursive: true, force: true })
    return added
  }

  /** Hashes every file of one model, or of all, again. Throws `E_MODEL_MISSING` for an id that is not there. */
  verify(id: string | null, task: ModelTask = {}): Promise<readonly Verified[]> {
    return this.inTurn(task, () => this.hashAll(id, task))
  }

  private async hashAll(id: string | null, task: ModelTask): Promise<readonly Verified[]> {
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
    for (const model of bundled) {
      const { id: bundledId } = model
      const damaged: string[] = []
      for (const file of filesOfCatalog(model)) {
        if (!(await this.isBundledWhole(file, options))) damaged.push(file.file)
      }
      this.bundledDamage.set(bundledId, damaged)
      results.push({ id: bundledId, damaged })
    }
    for (const { id: installedId, record } of installed) {
      const damaged = record === null ? ['model.json'] : await this.damageOf(record, id === null, options)
      if (damaged !== null) results.push({ id: installedId, damaged })
    }
    return results
  }

  /** Null for one of many that was removed meanwhile. */
  private async damageOf(
    record: ModelRecord,
    isOneOfMany: boolean,
    options: Parameters<typeof hashFile>[1]
  ): Promise<readonly string[] | null> {
    try {
      return (await this.parts.installed.verify(record, this.now(), options)).damaged
    } catch (thrown) {
      if (isOneOfMany && thrown instanceof AppError && thrown.code === 'E_MODEL_MISSING') return null
      throw thrown
    }
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

  /**
   * As the library resolves it, save that FP16 which nobody compared on the device yet is compared first: who asks for FP16 gets it, or
   * the reason why not. Throws what the library throws, `E_CANCELLED`, and errors of the file system.
   */
  async resolve(wanted: string | null, options: ResolveOptions, task: ModelTask = {}): Promise<CheckedModel> {
    const { library } = this.parts
    return this.inTurn(task, async () => {
      const before = await library.resolve(wanted, options)
      if (before.precisionReason !== 'notChecked') return { ...before, newCheck: null }
      const newCheck = await this.compare(before.label, options.device ?? 'auto', task)
      return { ...(await library.resolve(wanted, options)), newCheck }
    })
  }

  /** FP16 against FP32 on a device, written down with the model. Throws `E_MODEL_MISSING`, `E_MODEL_UNSUPPORTED` where there are not both. */
  selfCheck(id: string, device: Device, task: ModelTask = {}): Promise<SelfCheck> {
    return this.inTurn(task, () => this.compare(id, device, task))
  }

  private async compare(id: string, device: Device, task: ModelTask): Promise<SelfCheck> {
    const { installed } = this.parts
    const bundled = this.catalog.models.find((model) => model.id === id)
    if (bundled) return this.compareBundled(bundled, device, task)
    const { record, folder } = (await installed.find(id)) ?? { record: null, folder: '' }
    if (record === null) throw new AppError('E_MODEL_MISSING', { detail: id })
    const { fp32, fp16 } = record.precisions
    const graphs = bothOf(id, fp32 && graphIn(folder, fp32), fp16 && graphIn(folder, fp16))
    const check = await this.runCheck({ ...graphs, scratchFolder: folder, device }, task)
    const others = record.selfChecks.filter((other) => other.device !== check.device)
    await installed.update({ ...record, selfChecks: [...others, check] })
    return check
  }

  /** The program's own folder may not be written to: what is compared lies among the user's models meanwhile. */
  private async compareBundled(model: CatalogModel, device: Device, task: ModelTask): Promise<SelfCheck> {
    const { installed, checks, bundledFolder } = this.parts
    const graphOf = (file: CatalogFile | null | undefined): CheckedGraph | null =>
      file?.sha256 ? { statefulPath: path.join(bundledFolder, file.file), sha256: file.sha256 } : null
    const graphs = bothOf(model.id, graphOf(model.stateful), graphOf(model.fp16?.stateful))
    const scratchFolder = await installed.begin()
    try {
      const check = await this.runCheck({ ...graphs, scratchFolder, device }, task)
      await checks.record(model, check)
      return check
    } finally {
      await installed.discard(scratchFolder)
    }
  }

  private runCheck(
    what: Pick<SelfCheckOptions, 'fp32' | 'fp16' | 'scratchFolder' | 'device'>,
    { signal, onProgress }: ModelTask
  ): Promise<SelfCheck> {
    const progress = (fraction: number): void => onProgress?.({ phase: 'check', fraction })
    return runSelfCheck(this.parts.workshop, { ...what, now: this.now(), signal, onProgress: progress })
  }

  private inTurn<T>({ signal, onProgress }: ModelTask, work: () => Promise<T>): Promise<T> {
    return this.turns.take(work, signal, () => onProgress?.({ phase: 'wait', fraction: null }))
  }

  private wantedFile({ id, fileName, bytes, sha256 }: ModelOffer): WantedFile {
    const targetPath = path.join(this.parts.downloadsFolder, `${id}-${sha256.slice(0, 8)}`, fileName)
    return { targetPath, bytes, sha256 }
  }

  /** The model that an offer became, where it is here and whole. */
  private async wholeOf(offer: ModelOffer, task: ModelTask): Promise<ModelRecord | null> {
    const { installed } = this.parts
    const present = idOf(offer, await installed.list())
    const record = present === null ? null : (await installed.find(present))?.record
    if (!record) return null
    const verified = await installed.verify(record, this.now(), task)
    return verified.damaged.length === 0 ? verified : null
  }

  private async bundledState(model: CatalogModel): Promise<BundledModel> {
    const { id, name, licence } = model
    const found = this.bundledDamage.get(id) ?? []
    const damaged: string[] = []
    for (const { file, bytes } of filesOfCatalog(model)) {
      const stats = await stat(path.join(this.parts.bundledFolder, file)).catch(() => null)
      const isWhole = stats?.isFile() === true && (bytes === null || stats.size === bytes)
      if (!isWhole || found.includes(file)) damaged.push(file)
    }
    const precisions = PRECISIONS.filter((precision) => precision === 'fp32' || model.fp16)
    const selfChecks = await this.parts.checks.of(model)
    return { id, name, licence, bytes: sum(bundledBytes(model)), precisions, selfChecks, damaged }
  }

  private async installedState(entry: InstalledEntry): Promise<InstalledModel> {
    if (entry.record === null) return { ...entry, bytes: 0, damaged: ['model.json'] }
    return { ...entry, bytes: bytesOf(entry.record), damaged: await this.parts.installed.damagedOf(entry.record) }
  }

  private async offerState(offer: ModelOffer, entries: readonly InstalledEntry[]): Promise<OfferState> {
    return { ...offer, installedAs: idOf(offer, entries), partialBytes: await keptBytes(this.wantedFile(offer)) }
  }

  /** What was downloaded of files that are offered no more. */
  private async sweepDownloads(): Promise<void> {
    const { downloadsFolder } = this.parts
    const known = new Set(this.catalog.offers.map((offer) => path.dirname(this.wantedFile(offer).targetPath)))
    const names = await readdir(downloadsFolder).catch(() => []) // Not there yet, or nothing that can be swept.
    for (const name of names) {
      const folder = path.join(downloadsFolder, name)
      if (!known.has(folder) && /-[0-9a-f]{8}$/u.test(name)) await rm(folder, { recursive: true, force: true })
    }
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

/** The id of the model that was made of an offer's file; null where there is none. */
function idOf({ sha256 }: ModelOffer, entries: readonly InstalledEntry[]): string | null {
  return entries.find(({ record }) => record?.source.sha256 === sha256)?.id ?? null
}

/** What a model takes on the disk. */
function bytesOf(record: ModelRecord): number {
  return sum(filesOf(record).map(({ bytes }) => bytes))
}

function bundledBytes(model: CatalogModel): readonly number[] {
  return filesOfCatalog(model).map(({ bytes }) => bytes ?? 0)
}

/** What can be compared. Throws `E_MODEL_UNSUPPORTED`. */
function bothOf(
  id: string,
  fp32: CheckedGraph | null,
  fp16: CheckedGraph | null
): Pick<SelfCheckOptions, 'fp32' | 'fp16'> {
  if (fp32 !== null && fp16 !== null) return { fp32, fp16 }
  throw new AppError('E_MODEL_UNSUPPORTED', { detail: `${id} is there in one precision only` })
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
