import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, open, stat } from 'node:fs/promises'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { Inspection } from '../../engine/workshopProtocol'
import { AppError } from '../../shared/errors/appError'
import type { SourceIdentity } from '../../shared/jobs/job'
import { assertUnchanged, identityOf } from '../jobs/sourceIdentity'
import type { WorkshopHost } from '../processes/workshopHost'
import type { ModelOffer } from './catalog'
import { hashFile, recordFile } from './hashFile'
import type { InstalledModels } from './installed'
import type { ModelTask } from './modelProgress'
import {
  idFromName,
  isSafeId,
  nameOfFile,
  type ModelFileRecord,
  type ModelRecord,
  type PrecisionFiles
} from './modelRecord'
import { graphIn, runSelfCheck } from './selfCheck'

export interface AddOptions extends ModelTask {
  /** Null takes the offer's, or one from the file's name. */
  readonly id?: string | null
}

export interface AddedModel {
  readonly record: ModelRecord
  /** False where the very same file was installed already, and is whole. */
  readonly isNew: boolean
}

export interface ImporterParts {
  readonly installed: InstalledModels
  readonly workshop: WorkshopHost
  /** Ids that no model of the user's may have. */
  readonly bundledIds: readonly string[]
  readonly offers: readonly ModelOffer[]
  readonly now: () => string
}

interface Source {
  readonly path: string
  readonly identity: SourceIdentity
  readonly sha256: string
}

/** Makes an installed model of a file: a checkpoint is converted, a finished ONNX file copied. */
export class Importer {
  constructor(private readonly parts: ImporterParts) {}

  /**
   * Throws what the workshop says of the file, `E_MODEL_MISSING`, `E_MODEL_EXISTS`, `E_SOURCE_CHANGED`, `E_CANCELLED`, and errors of
   * the file system; nothing of it stays then.
   */
  async add(sourcePath: string, options: AddOptions = {}): Promise<AddedModel> {
    const source = await this.look(sourcePath, options)
    const same = await this.sameSource(source.sha256)
    if (same !== null) {
      const { installed, now } = this.parts
      const record = await installed.verify(same, now(), options)
      if (record.damaged.length === 0) return { record, isNew: false }
    }
    const offer = this.parts.offers.find(({ sha256 }) => sha256 === source.sha256) ?? null
    const broken = same === null ? await this.unreadableOf(offer, options.id ?? null) : null
    const id = same?.id ?? broken ?? (await this.chooseId(source, offer, options.id ?? null))
    const replaces = same !== null || broken !== null
    return { record: await this.build(source, { id, offer, replaces }, options), isNew: true }
  }

  /** The id of what was this offer, and has lost its description: it is put in its place, not beside it. */
  private async unreadableOf(offer: ModelOffer | null, asked: string | null): Promise<string | null> {
    if (offer === null || (asked !== null && asked !== offer.id)) return null
    const entry = await this.parts.installed.find(offer.id)
    return entry !== null && entry.record === null ? offer.id : null
  }

  private async look(sourcePath: string, { signal, onProgress }: ModelTask): Promise<Source> {
    const stats = await stat(sourcePath, { bigint: true }).catch((error: unknown) => {
      if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
        return null
      throw error
    })
    if (stats === null) throw new AppError('E_MODEL_MISSING', { path: sourcePath, detail: sourcePath })
    if (!stats.isFile()) throw new AppError('E_MODEL_UNSUPPORTED', { path: sourcePath, detail: 'it is not a file' })
    let done = 0
    const onBytes = (bytes: number): void => {
      done += bytes
      onProgress?.({ phase: 'hash', fraction: done / Number(stats.size) })
    }
    return { path: sourcePath, identity: identityOf(stats), sha256: await hashFile(sourcePath, { signal, onBytes }) }
  }

  private async sameSource(sha256: string): Promise<ModelRecord | null> {
    const entries = await this.parts.installed.list()
    return entries.find(({ record }) => record?.source.sha256 === sha256)?.record ?? null
  }

  private async chooseId(source: Source, offer: ModelOffer | null, asked: string | null): Promise<string> {
    if (asked !== null) {
      if (!isSafeId(asked)) throw new AppError('E_BAD_REQUEST', { detail: `${asked} cannot be the name of a model` })
      if (await this.isTaken(asked, offer)) throw new AppError('E_MODEL_EXISTS', { detail: asked })
      return asked
    }
    const wanted = offer?.id ?? idFromName(path.basename(source.path))
    for (let n = 1; ; n++) {
      const id = n === 1 ? wanted : `${wanted}-${n}`
      if (!(await this.isTaken(id, offer))) return id
    }
  }

  private async isTaken(id: string, offer: ModelOffer | null): Promise<boolean> {
    const { bundledIds, offers, installed } = this.parts
    if (bundledIds.includes(id) || offers.some((other) => other.id === id && other !== offer)) return true
    return (await installed.find(id)) !== null
  }

