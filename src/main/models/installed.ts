import { randomBytes } from 'node:crypto'
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { AppError } from '../../shared/errors/appError'
import { ensureFolder } from '../jobs/folders'
import { isOwnerGone, ownerTag } from '../jobs/partFiles'
import { hashFile, recordFile, type HashOptions } from './hashFile'
import {
  filesOf,
  filesOfPrecision,
  isSafeId,
  ModelRecord,
  type ModelFileRecord,
  type PrecisionFiles
} from './modelRecord'

/** A model's folder, whole or not. */
export type InstalledEntry =
  | { readonly id: string; readonly folder: string; readonly record: ModelRecord }
  | { readonly id: string; readonly folder: string; readonly record: null; readonly problem: string }

const RECORD_NAME = 'model.json'
/** `.adding-PID-TAGRANDOM` and `.removing-...`: who made it, on which machine. */
const TEMPORARY = /^\.(?:adding|removing)-(\d+)-([0-9a-f]{4})[0-9a-f]{8}$/

/** What this process is at, whoever asked for it. */
const working = new Set<string>()

/** Models in the user's data folder, one folder each. What is half done has another name, which nobody looks at. */
export class InstalledModels {
  constructor(readonly folder: string) {}

  /** Removes what ended runs left half done. */
  async sweep(): Promise<void> {
    for (const name of await this.names()) {
      const match = TEMPORARY.exec(name)
      const full = path.join(this.folder, name)
      if (match === null || working.has(full) || !isOwnerGone(Number(match[1]), match[2]!)) continue
      // Its process may just be writing its last file.
      await rm(full, { recursive: true, force: true, maxRetries: 5 })
    }
  }

  /** Everything that is there, by id. */
  async list(): Promise<readonly InstalledEntry[]> {
    const ids = (await this.names()).filter(isSafeId).sort()
    return Promise.all(ids.map((id) => this.read(id)))
  }

  /** Null where there is no such model. */
  async find(id: string): Promise<InstalledEntry | null> {
    if (!isSafeId(id)) return null
    const isThere = await stat(path.join(this.folder, id)).then(
      (stats) => stats.isDirectory(),
      () => false
    )
    return isThere ? this.read(id) : null
  }

  /** A folder to build a model in; end with {@link publish} or {@link discard}. */
  async begin(): Promise<string> {
    await ensureFolder(this.folder)
    const folder = this.temporary('adding')
    await mkdir(folder)
    working.add(folder)
    return folder
  }

  /** The model appears, whole; in place of another one where `replaces` says so. Throws `E_MODEL_EXISTS`. */
  async publish(built: string, record: ModelRecord, { replaces = false } = {}): Promise<void> {
    await writeRecord(built, record)
    const place = path.join(this.folder, record.id)
    if (replaces) await this.remove(record.id)
    try {
      await rename(built, place)
    } catch (error) {
      if (!hasCode(error, 'EEXIST', 'ENOTEMPTY', 'EPERM') || !(await this.find(record.id))) throw error
      throw new AppError('E_MODEL_EXISTS', { detail: record.id }, error)
    }
    working.delete(built)
  }

  async discard(built: string): Promise<void> {
    await rm(built, { recursive: true, force: true, maxRetries: 5 })
    working.delete(built)
  }

  /** Gone at once, then deleted. Throws `E_MODEL_IN_USE` where the system holds a file of it. */
  async remove(id: string): Promise<void> {
    const away = this.temporary('removing')
    working.add(away)
    try {
      await rename(path.join(this.folder, id), away)
    } catch (error) {
      working.delete(away)
      if (hasCode(error, 'ENOENT')) return
      if (hasCode(error, 'EBUSY', 'EPERM', 'EACCES') && process.platform === 'win32') {
        throw new AppError('E_MODEL_IN_USE', { detail: id }, error)
      }
      throw error
    }
    await rm(away, { recursive: true, force: true, maxRetries: 5 })
    working.delete(away)
  }

