import { open } from 'node:fs/promises'
import { AppError } from '../../shared/errors/appError'
import { ProtoError, ProtoFile, type ProtoField } from './onnx/protoFile'

/**
 * Looks through an ONNX file of somebody else before a session sees it (RELIABILITY S43). It must be whole in itself, of ONNX's own
 * operators, and take and give one waveform; what its constants declare must be what the file holds.
 */

/** Field numbers of onnx.proto3. */
const MODEL = { irVersion: 1, graph: 7, opset: 8, functions: 25 } as const
const GRAPH = { node: 1, initializer: 5, input: 11, output: 12, sparse: 15 } as const
const NODE = { attribute: 5, domain: 7 } as const
const ATTRIBUTE = { tensor: 5, graph: 6, tensors: 10, graphs: 11, sparse: 22, sparses: 23 } as const
const TENSOR = { dims: 1, type: 2, name: 8, raw: 9, external: 13, location: 14 } as const
const OPSET_DOMAIN = 1

/** Names that exporters give to a waveform (FRCRN.md 1.6 and its kin). */
export const WAVE_INPUTS: ReadonlySet<string> = new Set(['speech', 'audio', 'noisy', 'waveform', 'input'])

const FLOAT = 1n
const OWN_DOMAINS: ReadonlySet<string> = new Set(['', 'ai.onnx'])
/** Bytes an element by TensorProto.DataType; types that are not here have no fixed size. */
const ELEMENT_BYTES: Readonly<Record<string, number>> = {
  1: 4,
  2: 1,
  3: 1,
  4: 2,
  5: 2,
  6: 4,
  7: 8,
  9: 1,
  10: 2,
  11: 8,
  12: 4,
  13: 8,
  16: 2
}
const MAX_DEPTH = 8
const MAX_BYTES = 2 ** 31
/** A constant without bytes of its own may be a small one, written value by value. */
const MAX_UNPACKED_ELEMENTS = 65_536

/** Throws E_MODEL_UNSAFE (it reaches outside of itself), E_MODEL_UNSUPPORTED (no waveform model), E_MODEL_DAMAGED, and errors of the file system. */
export async function checkForeignModel(path: string): Promise<void> {
  const file = await open(path, 'r')
  try {
    const { size } = await file.stat()
    if (size > MAX_BYTES) throw new AppError('E_MODEL_UNSUPPORTED', { path, detail: 'it is larger than 2 GB' })
    await new Check(new ProtoFile(file, size), path).model(size)
  } catch (error) {
    if (!(error instanceof ProtoError)) throw error
    throw new AppError('E_MODEL_DAMAGED', { path, detail: `not an ONNX model: ${error.message}` }, error)
  } finally {
    await file.close()
  }
}

interface Value {
  readonly name: string
  readonly elementType: bigint
  readonly dims: readonly (number | string)[] | null
}

class Check {
  private readonly constants = new Set<string>()
  private readonly inputs: Value[] = []
  private readonly outputs: Value[] = []

  constructor(
    private readonly proto: ProtoFile,
    private readonly path: string
  ) {}

  async model(size: number): Promise<void> {
    let graphs = 0
    let isFirst = true
    for await (const field of this.proto.fields(0, size)) {
      if (isFirst && (field.field !== MODEL.irVersion || field.wire !== 0))
        throw new ProtoError('it does not begin like one')
      isFirst = false
      if (field.field === MODEL.functions) throw this.unsafe('it brings operators of its own')
      if (field.field === MODEL.opset) this.domain(await this.text(field, OPSET_DOMAIN))
      if (field.field !== MODEL.graph) continue
      if (++graphs > 1) throw new ProtoError('it has two graphs')
      await this.graph(field, 0)
    }
    if (graphs === 0) throw new ProtoError('it has no graph')
    this.waveform()
  }

  private async graph(graph: ProtoField, depth: number): Promise<void> {
    if (depth > MAX_DEPTH) throw this.unsupported('its graphs are nested too deep')
    for await (const field of this.proto.fields(graph.start, graph.end)) {
      if (field.field === GRAPH.initializer) await this.tensor(field, depth === 0)
      else if (field.field === GRAPH.sparse) throw this.unsupported('it has sparse constants')
      else if (field.field === GRAPH.node) await this.node(field, depth)
      else if (depth === 0 && field.field === GRAPH.input) this.inputs.push(await this.value(field))
      else if (depth === 0 && field.field === GRAPH.output) this.outputs.push(await this.value(field))
    }
  }

  private async node(node: ProtoField, depth: number): Promise<void> {
    for await (const field of this.proto.fields(node.start, node.end)) {
      if (field.field === NODE.domain) this.domain(await this.proto.text(field))
      if (field.field === NODE.attribute) await this.attribute(field, depth)
    }
  }

  private async attribute(attribute: ProtoField, depth: number): Promise<void> {
    for await (const field of this.proto.fields(attribute.start, attribute.end)) {
      // Other fields share these numbers' neighbours, but not their wire type.
      if (field.wire !== 2) continue
      if (field.field === ATTRIBUTE.tensor || field.field === ATTRIBUTE.tensors) await this.tensor(field, false)
      if (field.field === ATTRIBUTE.graph || field.field === ATTRIBUTE.graphs) await this.graph(field, depth + 1)
      if (field.field === ATTRIBUTE.sparse || field.field === ATTRIBUTE.sparses) {
        throw this.unsupported('it has sparse constants')
      }
    }
  }

