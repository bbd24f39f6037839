import { open } from 'node:fs/promises'
import { AppError } from '../../shared/errors/appError'
import { METADATA_KEY, ModelMetadata } from './metadata'
import { ProtoError, ProtoFile, type ProtoField } from './onnx/protoFile'

/** Field numbers of onnx.proto3. */
const MODEL = { irVersion: 1, graph: 7, metadata: 14 } as const
const GRAPH = { node: 1, initializer: 5, input: 11, output: 12 } as const
const NODE_DOMAIN = 7
const NODE_INPUT = 1
const NODE_OUTPUT = 2
const NODE_NAME = 3
const TENSOR_TYPE = 2
const TENSOR_EXTERNAL = 13
/** Of TensorProto.DataType. */
const FLOAT = 1n
const FLOAT16 = 10n

/** What a graph asks of its host, read without loading it. */
export interface GraphSignature {
  /** Inputs that are not constants, in order. */
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  /** Locations of external data, as the file gives them (they may be hostile). */
  readonly externalData: readonly string[]
  /** Operator domains other than ONNX's own (top level of the graph). */
  readonly customDomains: readonly string[]
  /** What most of its weights are stored as. */
  readonly precision: 'fp32' | 'fp16'
}

/**
 * What a model of ours says of itself; null for other ONNX files. Reads a few KB of a file of ours whatever its size.
 * Throws E_MODEL_DAMAGED for a file that is no ONNX model or a description of ours that is broken, E_MODEL_UNSUPPORTED for one
 * of another format, E_IO and the like as {@link toAppError} makes them.
 */
export function readModelMetadata(path: string): Promise<ModelMetadata | null> {
  return withModel(path, async (proto, size) => {
    let graph = false
    for await (const field of proto.fields(0, size)) {
      if (field.field === MODEL.graph) graph = true
      if (field.field !== MODEL.metadata) continue
      const [key, value] = await readPair(proto, field)
      if (key === METADATA_KEY) return parseMetadata(value, path)
    }
    if (!graph) throw new ProtoError('it has no graph')
    return null
  })
}

/** Names of inputs and outputs, and what a careful host must know before opening. Errors as {@link readModelMetadata}. */
export function readGraphSignature(path: string): Promise<GraphSignature> {
  return withModel(path, async (proto, size) => {
    for await (const field of proto.fields(0, size)) {
      if (field.field === MODEL.graph && field.wire === 2) return readGraph(proto, field)
    }
    throw new ProtoError('it has no graph')
  })
}

/** Names of the nodes that have more inputs and outputs together than `max`. Errors as {@link readModelMetadata}. */
export function readWideNodes(path: string, max: number): Promise<readonly string[]> {
  return withModel(path, async (proto, size) => {
    const names: string[] = []
    for await (const graph of proto.fields(0, size)) {
      if (graph.field !== MODEL.graph || graph.wire !== 2) continue
      for await (const node of proto.fields(graph.start, graph.end)) {
        if (node.field !== GRAPH.node) continue
        let tensors = 0
        for await (const { field } of proto.fields(node.start, node.end)) {
          if (field === NODE_INPUT || field === NODE_OUTPUT) tensors++
        }
        if (tensors > max) names.push(await readName(proto, node, NODE_NAME))
      }
    }
    return names.filter((name) => name !== '')
  })
}

async function withModel<T>(path: string, read: (proto: ProtoFile, size: number) => Promise<T>): Promise<T> {
  const file = await open(path, 'r')
  try {
    const { size } = await file.stat()
    const proto = new ProtoFile(file, size)
    await checkStart(proto, size)
    return await read(proto, size)
  } catch (error) {
    if (!(error instanceof ProtoError)) throw error
    throw new AppError('E_MODEL_DAMAGED', { path, detail: `not an ONNX model: ${error.message}` }, error)
  } finally {
    await file.close()
  }
}

/** Every exporter begins with the version of the format: this tells apart most files that are something else. */
async function checkStart(proto: ProtoFile, size: number): Promise<void> {
  for await (const field of proto.fields(0, size)) {
    if (field.field !== MODEL.irVersion || field.wire !== 0) throw new ProtoError('it does not begin like one')
    return
  }
  throw new ProtoError('it is empty')
}

function parseMetadata(text: string, path: string): ModelMetadata {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new AppError('E_MODEL_DAMAGED', { path, detail: 'its description is not JSON' }, error)
  }
  const parsed = ModelMetadata.safeParse(value)
  if (parsed.success) return parsed.data
  throw new AppError('E_MODEL_UNSUPPORTED', { path, detail: 'its description is of another format' }, parsed.error)
}

async function readGraph(proto: ProtoFile, graph: ProtoField): Promise<GraphSignature> {
  const inputs: string[] = []
  const outputs: string[] = []
  const constants = new Set<string>()
  const externalData = new Set<string>()
  const customDomains = new Set<string>()
  const weights = new Map<bigint, number>()
  for await (const field of proto.fields(graph.start, graph.end)) {
    if (field.field === GRAPH.input) inputs.push(await readName(proto, field, 1))
    if (field.field === GRAPH.output) outputs.push(await readName(proto, field, 1))
    if (field.field === GRAPH.node) customDomains.add(await readName(proto, field, NODE_DOMAIN))
    if (field.field !== GRAPH.initializer) continue
    constants.add(await readName(proto, field, 8))
    const type = await readNumber(proto, field, TENSOR_TYPE)
    weights.set(type, (weights.get(type) ?? 0) + field.end - field.start)
    for (const location of await readLocations(proto, field)) externalData.add(location)
  }
  return {
    inputs: inputs.filter((name) => !constants.has(name)),
    outputs,
    externalData: [...externalData],
    customDomains: [...customDomains].filter((domain) => domain !== '' && domain !== 'ai.onnx'),
    precision: (weights.get(FLOAT16) ?? 0) > (weights.get(FLOAT) ?? 0) ? 'fp16' : 'fp32'
  }
}

/** The last number of this field in a message; 0 where there is none. */
async function readNumber(proto: ProtoFile, message: ProtoField, number: number): Promise<bigint> {
  let value = 0n
  for await (const field of proto.fields(message.start, message.end)) {
    if (field.field === number && field.wire === 0) ({ value } = field)
  }
  return value
}

/** The last text of this number in a message; '' where there is none. */
async function readName(proto: ProtoFile, message: ProtoField, number: number): Promise<string> {
  let name = ''
  for await (const field of proto.fields(message.start, message.end)) {
    if (field.field === number) name = await proto.text(field)
  }
  return name
}

async function readLocations(proto: ProtoFile, tensor: ProtoField): Promise<readonly string[]> {
  const locations: string[] = []
  for await (const field of proto.fields(tensor.start, tensor.end)) {
    if (field.field !== TENSOR_EXTERNAL) continue
    const [key, value] = await readPair(proto, field)
    if (key === 'location') locations.push(value)
  }
  return locations
}

/** StringStringEntryProto. */
async function readPair(proto: ProtoFile, message: ProtoField): Promise<readonly [string, string]> {
  return [await readName(proto, message, 1), await readName(proto, message, 2)]
}
