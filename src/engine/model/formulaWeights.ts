import { tensorShapes, type NetworkSize } from './network'
import type { StateDict, WeightTensor } from './stateDict'

/** The seed of the golden files (`golden/README.md`). */
export const GOLDEN_SEED = 0x5eed0001

/** Weights that anyone can compute: the rule of `golden/README.md` for a network of any size and any seed. */
export function formulaStateDict(size: NetworkSize, seed: number = GOLDEN_SEED): StateDict {
  const tensors = new Map<string, WeightTensor>()
  for (const [name, shape] of tensorShapes(size)) tensors.set(name, { shape, data: formulaTensor(name, shape, seed) })
  return tensors
}

/** The unscaled values: uniform in [-1, 1) by a hash of the name, the seed and the flat index. */
export function formulaUniform(name: string, seed: number, count: number): Float64Array {
  const key = (fnv1a32(name) ^ seed) >>> 0
  const values = new Float64Array(count)
  for (let i = 0; i < count; i++) {
    let hash = (Math.imul(i, 0x9e3779b1) + key) >>> 0
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
    hash = (hash ^ (hash >>> 16)) >>> 0
    values[i] = (hash / 2 ** 32) * 2 - 1
  }
  return values
}

function formulaTensor(name: string, shape: readonly number[], seed: number): Float32Array {
  const count = shape.reduce((product, size) => product * size, 1)
  const uniform = formulaUniform(name, seed, count)
  const value = formulaRule(name, shape)
  const data = new Float32Array(count)
  for (let i = 0; i < count; i++) data[i] = value(uniform[i]!)
  return data
}

function formulaRule(name: string, shape: readonly number[]): (u: number) => number {
  if (name.endsWith('running_var')) return (u) => 1 + 0.5 * Math.abs(u)
  if (name.endsWith('running_mean')) return (u) => 0.1 * u
  if (name.includes('.bn_')) return name.endsWith('weight') ? (u) => 1 + 0.2 * u : (u) => 0.1 * u
  if (name.endsWith('bias')) return (u) => 0.05 * u
  const fanIn = shape.slice(1).reduce((product, size) => product * size, 1)
  const scale = Math.sqrt(3 / fanIn)
  const factor = name.includes('.linear.conv_') ? 0.3 : /\.conv\.conv_|\.tconv_/.test(name) ? 0.7 : 1
  return (u) => u * scale * factor
}

function fnv1a32(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash >>> 0
}