  private async tensor(tensor: ProtoField, isTop: boolean): Promise<void> {
    const dims: number[] = []
    let [type, held, other] = [0n, -1, 0]
    for await (const field of this.proto.fields(tensor.start, tensor.end)) {
      if (field.field === TENSOR.dims) dims.push(...(await this.numbers(field)))
      else if (field.field === TENSOR.type && field.wire === 0) type = field.value
      else if (field.field === TENSOR.raw) held = field.end - field.start
      else if (field.field === TENSOR.external) throw this.unsafe('its constants lie in other files')
      else if (field.field === TENSOR.location && field.value !== 0n)
        throw this.unsafe('its constants lie in other files')
      else if (field.field === TENSOR.name && isTop) this.constants.add(await this.proto.text(field))
      else other += field.end - field.start
    }
    this.size({ dims, type, held, other })
  }

  /** What it declares is what it holds: a runtime allocates by the declaration. */
  private size({
    dims,
    type,
    held,
    other
  }: {
    dims: readonly number[]
    type: bigint
    held: number
    other: number
  }): void {
    const count = dims.reduce((product, length) => product * length, 1)
    const bytes = ELEMENT_BYTES[String(type)]
    if (!Number.isSafeInteger(count)) throw this.unsupported('a constant is larger than the file')
    if (held >= 0 && bytes !== undefined && held !== count * bytes) {
      throw new ProtoError(`a constant of ${count * bytes} bytes holds ${held}`)
    }
    if (held < 0 && count > Math.max(MAX_UNPACKED_ELEMENTS, other))
      throw this.unsupported('a constant is larger than the file')
  }

  private domain(name: string): void {
    if (!OWN_DOMAINS.has(name)) throw this.unsafe(`it uses operators of ${name.slice(0, 60)}`)
  }

  private waveform(): void {
    const inputs = this.inputs.filter(({ name }) => !this.constants.has(name))
    const [input] = inputs
    const [output] = this.outputs
    if (input === undefined || inputs.length !== 1)
      throw this.unsupported(`${inputs.length} inputs; a waveform model has one`)
    if (output === undefined || this.outputs.length !== 1) {
      throw this.unsupported(`${this.outputs.length} outputs; a waveform model has one`)
    }
    if (!WAVE_INPUTS.has(input.name)) {
      throw this.unsupported(
        `its input is called ${input.name.slice(0, 60)}; a waveform is one of ${[...WAVE_INPUTS].join(', ')}`
      )
    }
    if (input.elementType !== FLOAT || output.elementType !== FLOAT)
      throw this.unsupported('its samples are not float32')
    const rank = input.dims?.length ?? 0
    if (rank !== 1 && rank !== 2)
      throw this.unsupported(`its input has ${rank} axes; [n], [1, n] or [batch, n] is read`)
    const samples = input.dims!.at(-1)
    if (typeof samples === 'number')
      throw this.unsupported(`its input is fixed to ${samples} samples; a free length is needed`)
  }

  /** ValueInfoProto: name 1, type 2; TypeProto.tensor_type 1: elem_type 1, shape 2; dim 1: value 1, param 2. */
  private async value(value: ProtoField): Promise<Value> {
    const name = await this.text(value, 1)
    const type = await this.inner(value, 2)
    const tensor = type && (await this.inner(type, 1))
    if (!tensor) return { name, elementType: 0n, dims: null }
    let elementType = 0n
    for await (const field of this.proto.fields(tensor.start, tensor.end)) {
      if (field.field === 1 && field.wire === 0) elementType = field.value
    }
    const shape = await this.inner(tensor, 2)
    return { name, elementType, dims: shape && (await this.dims(shape)) }
  }

  private async dims(shape: ProtoField): Promise<readonly (number | string)[]> {
    const dims: (number | string)[] = []
    for await (const dim of this.proto.fields(shape.start, shape.end)) {
      if (dim.field !== 1) continue
      let length: number | string = ''
      for await (const field of this.proto.fields(dim.start, dim.end)) {
        if (field.field === 1 && field.wire === 0) length = Number(field.value)
      }
      dims.push(length)
      if (dims.length > 16) throw this.unsupported('a shape has too many axes')
    }
    return dims
  }

  /** The last message of this number. */
  private async inner(message: ProtoField, number: number): Promise<ProtoField | null> {
    let found: ProtoField | null = null
    for await (const field of this.proto.fields(message.start, message.end)) {
      if (field.field === number && field.wire === 2) found = field
    }
    return found
  }

  private async text(message: ProtoField, number: number): Promise<string> {
    const field = await this.inner(message, number)
    return field === null ? '' : this.proto.text(field)
  }

  /** Repeated integers, packed or one by one. */
  private async numbers(field: ProtoField): Promise<readonly number[]> {
    if (field.wire === 0) return [Number(field.value)]
    if (field.end - field.start > 160) throw this.unsupported('a constant has too many axes')
    const values: number[] = []
    for await (const value of this.proto.varints(field)) values.push(Number(value))
    return values
  }

  private unsafe(detail: string): AppError {
    return new AppError('E_MODEL_UNSAFE', { path: this.path, detail })
  }

  private unsupported(detail: string): AppError {
    return new AppError('E_MODEL_UNSUPPORTED', { path: this.path, detail })
  }
}
