import { createHash } from 'node:crypto'
import { open, rename, rm, type FileHandle } from 'node:fs/promises'
import { basename, dirname, resolve } from 'node:path'
import type { AttributeValue, OnnxInitializer, OnnxModel, OnnxNode, OnnxValue } from './onnxModel'
import { ProtoMessage } from './protobuf'

/** Field numbers are those of onnx.proto3. */
const IR_VERSION = 8
const OPSET = 17
const FLOAT = 1
const INT64 = 7
const FLOAT16 = 10
const EXTERNAL = 1
/** Windows maps files at multiples of 64 KiB only; smaller constants stay in the graph. */
const EXTERNAL_ALIGNMENT = 65536
const EXTERNAL_MIN_BYTES = 65536

export interface WriteOptions {
  /** A file in the same folder for the big constants, which ONNX Runtime maps; null keeps all in one file. */
  readonly externalDataPath?: string | null
}

/**
 * Places of constants inside a data file; shared between models that hold the same ones. It is written as the models are, so that
 * no more than one of them needs to be in memory; it appears under its name with {@link ExternalData.finish}.
 */
export class ExternalData {
  private readonly places = new Map<string, number>()
  private waiting: { readonly offset: number; readonly data: Uint8Array }[] = []
  private end = 0
  private file: FileHandle | null = null

  constructor(readonly path: string) {}

  /** The offset of this constant, a new one unless the same values were placed before. */
  place(data: OnnxInitializer['data']): number {
    const bytes = bytesOf(data)
    const digest = createHash('sha256').update(bytes).digest('base64')
    const known = this.places.get(digest)
    if (known !== undefined) return known
    const offset = Math.ceil(this.end / EXTERNAL_ALIGNMENT) * EXTERNAL_ALIGNMENT
    this.places.set(digest, offset)
    this.waiting.push({ offset, data: bytes })
    this.end = offset + data.byteLength
    return offset
  }

  /** Writes what was placed and lets go of it. */
  async flush(): Promise<void> {
    this.file ??= await open(this.partPath, 'w')
    for (const { offset, data } of this.waiting) await writeAll(this.file, data, offset)
    this.waiting = []
  }

  async finish(): Promise<void> {
    await this.flush()
    await this.file?.sync()
    await this.file?.close()
    this.file = null
    await rename(this.partPath, this.path)
  }

  /** Something went wrong: nothing stays. */
  async abandon(): Promise<void> {
    await this.file?.close()
    this.file = null
    await rm(this.partPath, { force: true })
  }

  private get partPath(): string {
    return `${this.path}.part`
  }
}

/** Writes one model: whole or not at all (a temporary name, then a rename). */
export async function writeModel(model: OnnxModel, path: string, options: WriteOptions = {}): Promise<void> {
  const external = typeof options.externalDataPath === 'string' ? new ExternalData(options.externalDataPath) : null
  try {
    await writeModelWith(model, path, external)
    await external?.finish()
  } catch (error) {
    await external?.abandon()
    throw error
  }
}

/** The same with a data file that several models share: finish it after the last of them, abandon it where one fails. */
export async function writeModelWith(model: OnnxModel, path: string, external: ExternalData | null): Promise<void> {
  if (external !== null && dirname(resolve(external.path)) !== dirname(resolve(path))) {
    throw new RangeError('external data must lie beside the model')
  }
  const message = modelMessage(model, external)
  await writeWhole(path, async (file) => {
    let position = 0
    for (const chunk of gather(message.chunks())) {
      await writeAll(file, chunk, position)
      position += chunk.length
    }
  })
  await external?.flush()
}

/** The file's bytes, everything inside. */
export function encodeModel(model: OnnxModel): Uint8Array {
  return Buffer.concat(modelMessage(model, null).chunks())
}

/** Bytes of all constants. */
export function constantBytes(model: OnnxModel): number {
  return model.initializers.reduce((sum, { data }) => sum + data.byteLength, 0)
}

async function writeWhole(path: string, fill: (file: FileHandle) => Promise<void>): Promise<void> {
  const part = `${path}.part`
  const file = await open(part, 'w')
  try {
    await fill(file)
    await file.sync()
  } catch (error) {
    await file.close()
    await rm(part, { force: true })
    throw error
  }
  await file.close()
  await rename(part, path)
}

