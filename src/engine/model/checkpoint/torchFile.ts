import type { StateDict, WeightTensor } from '../stateDict'
import { officialKey } from '../stateDict'
import { MAX_BUFFER_BYTES, damaged, unsupported, type ModelBytes } from './bytes'
import type { PickleValue } from './pickle'
import { isFloat, readTensor, storageBytes, tensorOf, type StoredTensor } from './torchTensors'

/** What a checkpoint says, before any weight is read: tensors by the names that the network knows, each once. */
export type StoredTensors = ReadonlyMap<string, StoredTensor>

/** Every FRCRN has it: the dictionary that holds it is the network's. */
const LANDMARK = 'unet.encoder0.conv.conv_re.weight'
/** Dictionaries within dictionaries that training scripts make: `{'model': ...}`, `{'state_dict': {...}}`. */
const MAX_DEPTH = 3

/**
 * The network's tensors in what the pickle of a checkpoint made: the state dict itself, or one inside of it; optimizer state and
 * counters are left alone. Throws E_MODEL_UNSUPPORTED where no FRCRN is in it.
 */
export function findNetwork(root: PickleValue, path: string): StoredTensors {
  const found = new Search(path).in(root, 0)
  if (found === null) throw unsupported(path, `tensor ${LANDMARK} is missing: not FRCRN weights`)
  return found
}

class Search {
  /** One dictionary may be in another a million times. */
  private readonly seen = new Set<PickleValue>()

  constructor(private readonly path: string) {}

  in(value: PickleValue, depth: number): StoredTensors | null {
    if (!(value instanceof Map) || depth > MAX_DEPTH || this.seen.has(value)) return null
    this.seen.add(value)
    for (const key of value.keys()) {
      if (typeof key === 'string' && officialKey(key) === LANDMARK) return tensorsIn(value, this.path)
    }
    for (const inner of value.values()) {
      const found = this.in(inner, depth + 1)
      if (found !== null) return found
    }
    return null
  }
}

/** A block is registered under two names that share their storage: the first one counts. */
function tensorsIn(dict: Map<PickleValue, PickleValue>, path: string): StoredTensors {
  const tensors = new Map<string, StoredTensor>()
  for (const [key, value] of dict) {
    if (typeof key !== 'string') continue
    const tensor = tensorOf(value, path)
    const name = officialKey(key)
    if (tensor !== null && isFloat(tensor) && !tensors.has(name)) tensors.set(name, tensor)
  }
  return tensors
}

/** Reads one storage of the file: all of its bytes, however many tensors look at it. */
export type ReadStorage = (key: string, bytes: number) => Promise<Buffer>

/** Reads the tensors one storage at a time: beside the weights only one storage is in memory. */
export async function readTensors(tensors: StoredTensors, file: ModelBytes, read: ReadStorage): Promise<StateDict> {
  const byStorage = new Map<string, [string, StoredTensor][]>()
  for (const [name, tensor] of tensors) {
    const bytes = storageBytes(tensor)
    if (bytes > MAX_BUFFER_BYTES) throw unsupported(file.path, `tensor ${name} is larger than any of FRCRN`)
    const { key } = tensor.storage
    byStorage.set(key, [...(byStorage.get(key) ?? []), [name, tensor]])
  }
  const weights = new Map<string, WeightTensor>()
  for (const [key, users] of byStorage) {
    const bytes = storageBytes(users[0]![1])
    const data = await read(key, bytes)
    if (data.length !== bytes) throw damaged(file.path, `storage ${key} has ${data.length} bytes, not ${bytes}`)
    for (const [name, tensor] of users) {
      if (storageBytes(tensor) !== bytes) throw damaged(file.path, `storage ${key} has two lengths`)
      weights.set(name, readTensor(tensor, data, file.path))
    }
  }
  return weights
}