  /** Hashes every file again and writes down what came of it. */
  async verify(record: ModelRecord, now: string, options: HashOptions = {}): Promise<ModelRecord> {
    const folder = path.join(this.folder, record.id)
    const damaged: string[] = []
    const seen = new Map<string, ModelFileRecord>()
    for (const file of filesOf(record)) {
      const found = await recordFile(path.join(folder, file.name), file.name, options).catch((error: unknown) => {
        if (hasCode(error, 'ENOENT', 'EIO', 'EISDIR')) return null
        throw error
      })
      if (found?.sha256 === file.sha256) seen.set(file.name, found)
      else damaged.push(file.name)
    }
    const fresh = (file: ModelFileRecord): ModelFileRecord => seen.get(file.name) ?? file
    const again = (files: PrecisionFiles | null): PrecisionFiles | null =>
      files && {
        onePass: fresh(files.onePass),
        stateful: files.stateful && fresh(files.stateful),
        data: files.data.map(fresh)
      }
    const { fp32, fp16 } = record.precisions
    const verified = {
      ...record,
      damaged,
      precisions: { fp32: again(fp32), fp16: again(fp16) },
      verifiedAt: damaged.length === 0 ? now : record.verifiedAt
    }
    await writeRecord(folder, verified).catch((error: unknown) => {
      throw hasCode(error, 'ENOENT') ? new AppError('E_MODEL_MISSING', { detail: record.id }, error) : error
    })
    return verified
  }

  /** Names of files that were found damaged, are gone or have another size; quick, without a look into them. */
  async damagedOf(record: ModelRecord): Promise<readonly string[]> {
    const folder = path.join(this.folder, record.id)
    const isWrong = async ({ name, bytes }: ModelFileRecord): Promise<boolean> => {
      const stats = await stat(path.join(folder, name)).catch(() => null)
      return record.damaged.includes(name) || !stats?.isFile() || stats.size !== bytes
    }
    const files = filesOf(record)
    const wrong = await Promise.all(files.map(isWrong))
    return files.filter((_, at) => wrong[at]).map(({ name }) => name)
  }

  /** Writes a record anew, of a model that is there. */
  async update(record: ModelRecord): Promise<void> {
    await writeRecord(path.join(this.folder, record.id), record)
  }

  /**
   * Looks at the files before an engine is started on them: sizes, and the hash of data files that were touched since (the engine
   * hashes the graphs that it loads). Throws `E_MODEL_DAMAGED`.
   */
  async assertWhole(record: ModelRecord, files: PrecisionFiles): Promise<void> {
    const folder = path.join(this.folder, record.id)
    const known = filesOfPrecision(files).find(({ name }) => record.damaged.includes(name))
    if (known) throw damagedFile(path.join(folder, known.name), 'it was found damaged when it was verified')
    for (const file of filesOfPrecision(files)) {
      const full = path.join(folder, file.name)
      const stats = await stat(full).catch(() => null)
      if (!stats?.isFile()) throw damagedFile(full, 'it is missing')
      if (stats.size !== file.bytes) throw damagedFile(full, `it has ${stats.size} bytes, not ${file.bytes}`)
      const isTouched = stats.mtimeMs !== file.mtimeMs
      if (isTouched && files.data.includes(file) && (await hashFile(full)) !== file.sha256) {
        throw damagedFile(full, 'it was changed')
      }
    }
  }

  private async read(id: string): Promise<InstalledEntry> {
    const folder = path.join(this.folder, id)
    try {
      const record = ModelRecord.parse(JSON.parse(await readFile(path.join(folder, RECORD_NAME), 'utf8')))
      if (record.id !== id) throw new Error(`it says that it is ${record.id}`)
      return { id, folder, record }
    } catch (error) {
      return { id, folder, record: null, problem: `${RECORD_NAME}: ${firstLine(error)}` }
    }
  }

  private async names(): Promise<readonly string[]> {
    try {
      return await readdir(this.folder)
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return []
      throw error
    }
  }

  private temporary(what: 'adding' | 'removing'): string {
    return path.join(this.folder, `.${what}-${process.pid}-${ownerTag}${randomBytes(4).toString('hex')}`)
  }
}

/** Whole or not at all. */
async function writeRecord(folder: string, record: ModelRecord): Promise<void> {
  const part = path.join(folder, `${RECORD_NAME}.part`)
  const file = await open(part, 'w')
  try {
    await file.writeFile(`${JSON.stringify(record, null, 2)}\n`)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(part, path.join(folder, RECORD_NAME))
}

function damagedFile(full: string, detail: string): AppError {
  return new AppError('E_MODEL_DAMAGED', { path: full, detail: `${full}: ${detail}` })
}

function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code))
}

function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return text.length > 200 ? 'not in a form that can be read' : text.split('\n')[0]!
}
