import { open, type FileHandle } from 'node:fs/promises'
import { AppError } from '../../shared/errors/appError'
import { bfloatToNumber, halfToNumber } from './halfFloats'
import type { StateDict, WeightTensor } from './stateDict'

/** Reader and writer of safetensors files: 8 bytes of header length, a JSON header, then the tensors back to back. */

type Dtype = 'F32' | 'F16' | 'BF16' | 'I64' | 'I32' | 'I16' | 'I8' | 'U8' | 'BOOL' | 'F64'

const BYTES: Readonly<Record<Dtype, number>> = {
  F32: 4,
  F16: 2,
  BF16: 2,
  F64: 8,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1
}
const FLOATS: ReadonlySet<string> = new Set(['F32', 'F16', 'BF16'])
/** Counters, such as batch norm's: of no use to inference. */
const IGNORED: ReadonlySet<string> = new Set(['I64', 'I32', 'I16', 'I8', 'U8', 'BOOL'])
/** The official library's limit. */
const MAX_HEADER_BYTES = 100_000_000

interface Entry {
  readonly name: string
  readonly dtype: Dtype
  readonly shape: readonly number[]
  readonly begin: number
  readonly end: number
}

/**
 * Reads the float tensors (F32, F16, BF16) of a file as float32; integer tensors are left out. Nothing is allocated by what
 * the file declares beyond its own size. Throws E_MODEL_DAMAGED (not a whole safetensors file), E_MODEL_UNSUPPORTED (a type
 * that has no meaning here), E_IO.
 */
export async function readSafetensors(path: string): Promise<StateDict> {
  const file = await open(path, 'r')
  try {
    return await readTensors(file, path)
  } finally {
    await file.close()
  }
}

async function readTensors(file: FileHandle, path: string): Promise<StateDict> {
  const { size } = await file.stat()
  const headerBytes = await readHeaderLength(file, size, path)
  const dataStart = 8 + headerBytes
  const entries = parseHeader(await readBytes(file, 8, headerBytes, path), size - dataStart, path)
  const tensors = new Map<string, WeightTensor>()
  for (const entry of entries) {
    if (!FLOATS.has(entry.dtype)) continue
    const bytes = await readBytes(file, dataStart + entry.begin, entry.end - entry.begin, path)
    tensors.set(entry.name, { shape: entry.shape, data: decode(entry.dtype, bytes) })
  }
  return tensors
}

async function readHeaderLength(file: FileHandle, size: number, path: string): Promise<number> {
  if (size < 10) throw damaged(path, 'too short for a safetensors file')
  const length = (await readBytes(file, 0, 8, path)).readBigUInt64LE(0)
  if (length > BigInt(Math.min(size - 8, MAX_HEADER_BYTES)) || length < 2n) {
    throw damaged(path, 'its header reaches beyond the file')
  }
  return Number(length)
}

async function readBytes(file: FileHandle, position: number, length: number, path: string): Promise<Buffer> {
  const bytes = Buffer.alloc(length)
  let done = 0
  while (done < length) {
    const { bytesRead } = await file.read(bytes, done, length - done, position + done)
    if (bytesRead === 0) throw damaged(path, 'the file ended early')
    done += bytesRead
  }
  return bytes
}

function parseHeader(bytes: Buffer, dataBytes: number, path: string): readonly Entry[] {
  let header: unknown
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (error) {
    throw new AppError('E_MODEL_DAMAGED', { path, detail: 'its header is not JSON' }, error)
  }
  if (!isRecord(header)) throw damaged(path, 'its header is not an object')
  const entries = Object.entries(header)
    .filter(([name]) => name !== '__metadata__')
    .map(([name, value]) => parseEntry(name, value, path))
    .sort((a, b) => a.begin - b.begin || a.end - b.end)
  let at = 0
  for (const entry of entries) {
    if (entry.begin !== at) throw damaged(path, `tensor ${entry.name} overlaps another one or leaves a hole`)
    at = entry.end
  }
  if (at !== dataBytes) throw damaged(path, `it holds ${dataBytes} bytes of tensors, its header says ${at}`)
  return entries
}

function parseEntry(name: string, value: unknown, path: string): Entry {
  if (!isRecord(value)) throw damaged(path, `tensor ${name} has no description`)
  const { dtype, shape, data_offsets: offsets } = value
  if (!isCounts(shape) || !isCounts(offsets) || offsets.length !== 2) {
    throw damaged(path, `tensor ${name} has no valid shape or place`)
  }
  if (typeof dtype !== 'string' || !(FLOATS.has(dtype) || IGNORED.has(dtype))) {
    throw new AppError('E_MODEL_UNSUPPORTED', { path, detail: `tensor ${name} is of type ${String(dtype)}` })
  }
  const kind = dtype as Dtype
  const [begin, end] = [offsets[0]!, offsets[1]!]
  const bytes = shape.reduce((product, length) => product * length, BYTES[kind])
  if (!Number.isSafeInteger(bytes) || end - begin !== bytes) {
    throw damaged(path, `tensor ${name} has ${end - begin} bytes where its shape needs ${bytes}`)
  }
  return { name, dtype: kind, shape, begin, end }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isCounts(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && (item as number) >= 0)
}

function decode(dtype: Dtype, bytes: Buffer): Float32Array {
  const count = bytes.length / BYTES[dtype]
  const data = new Float32Array(count)
  for (let i = 0; i < count; i++) {
    if (dtype === 'F32') data[i] = bytes.readFloatLE(4 * i)
    else data[i] = dtype === 'F16' ? halfToNumber(bytes.readUInt16LE(2 * i)) : bfloatToNumber(bytes.readUInt16LE(2 * i))
  }
  return data
}

function damaged(path: string, detail: string): AppError {
  return new AppError('E_MODEL_DAMAGED', { path, detail })
}

/** The bytes of a safetensors file (F32) that holds these tensors. */
export function encodeSafetensors(tensors: StateDict): Buffer {
  const header: Record<string, unknown> = {}
  let at = 0
  for (const [name, tensor] of tensors) {
    const end = at + 4 * tensor.data.length
    header[name] = { dtype: 'F32', shape: tensor.shape, data_offsets: [at, end] }
    at = end
  }
  const json = Buffer.from(JSON.stringify(header))
  const padded = Buffer.concat([json, Buffer.alloc((8 - (json.length % 8)) % 8, ' ')])
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(padded.length))
  const blocks = [...tensors.values()].map(({ data }) => Buffer.from(data.buffer, data.byteOffset, data.byteLength))
  return Buffer.concat([length, padded, ...blocks])
}
