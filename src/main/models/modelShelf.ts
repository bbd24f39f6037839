import { AppError, type ErrorPayload } from '../../shared/errors/appError'
import type { ModelShelf, OfferView, ShelfModel } from '../../shared/ipc/modelViews'
import type { ModelView } from '../../shared/ipc/views'
import { PRECISIONS } from '../../shared/settings/choices'
import type { ModelLibrary } from './library'
import type { InstalledModel, ModelList, ModelService, OfferState } from './modelService'

/** What is on the disk, as the window sees it: the models to choose from, and the shelf without what is being done. */
export interface ModelState {
  readonly models: readonly ModelView[]
  readonly shelf: Omit<ModelShelf, 'tasks'>
}

/** Reads records and sizes, no file's bytes. */
export async function readModels(service: ModelService, library: ModelLibrary): Promise<ModelState> {
  const [list, views] = await Promise.all([service.list(), library.views()])
  const shelf = shelfOf(list, views)
  const broken = new Set(shelf.models.flatMap(({ id, problem }) => (problem === null ? [] : [id])))
  return { models: views.filter(({ id }) => !broken.has(id)), shelf }
}

function shelfOf(list: ModelList, views: readonly ModelView[]): ModelState['shelf'] {
  const bundled = list.bundled.map((model) => {
    const view = views.find(({ id }) => id === model.id)
    return bundledModel(model, { folder: list.bundledFolder, view })
  })
  const installed = list.installed.map((entry) => installedModel(entry, list.offers))
  const whole = new Set(installed.flatMap(({ id, problem }) => (problem === null ? [id] : [])))
  return {
    folder: list.folder,
    defaultId: list.defaultId,
    models: [...bundled, ...installed],
    offers: list.offers.map((offer) => offerView(offer, whole))
  }
}

function bundledModel(
  { id, name, licence, bytes, damaged }: ModelList['bundled'][number],
  { folder, view }: { readonly folder: string; readonly view: ModelView | undefined }
): ShelfModel {
  return {
    id,
    name,
    kind: 'bundled',
    licence,
    notes: null,
    sourceFileName: null,
    sizeBytes: bytes,
    precisions: view?.precisions ?? ['fp32'],
    selfChecks: view?.selfChecks ?? [],
    scores: view?.scores,
    addedAt: null,
    verifiedAt: null,
    folder,
    problem: damageOf(folder, damaged),
    offerId: null
  }
}

function installedModel(entry: InstalledModel, offers: readonly OfferState[]): ShelfModel {
  const { id, folder, damaged } = entry
  if (entry.record === null) return unreadable(entry, offers)
  const { record } = entry
  return {
    id,
    name: record.name,
    kind: record.source.kind,
    licence: record.licence,
    notes: record.notes,
    sourceFileName: record.source.fileName,
    sizeBytes: entry.bytes,
    precisions: PRECISIONS.filter((precision) => record.precisions[precision] !== null),
    selfChecks: record.selfChecks,
    addedAt: record.addedAt,
    verifiedAt: record.verifiedAt,
    folder,
    problem: damageOf(folder, damaged),
    offerId: offers.find(({ sha256 }) => sha256 === record.source.sha256)?.id ?? null
  }
}

/** What it was is not known any more, save by its id. */
function unreadable({ id, folder, ...entry }: InstalledModel, offers: readonly OfferState[]): ShelfModel {
  const offer = offers.find((known) => known.id === id)
  const detail = entry.record === null ? entry.problem : ''
  return {
    id,
    name: offer?.name ?? id,
    kind: offer ? 'checkpoint' : 'foreign',
    licence: offer?.licence ?? null,
    notes: offer?.notes ?? null,
    sourceFileName: offer?.fileName ?? null,
    sizeBytes: 0,
    precisions: [],
    selfChecks: [],
    addedAt: null,
    verifiedAt: null,
    folder,
    problem: new AppError('E_MODEL_DAMAGED', { path: folder, detail }).toPayload(),
    offerId: offer?.id ?? null
  }
}

function offerView({ installedAs, mirrors, ...offer }: OfferState, whole: ReadonlySet<string>): OfferView {
  const { id, name, licence, notes, bytes, partialBytes } = offer
  return {
    ...{ id, name, licence, notes, bytes, partialBytes },
    mirrors: mirrors.map((mirror) => mirror.name),
    installedAs: installedAs !== null && whole.has(installedAs) ? installedAs : null
  }
}

function damageOf(folder: string, damaged: readonly string[]): ErrorPayload | null {
  if (damaged.length === 0) return null
  return new AppError('E_MODEL_DAMAGED', { path: folder, detail: damaged.join(', ') }).toPayload()
}