  private async build(
    source: Source,
    target: { readonly id: string; readonly offer: ModelOffer | null; readonly replaces: boolean },
    task: ModelTask
  ): Promise<ModelRecord> {
    const { installed, workshop, now } = this.parts
    const folder = await installed.begin()
    try {
      task.onProgress?.({ phase: 'inspect', fraction: null })
      const found = await workshop.inspect(source.path, asking(task))
      const precisions =
        found.kind === 'checkpoint'
          ? await this.convert(source, folder, task)
          : await this.copy(source, found, { folder, task })
      await assertUnchanged(source.path, source.identity)
      const record: ModelRecord = {
        version: 1,
        id: target.id,
        name: target.offer?.name ?? nameOfFile(path.basename(source.path)),
        licence: target.offer?.licence ?? null,
        notes: target.offer?.notes ?? null,
        source: {
          kind: found.kind,
          fileName: path.basename(source.path),
          bytes: source.identity.sizeBytes,
          sha256: source.sha256
        },
        channels: found.kind === 'foreign' ? null : found.channels,
        cascade: found.kind === 'foreign' ? null : found.cascade,
        addedAt: now(),
        verifiedAt: now(),
        precisions,
        selfChecks: [],
        damaged: []
      }
      const checked = { ...record, selfChecks: await this.selfChecks(record, folder, task) }
      await installed.publish(folder, checked, { replaces: target.replaces })
      return checked
    } catch (error) {
      await installed.discard(folder)
      throw error
    }
  }

  private async convert(source: Source, folder: string, task: ModelTask): Promise<ModelRecord['precisions']> {
    const both = ['fp32', 'fp16'] as const
    for (const precision of both) await mkdir(path.join(folder, precision))
    const targets = both.map((precision) => ({ outOnnx: path.join(folder, precision, 'model.onnx'), precision }))
    const onStep = (done: number, of: number): void => task.onProgress?.({ phase: 'convert', fraction: done / of })
    const request = { checkpointPath: source.path, targets }
    const { files } = await this.parts.workshop.convert(request, { ...asking(task), onStep })
    const recorded = async (precision: 'fp32' | 'fp16'): Promise<PrecisionFiles> => {
      const made = files.find((file) => file.precision === precision)!
      return {
        onePass: await recordIn(folder, made.onePassPath, task),
        stateful: await recordIn(folder, made.statefulPath, task),
        data: made.sharedDataPath === null ? [] : [await recordIn(folder, made.sharedDataPath, task)]
      }
    }
    return { fp32: await recorded('fp32'), fp16: await recorded('fp16') }
  }

  /** The copy is what is looked at again and hashed, whatever becomes of the source. */
  private async copy(
    source: Source,
    found: Exclude<Inspection, { kind: 'checkpoint' }>,
    { folder, task }: { readonly folder: string; readonly task: ModelTask }
  ): Promise<ModelRecord['precisions']> {
    const own = found.kind === 'own' ? found : null
    // A model of others is what it is: there is one form of it, and no choice.
    const precision = own?.precision ?? 'fp32'
    await mkdir(path.join(folder, precision))
    const copied = async (from: string, name: string): Promise<ModelFileRecord> => {
      task.onProgress?.({ phase: 'copy', fraction: null })
      const to = path.join(folder, precision, name)
      await copyFile(path.join(path.dirname(source.path), from), to, task.signal)
      return recordIn(folder, to, task)
    }
    const onePass = await copied(path.basename(source.path), 'model.onnx')
    if (onePass.sha256 !== source.sha256) throw new AppError('E_SOURCE_CHANGED', { path: source.path })
    const stateful = own?.statefulName ? await copied(own.statefulName, 'model.stateful.onnx') : null
    const data: ModelFileRecord[] = []
    for (const name of own?.dataNames ?? []) data.push(await copied(name, name))
    await this.parts.workshop.inspect(path.join(folder, onePass.name), asking(task))
    const files = { onePass, stateful, data }
    return precision === 'fp32' ? { fp32: files, fp16: null } : { fp32: null, fp16: files }
  }

  private async selfChecks(
    { precisions: { fp32, fp16 } }: ModelRecord,
    folder: string,
    { signal, onProgress }: ModelTask
  ): Promise<ModelRecord['selfChecks']> {
    const [full, half] = [fp32 && graphIn(folder, fp32), fp16 && graphIn(folder, fp16)]
    if (full === null || half === null) return []
    const progress = (fraction: number): void => onProgress?.({ phase: 'check', fraction })
    const graphs = { scratchFolder: folder, fp32: full, fp16: half }
    const options = { ...graphs, device: 'cpu' as const, now: this.parts.now(), signal, onProgress: progress }
    return [await runSelfCheck(this.parts.workshop, options)]
  }
}

function asking({ signal }: ModelTask): { readonly signal?: AbortSignal } {
  return signal ? { signal } : {}
}

function recordIn(folder: string, full: string, { signal }: ModelTask): Promise<ModelFileRecord> {
  return recordFile(full, path.relative(folder, full).replaceAll(path.sep, '/'), { signal })
}

/** Never over another file; on the disk when it returns. */
async function copyFile(from: string, to: string, signal: AbortSignal | undefined): Promise<void> {
  try {
    await pipeline(createReadStream(from), createWriteStream(to, { flags: 'wx' }), signal ? { signal } : {})
  } catch (error) {
    if (signal?.aborted) throw new AppError('E_CANCELLED')
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') {
      throw new AppError('E_MODEL_UNSAFE', { path: from, detail: 'its files have each other for data' }, error)
    }
    throw error
  }
  const file = await open(to, 'r+')
  await file.sync()
  await file.close()
}
