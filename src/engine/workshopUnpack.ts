import { createReadStream, createWriteStream } from 'node:fs'
import { open } from 'node:fs/promises'
import path from 'node:path'
import { Readable, Transform, type TransformCallback } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createInflateRaw } from 'node:zlib'
import { AppError } from '../shared/errors/appError'
import type { ModelBytes } from './model/checkpoint/bytes'
import { readZipDirectory, zipDataOf, type ZipEntry } from './model/checkpoint/zipFile'
import { tarFiles } from './tarStream'
import type { WorkshopEvent, WorkshopRequest } from './workshopProtocol'

type UnpackRequest = Extract<WorkshopRequest, { type: 'unpack' }>
type UnpackedEvent = Extract<WorkshopEvent, { type: 'unpacked' }>

/** `libcublas.so.12`, `libcudnn_ops.so.9`, `libonnxruntime_providers_cuda.so`. */
const LIBRARY = /^lib[A-Za-z0-9_+-]+\.so(?:\.\d+)*$/u

/**
 * Takes libraries out of an archive, each under its own name into one folder: regular files only, no paths, no links, and not more
 * than `maxBytes` in all. Throws E_DOWNLOAD_MISMATCH for an archive that is not what it should be, and errors of the file system.
 */
export async function unpackLibraries(
  request: UnpackRequest,
  send: (event: WorkshopEvent) => void
): Promise<UnpackedEvent> {
  const { archivePath, format, names } = request
  const budget = new Budget(request.maxBytes, archivePath)
  const files = format === 'zip' ? zipLibraries(request) : tgzLibraries(request)
  const done: { name: string; bytes: number }[] = []
  try {
    for await (const { name, data } of files) {
      const before = budget.used
      await pipeline(data, budget.meter(), createWriteStream(path.join(request.outFolder, name), { flags: 'wx' }))
      done.push({ name, bytes: budget.used - before })
      send({ type: 'step', done: done.length, of: Math.max(done.length, names?.length ?? done.length) })
    }
  } catch (thrown) {
    const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : ''
    throw /^(?:Z_|ERR_TAR|E_MODEL_)/u.test(code) ? wrong(archivePath, (thrown as Error).message) : thrown
  }
  const missing = names?.filter((name) => !done.some((file) => file.name === name)) ?? []
  if (missing.length > 0 || done.length === 0) {
    throw wrong(archivePath, missing.length > 0 ? `it has no ${missing.join(', ')}` : 'it has no libraries')
  }
  return { type: 'unpacked', files: done }
}

interface Library {
  readonly name: string
  readonly data: Readable
}

/** The bare name of a library that is wanted; null for everything else. */
function wantedName(full: string, names: readonly string[] | null): string | null {
  const parts = full.split('/')
  const name = parts.at(-1) ?? ''
  if (parts.at(-2) !== 'lib' || !LIBRARY.test(name)) return null
  return names === null || names.includes(name) ? name : null
}

async function* zipLibraries({ archivePath, names }: UnpackRequest): AsyncGenerator<Library> {
  const handle = await open(archivePath, 'r')
  try {
    const file: ModelBytes = { handle, path: archivePath, size: (await handle.stat()).size }
    for (const entry of (await readZipDirectory(file)).values()) {
      const name = wantedName(entry.name, names)
      if (name !== null) yield { name, data: await zipStream(file, entry) }
    }
  } finally {
    await handle.close()
  }
}

async function zipStream(file: ModelBytes, entry: ZipEntry): Promise<Readable> {
  const { at, isDeflated } = await zipDataOf(file, entry)
  if (entry.packedBytes === 0) return Readable.from([])
  const packed = createReadStream(file.path, { start: at, end: at + entry.packedBytes - 1 })
  if (!isDeflated) return packed
  const inflate = createInflateRaw()
  packed.on('error', (error) => inflate.destroy(error))
  return packed.pipe(inflate)
}

async function* tgzLibraries({ archivePath, names }: UnpackRequest): AsyncGenerator<Library> {
  const packed = createReadStream(archivePath)
  const gunzip = createGunzip()
  packed.on('error', (error) => gunzip.destroy(error))
  try {
    for await (const { name: full, data } of tarFiles(packed.pipe(gunzip))) {
      const name = wantedName(full, names)
      if (name === null) continue
      yield { name, data: Readable.from(data) }
    }
  } finally {
    packed.destroy()
    gunzip.destroy()
  }
}

/** What may come out of an archive in all: a bomb stops there. */
class Budget {
  used = 0

  constructor(
    private readonly maxBytes: number,
    private readonly archivePath: string
  ) {}

  meter(): Transform {
    return new Transform({
      transform: (chunk: Buffer, _encoding, done: TransformCallback) => {
        this.used += chunk.length
        if (this.used <= this.maxBytes) done(null, chunk)
        else done(wrong(this.archivePath, `it unpacks to more than ${this.maxBytes} bytes`))
      }
    })
  }
}

function wrong(archivePath: string, detail: string): AppError {
  return new AppError('E_DOWNLOAD_MISMATCH', { path: archivePath, detail })
}
