import { HALF_MAX, toHalves } from './halfFloats'
import { inFloat16 } from './metadata'
import type { OnnxInitializer, OnnxModel, OnnxNode } from './onnx/onnxModel'

/**
 * FP16 for our own graphs. Inputs and outputs stay float32, and so does everything that needs it: STFT and inverse STFT, the
 * mask's arithmetic with its last layer, the gates (their means run over minutes), the frame masks and the state row. What is
 * left, the convolutions of the U-Nets and what stands between them, computes in float16. Where the two meet stands one cast of a
 * value, however many use it, and no value goes back and forth.
 */

/** Nodes that compute in the precision of their inputs, with the inputs that are floats. */
const FLOAT_INPUTS: Readonly<Record<string, 'all' | 'first'>> = {
  Conv: 'all',
  Add: 'all',
  Sub: 'all',
  Mul: 'all',
  Concat: 'all',
  LeakyRelu: 'first',
  Relu: 'first',
  Reshape: 'first',
  Slice: 'first',
  Split: 'first',
  Transpose: 'first'
}

/** Layers of the U-Nets that stay in float32: the gates', and the last one before the mask. */
const FULL_PRECISION = /^unet2?\.(?:se_layer_|linear\.)/u
const UNET = /^unet2?\./u

const FLOAT = 1
const FLOAT16 = 10

/** The same graph in FP16. A layer whose weights a half cannot hold stays in float32. */
export function toFloat16(model: OnnxModel): OnnxModel {
  return new Pass(model).run()
}

class Pass {
  private readonly constants: ReadonlyMap<string, OnnxInitializer>
  /** Values that are float16. */
  private readonly halves = new Set<string>()
  private readonly out: OnnxNode[] = []
  private readonly casts = new Map<string, string>()
  private readonly halfConstants = new Map<string, OnnxInitializer>()
  private readonly kept: ReadonlySet<OnnxNode>

  constructor(private readonly model: OnnxModel) {
    this.constants = new Map(model.initializers.map((constant) => [constant.name, constant]))
    this.kept = keptForOutputs(model)
  }

  run(): OnnxModel {
    for (const node of this.model.nodes) this.add(node)
    const used = new Set(this.out.flatMap(({ inputs }) => inputs))
    const initializers = [...this.model.initializers, ...this.halfConstants.values()].filter(({ name }) =>
      used.has(name)
    )
    return { ...this.model, nodes: this.out, initializers, metadata: inFloat16(this.model.metadata) }
  }

  private add(node: OnnxNode): void {
    const isHalf = this.isHalf(node)
    const inputs = node.inputs.map((name, i) => {
      if (!isFloatInput(node, i)) return this.halves.has(name) ? this.cast(name, FLOAT) : name
      return isHalf ? this.asHalf(name) : this.asFloat(name)
    })
    this.out.push({ ...node, inputs })
    if (isHalf) for (const name of node.outputs) this.halves.add(name)
  }

  private isHalf(node: OnnxNode): boolean {
    if (!(node.type in FLOAT_INPUTS) || this.kept.has(node)) return false
    if (node.type === 'Conv') return this.isHalfConv(node)
    return node.inputs.some((name, i) => isFloatInput(node, i) && this.halves.has(name))
  }

  private isHalfConv({ inputs }: OnnxNode): boolean {
    const [, weight = ''] = inputs
    if (!UNET.test(weight) || FULL_PRECISION.test(weight)) return false
    return inputs.slice(1).every((name) => {
      const data = this.constants.get(name)?.data
      return data instanceof Float32Array && data.every((value) => Math.abs(value) <= HALF_MAX)
    })
  }

  private asHalf(name: string): string {
    if (this.halves.has(name)) return name
    const constant = this.constants.get(name)
    if (constant === undefined) return this.cast(name, FLOAT16)
    const half = `${name}.half`
    if (!this.halfConstants.has(half)) {
      const { data, dims } = constant
      if (!(data instanceof Float32Array)) throw new TypeError(`constant ${name} is no float`)
      this.halfConstants.set(half, { name: half, dims, data: toHalves(data) })
    }
    return half
  }

  private asFloat(name: string): string {
    return this.halves.has(name) ? this.cast(name, FLOAT) : name
  }

  private cast(name: string, to: number): string {
    const cast = `${name}.${to === FLOAT ? 'float' : 'half'}`
    if (!this.casts.has(cast)) {
      this.casts.set(cast, cast)
      this.out.push({ type: 'Cast', name: `cast.${cast}`, inputs: [name], outputs: [cast], attributes: { to } })
    }
    return cast
  }
}

function isFloatInput(node: OnnxNode, index: number): boolean {
  const floats = FLOAT_INPUTS[node.type]
  return floats === 'all' || (floats === 'first' && index === 0)
}

/** What only puts an output together (the state row) computes in the output's precision. */
function keptForOutputs(model: OnnxModel): ReadonlySet<OnnxNode> {
  const makers = new Map(model.nodes.flatMap((node) => node.outputs.map((output) => [output, node] as const)))
  const kept = new Set<OnnxNode>()
  const waiting = model.outputs.map(({ name }) => name)
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    const node = makers.get(name)
    if (node === undefined || kept.has(node) || !['Identity', 'Concat', 'Reshape'].includes(node.type)) continue
    kept.add(node)
    waiting.push(...node.inputs)
  }
  return kept
}
