import { AppError } from '../../shared/errors/appError'
import { tensorShapes, type NetworkSize } from './network'

/** One float tensor of a checkpoint, C order. */
export interface WeightTensor {
  readonly shape: readonly number[]
  readonly data: Float32Array
}

/** A checkpoint: tensors by key. */
export type StateDict = ReadonlyMap<string, WeightTensor>

/** The tensors of a network under their official keys, complete and of the right shapes. */
export interface CheckedWeights extends NetworkSize {
  readonly tensors: StateDict
  /** What the network's output is multiplied by: the tensor {@link OUTPUT_GAIN}, or 1. */
  readonly outputGain: number
}

/**
 * A tensor [1] that official checkpoints do not have. Scale-invariant losses (SI-SNR, STOI) leave the output's level and polarity
 * to chance; the factor that brings clean speech back as it came is measured after training and goes into the graph.
 */
export const OUTPUT_GAIN = 'output_gain'

/** Containers that training scripts wrap around the network, and the second names that the official one registers. */
const WRAPPERS = /^(?:(?:module|model|state_dict)\.)+/
const ALIASES: readonly (readonly [RegExp, string])[] = [
  [/\.encoders\.(\d+)\./, '.encoder$1.'],
  [/\.decoders\.(\d+)\./, '.decoder$1.'],
  [/\.se_layers_(enc|dec)\.(\d+)\./, '.se_layer_$1$2.'],
  [/\.fsmn_(enc|dec)\.(\d+)\./, '.fsmn_$1$2.']
]

/** The official key behind an alias or a wrapper's prefix. */
export function officialKey(key: string): string {
  return ALIASES.reduce((name, [alias, official]) => name.replace(alias, official), key.replace(WRAPPERS, ''))
}

/**
 * Finds width and cascade from the shapes and checks every tensor that the network uses; what it does not use is ignored.
 * Throws E_MODEL_UNSUPPORTED naming the first tensor that is missing or of another shape, E_MODEL_DAMAGED for values that are not finite.
 */
export function checkWeights(stateDict: StateDict): CheckedWeights {
  const named = new Map<string, WeightTensor>()
  for (const [key, tensor] of stateDict) {
    const name = officialKey(key)
    if (!named.has(name)) named.set(name, tensor)
  }
  const size = findSize(named)
  const tensors = new Map<string, WeightTensor>()
  for (const [name, shape] of tensorShapes(size)) tensors.set(name, checkTensor(name, shape, named.get(name)))
  const gain = named.get(OUTPUT_GAIN)
  if (gain !== undefined) tensors.set(OUTPUT_GAIN, checkGain(gain))
  return { ...size, tensors, outputGain: gain?.data[0] ?? 1 }
}

function checkGain(tensor: WeightTensor): WeightTensor {
  const checked = checkTensor(OUTPUT_GAIN, [1], tensor)
  if (checked.data[0] === 0) throw unsupported(`tensor ${OUTPUT_GAIN} is 0`)
  return checked
}

function findSize(named: StateDict): NetworkSize {
  const first = named.get('unet.encoder0.conv.conv_re.weight')
  if (first === undefined) throw unsupported('tensor unet.encoder0.conv.conv_re.weight is missing: not FRCRN weights')
  const channels = first.shape[0] ?? 0
  if (channels < 1) throw unsupported('tensor unet.encoder0.conv.conv_re.weight is empty')
  return { channels, cascade: [...named.keys()].some((key) => key.startsWith('unet2.')) ? 2 : 1 }
}

function checkTensor(name: string, shape: readonly number[], tensor: WeightTensor | undefined): WeightTensor {
  if (tensor === undefined) throw unsupported(`tensor ${name} is missing`)
  if (tensor.shape.join() !== shape.join()) {
    throw unsupported(`tensor ${name} is [${tensor.shape.join(', ')}], not [${shape.join(', ')}]`)
  }
  if (tensor.data.some((value) => !Number.isFinite(value))) {
    throw new AppError('E_MODEL_DAMAGED', { detail: `tensor ${name} holds values that are not finite` })
  }
  if (name.endsWith('running_var') && tensor.data.some((value) => value < 0)) {
    throw new AppError('E_MODEL_DAMAGED', { detail: `tensor ${name} holds a negative variance` })
  }
  return tensor
}

function unsupported(detail: string): AppError {
  return new AppError('E_MODEL_UNSUPPORTED', { detail })
}
