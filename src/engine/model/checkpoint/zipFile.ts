import { inflateRawSync } from 'node:zlib'
import { MAX_BUFFER_BYTES, damaged, readExactly, unsupported, type ModelBytes } from './bytes'

/** ZIP archives (PKWARE APPNOTE 6.3) as PyTorch writes them: entries stored or deflated, ZIP64, no encryption, one disk. */

const END = 0x06054b50
const END_64 = 0x06064b50
const END_64_LOCATOR = 0x07064b50
const CENTRAL = 0x02014b50
const LOCAL = 0x04034b50
const END_BYTES = 22
const MAX_COMMENT = 0xffff
/** The official checkpoint has 870 entries. */
const MAX_ENTRIES = 100_000

const STORED = 0
const DEFLATED = 8

export interface ZipEntry {
  readonly name: string
  readonly method: number
  readonly packedBytes: number
  readonly bytes: number
  readonly headerAt: number
}

/** Whether a file begins as an archive does. */
export function isZip(head: Buffer): boolean {
  return head.length >= 4 && head.readUInt32LE(0) === LOCAL
}

/** The archive's entries by name, from its central directory. Throws E_MODEL_DAMAGED, E_MODEL_UNSUPPORTED (encrypted). */
export async function readZipDirectory(file: ModelBytes): Promise<ReadonlyMap<string, ZipEntry>> {
  const { at, bytes, count } = await findDirectory(file)
  if (count > MAX_ENTRIES) throw damaged(file.path, `its directory names ${count} entries`)
  const directory = await readExactly(file, at, bytes)
  const entries = new Map<string, ZipEntry>()
  let next = 0
  for (let i = 0; i < count; i++) {
    if (next + 46 > directory.length || directory.readUInt32LE(next) !== CENTRAL) {
      throw damaged(file.path, 'its directory is not whole')
    }
    const { entry, length } = parseCentral(directory, next, file.path)
    if (entries.has(entry.name)) throw damaged(file.path, `two entries are called ${entry.name}`)
    entries.set(entry.name, entry)
    next += length
  }
  return entries
}

/** Where an entry's packed bytes begin. Throws E_MODEL_DAMAGED. */
export async function zipDataOf(
  file: ModelBytes,
  entry: ZipEntry
): Promise<{ readonly at: number; readonly isDeflated: boolean }> {
  const header = await readExactly(file, entry.headerAt, 30)
  if (header.readUInt32LE(0) !== LOCAL) throw damaged(file.path, `${entry.name} is not where the directory says`)
  const at = entry.headerAt + 30 + header.readUInt16LE(26) + header.readUInt16LE(28)
  return { at, isDeflated: entry.method !== STORED }
}

/** An entry's bytes. Throws E_MODEL_DAMAGED where they are not as many as it says. */
export async function readZipEntry(file: ModelBytes, entry: ZipEntry): Promise<Buffer> {
  if (entry.bytes > MAX_BUFFER_BYTES) throw damaged(file.path, `${entry.name} says it has ${entry.bytes} bytes`)
  const { at: dataAt } = await zipDataOf(file, entry)
  const packed = await readExactly(file, dataAt, entry.packedBytes)
  const bytes = entry.method === STORED ? packed : inflate(packed, entry, file.path)
  if (bytes.length !== entry.bytes)
    throw damaged(file.path, `${entry.name} has ${bytes.length} bytes, not ${entry.bytes}`)
  return bytes
}

/** Stops at the declared length: what a bomb would unpack to is never made. */
function inflate(packed: Buffer, entry: ZipEntry, path: string): Buffer {
  try {
    return inflateRawSync(packed, { maxOutputLength: Math.max(1, entry.bytes) })
  } catch (error) {
    throw damaged(path, `${entry.name} cannot be unpacked: ${error instanceof Error ? error.message : String(error)}`)
  }
}

interface Directory {
  readonly at: number
  readonly bytes: number
  readonly count: number
}

async function findDirectory(file: ModelBytes): Promise<Directory> {
  const tailBytes = Math.min(file.size, END_BYTES + MAX_COMMENT)
  const tailAt = file.size - tailBytes
  const tail = await readExactly(file, tailAt, tailBytes)
  for (let i = tail.length - END_BYTES; i >= 0; i--) {
    if (tail.readUInt32LE(i) !== END) continue
    const [count, bytes, at] = [tail.readUInt16LE(i + 10), tail.readUInt32LE(i + 12), tail.readUInt32LE(i + 16)]
    const is64 = count === 0xffff || bytes === 0xffffffff || at === 0xffffffff
    return is64 ? findDirectory64(file, tailAt + i) : { at, bytes, count }
  }
  throw damaged(file.path, 'it is an archive without a directory: cut short')
}

async function findDirectory64(file: ModelBytes, endAt: number): Promise<Directory> {
  const locator = await readExactly(file, endAt - 20, 20)
  if (locator.readUInt32LE(0) !== END_64_LOCATOR) throw damaged(file.path, 'its directory is not whole')
  const record = await readExactly(file, safe(locator.readBigUInt64LE(8), file.path), 56)
  if (record.readUInt32LE(0) !== END_64) throw damaged(file.path, 'its directory is not whole')
  return {
    count: safe(record.readBigUInt64LE(32), file.path),
    bytes: safe(record.readBigUInt64LE(40), file.path),
    at: safe(record.readBigUInt64LE(48), file.path)
  }
}

function parseCentral(directory: Buffer, at: number, path: string): { entry: ZipEntry; length: number } {
  const nameBytes = directory.readUInt16LE(at + 28)
  const extraBytes = directory.readUInt16LE(at + 30)
  const length = 46 + nameBytes + extraBytes + directory.readUInt16LE(at + 32)
  if (at + length > directory.length) throw damaged(path, 'its directory is not whole')
  const name = directory.toString('utf8', at + 46, at + 46 + nameBytes)
  if ((directory.readUInt16LE(at + 8) & 1) !== 0) throw unsupported(path, `${name} is encrypted`)
  const method = directory.readUInt16LE(at + 10)
  if (method !== STORED && method !== DEFLATED) throw unsupported(path, `${name} is packed by method ${method}`)
  const extra = directory.subarray(at + 46 + nameBytes, at + 46 + nameBytes + extraBytes)
  const wide = wideFields(extra, path)
  const field = (offset: number): number => {
    const value = directory.readUInt32LE(at + offset)
    return value === 0xffffffff ? wide() : value
  }
  // In the order in which ZIP64 lists those that are too large.
  const bytes = field(24)
  const packedBytes = field(20)
  const headerAt = field(42)
  return { entry: { name, method, packedBytes, bytes, headerAt }, length }
}

/** The 64-bit values of an entry, one after the other. */
function wideFields(extra: Buffer, path: string): () => number {
  let at = 0
  let end = 0
  for (let next = 0; next + 4 <= extra.length;) {
    const size = extra.readUInt16LE(next + 2)
    if (extra.readUInt16LE(next) === 1) [at, end] = [next + 4, Math.min(extra.length, next + 4 + size)]
    next += 4 + size
  }
  return () => {
    if (at + 8 > end) throw damaged(path, 'an entry has no length')
    at += 8
    return safe(extra.readBigUInt64LE(at - 8), path)
  }
}

function safe(value: bigint, path: string): number {
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw damaged(path, 'it declares lengths that no file has')
  return Number(value)
}