async function writeAll(file: FileHandle, data: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < data.length;) {
    done += (await file.write(data, done, data.length - done, position + done)).bytesWritten
  }
}

/** Joins the many small pieces of a message, so that a file takes few writes. */
function gather(parts: readonly Uint8Array[]): readonly Uint8Array[] {
  const out: Uint8Array[] = []
  let small: Uint8Array[] = []
  const flush = (): void => {
    if (small.length > 0) out.push(Buffer.concat(small))
    small = []
  }
  for (const part of parts) {
    if (part.length < 65536) small.push(part)
    else {
      flush()
      out.push(part)
    }
  }
  flush()
  return out
}

/** The metadata come before the graph, so that they can be read without it. */
function modelMessage(model: OnnxModel, external: ExternalData | null): ProtoMessage {
  const message = new ProtoMessage().varint(1, IR_VERSION).text(2, 'stillwave')
  for (const [key, value] of Object.entries(model.metadata)) {
    message.message(14, new ProtoMessage().text(1, key).text(2, value))
  }
  return message.message(8, new ProtoMessage().text(1, '').varint(2, OPSET)).message(7, graphMessage(model, external))
}

function graphMessage(model: OnnxModel, external: ExternalData | null): ProtoMessage {
  const graph = new ProtoMessage().text(2, model.name)
  for (const value of model.inputs) graph.message(11, valueMessage(value))
  for (const value of model.outputs) graph.message(12, valueMessage(value))
  for (const node of model.nodes) graph.message(1, nodeMessage(node))
  for (const tensor of model.initializers) graph.message(5, tensorMessage(tensor, external))
  return graph
}

function valueMessage(value: OnnxValue): ProtoMessage {
  const shape = new ProtoMessage()
  for (const dim of value.dims) {
    const entry = new ProtoMessage()
    shape.message(1, typeof dim === 'string' ? entry.text(2, dim) : entry.varint(1, dim))
  }
  const tensor = new ProtoMessage().varint(1, value.type === 'float32' ? FLOAT : INT64).message(2, shape)
  return new ProtoMessage().text(1, value.name).message(2, new ProtoMessage().message(1, tensor))
}

function nodeMessage(node: OnnxNode): ProtoMessage {
  const message = new ProtoMessage()
  for (const name of node.inputs) message.text(1, name)
  for (const name of node.outputs) message.text(2, name)
  message.text(3, node.name).text(4, node.type)
  for (const [name, value] of Object.entries(node.attributes)) message.message(5, attributeMessage(name, value))
  return message
}

/** AttributeProto: f 2, i 3, s 4, ints 8, and the type in 20 (FLOAT 1, INT 2, STRING 3, INTS 7). */
function attributeMessage(name: string, value: AttributeValue): ProtoMessage {
  const message = new ProtoMessage().text(1, name)
  if (typeof value === 'number') return message.varint(3, value).varint(20, 2)
  if (typeof value === 'string') return message.text(4, value).varint(20, 3)
  if ('float' in value) return message.float(2, value.float).varint(20, 1)
  return message.varints(8, value).varint(20, 7)
}

/** TensorProto; ONNX Runtime maps external data only where the constant is a plain block at an aligned offset. */
function tensorMessage(tensor: OnnxInitializer, external: ExternalData | null): ProtoMessage {
  const message = new ProtoMessage()
  if (tensor.dims.length > 0) message.varints(1, tensor.dims)
  message.varint(2, dataType(tensor.data)).text(8, tensor.name)
  if (external === null || tensor.data.byteLength < EXTERNAL_MIN_BYTES) return message.block(9, bytesOf(tensor.data))
  const entries = {
    location: basename(external.path),
    offset: String(external.place(tensor.data)),
    length: String(tensor.data.byteLength)
  }
  for (const [key, value] of Object.entries(entries)) {
    message.message(13, new ProtoMessage().text(1, key).text(2, value))
  }
  return message.varint(14, EXTERNAL)
}

function dataType(data: OnnxInitializer['data']): number {
  if (data instanceof Float32Array) return FLOAT
  return data instanceof BigInt64Array ? INT64 : FLOAT16
}

function bytesOf(data: OnnxInitializer['data']): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
}
