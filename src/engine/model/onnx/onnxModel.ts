/** An ONNX graph as plain data, between the builder and the writer. */

export type AttributeValue = number | string | readonly number[] | { readonly float: number }

export interface OnnxNode {
  readonly type: string
  readonly name: string
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  /** Integers, strings, lists of integers; floats are marked, as JavaScript cannot tell 1 from 1.0. */
  readonly attributes: Readonly<Record<string, AttributeValue>>
}

/** A constant of the graph. */
export interface OnnxInitializer {
  readonly name: string
  readonly dims: readonly number[]
  /** float32, int64, or the bits of float16. */
  readonly data: Float32Array | BigInt64Array | Uint16Array
}

/** An input or output; a string names a free axis. */
export interface OnnxValue {
  readonly name: string
  readonly type: 'float32' | 'int64'
  readonly dims: readonly (number | string)[]
}

export interface OnnxModel {
  readonly name: string
  readonly inputs: readonly OnnxValue[]
  readonly outputs: readonly OnnxValue[]
  readonly nodes: readonly OnnxNode[]
  readonly initializers: readonly OnnxInitializer[]
  /** `metadata_props` of the file. */
  readonly metadata: Readonly<Record<string, string>>
}
