import type { AttributeValue, OnnxInitializer, OnnxModel, OnnxNode, OnnxValue } from './onnxModel'

/** Collects nodes and constants; every method that adds a node returns the name of its (first) output. */
export class GraphBuilder {
  private readonly nodes: OnnxNode[] = []
  private readonly initializers = new Map<string, OnnxInitializer>()
  private readonly inputs: OnnxValue[] = []
  private readonly outputs: OnnxValue[] = []
  private counter = 0

  input(name: string, type: OnnxValue['type'], dims: OnnxValue['dims']): string {
    this.inputs.push({ name, type, dims })
    return name
  }

  /** Declares an output and gives it its public name. */
  output(name: string, value: string, dims: OnnxValue['dims']): void {
    this.push('Identity', [value], {}, [name])
    this.outputs.push({ name, type: 'float32', dims })
  }

  node(type: string, inputs: readonly string[], attributes: Readonly<Record<string, AttributeValue>> = {}): string {
    return this.nodesOf(type, inputs, attributes, 1)[0]!
  }

  /** A node of several outputs. */
  split(inputs: readonly string[], axis: number, count: number): readonly string[] {
    return this.nodesOf('Split', inputs, { axis }, count)
  }

  floats(name: string, dims: readonly number[], data: Float32Array): string {
    if (!this.initializers.has(name)) this.initializers.set(name, { name, dims, data })
    return name
  }

  longs(name: string, dims: readonly number[], data: BigInt64Array): string {
    if (!this.initializers.has(name)) this.initializers.set(name, { name, dims, data })
    return name
  }

  scalar(value: number): string {
    return this.floats(`f_${value}`, [], Float32Array.of(value))
  }

  /** A list of int64, shared between all that use the same one. */
  ints(values: readonly number[]): string {
    const name = `i_${values.join('_')}`
    if (!this.initializers.has(name)) {
      this.initializers.set(name, { name, dims: [values.length], data: BigInt64Array.from(values, BigInt) })
    }
    return name
  }

  /** A scalar int64. */
  int(value: number): string {
    const name = `i0_${value}`
    if (!this.initializers.has(name)) {
      this.initializers.set(name, { name, dims: [], data: BigInt64Array.of(BigInt(value)) })
    }
    return name
  }

  /** 0 keeps an axis, -1 is inferred. */
  reshape(x: string, dims: readonly number[]): string {
    return this.node('Reshape', [x, this.ints(dims)])
  }

  concat(parts: readonly string[], axis: number): string {
    return parts.length === 1 ? parts[0]! : this.node('Concat', parts, { axis })
  }

  /** Rows `from` to `to` of one axis; negative numbers count from the end. */
  slice(x: string, axis: number, range: { readonly from: number; readonly to: number }): string {
    return this.node('Slice', [x, this.ints([range.from]), this.ints([range.to]), this.ints([axis])])
  }

  build(name: string, metadata: Readonly<Record<string, string>>): OnnxModel {
    return {
      name,
      inputs: this.inputs,
      outputs: this.outputs,
      nodes: this.nodes,
      initializers: [...this.initializers.values()],
      metadata
    }
  }

  private nodesOf(
    type: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, AttributeValue>>,
    count: number
  ): readonly string[] {
    this.counter++
    const base = `${type}_${this.counter}`
    const outputs = count === 1 ? [base] : Array.from({ length: count }, (_, i) => `${base}_${i}`)
    this.push(type, inputs, attributes, outputs)
    return outputs
  }

  private push(
    type: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, AttributeValue>>,
    outputs: readonly string[]
  ): void {
    this.nodes.push({ type, name: `n${this.nodes.length}`, inputs, outputs, attributes })
  }
}
