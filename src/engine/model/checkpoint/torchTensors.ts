import { bfloatToNumber, halfToNumber } from '../halfFloats'
import type { WeightTensor } from '../stateDict'
import { MAX_BUFFER_BYTES, damaged, unsupported } from './bytes'
import { PickleCall, PickleGlobal, PicklePersistent, type PickleValue } from './pickle'

/** Tensors as PyTorch pickles them: a storage elsewhere in the file, and the view of it that the tensor is (torch/_utils.py). */

/** Element types by the storage that PyTorch names; those without a reader are skipped (counters, masks). */
const STORAGES: Readonly<Record<string, { readonly bytes: number; readonly read: ReadFloat | null }>> = {
  'torch.FloatStorage': { bytes: 4, read: (data, at) => data.readFloatLE(at) },
  'torch.DoubleStorage': { bytes: 8, read: (data, at) => data.readDoubleLE(at) },
  'torch.HalfStorage': { bytes: 2, read: (data, at) => halfToNumber(data.readUInt16LE(at)) },
  'torch.BFloat16Storage': { bytes: 2, read: (data, at) => bfloatToNumber(data.readUInt16LE(at)) },
  'torch.LongStorage': { bytes: 8, read: null },
  'torch.IntStorage': { bytes: 4, read: null },
  'torch.ShortStorage': { bytes: 2, read: null },
  'torch.CharStorage': { bytes: 1, read: null },
  'torch.ByteStorage': { bytes: 1, read: null },
  'torch.BoolStorage': { bytes: 1, read: null }
}

type ReadFloat = (data: Buffer, at: number) => number

const REBUILD_TENSOR: ReadonlySet<string> = new Set(['torch._utils._rebuild_tensor_v2', 'torch._utils._rebuild_tensor'])
const REBUILD_PARAMETER = 'torch._utils._rebuild_parameter'

/** All that a checkpoint's pickle may ask for. */
export const TORCH_GLOBALS: ReadonlySet<string> = new Set([
  'collections.OrderedDict',
  'torch.Size',
  ...REBUILD_TENSOR,
  REBUILD_PARAMETER,
  ...Object.keys(STORAGES)
])

export interface StoredTensor {
  readonly storage: { readonly key: string; readonly type: string; readonly count: number }
  readonly offset: number
  readonly shape: readonly number[]
  readonly strides: readonly number[]
}

/** The tensor that a value of the pickle is; null where it is none. Throws E_MODEL_DAMAGED where it is one that cannot be. */
export function tensorOf(value: PickleValue, path: string): StoredTensor | null {
  if (!(value instanceof PickleCall)) return null
  if (value.name === REBUILD_PARAMETER) return tensorOf(value.args[0] ?? null, path)
  if (!REBUILD_TENSOR.has(value.name)) return null
  const [storage, offset, shape, strides] = value.args
  const tensor = { storage: storageOf(storage, path), offset, shape: sizes(shape), strides: sizes(strides) }
  if (!isCount(offset) || !isCounts(tensor.shape) || !isCounts(tensor.strides))
    throw damaged(path, 'a tensor has no shape')
  if (tensor.shape.length !== tensor.strides.length) throw damaged(path, 'a tensor has no shape')
  return { ...tensor, offset, shape: tensor.shape, strides: tensor.strides }
}

/** Whether it holds floats; counters and masks do not. */
export function isFloat({ storage }: StoredTensor): boolean {
  return STORAGES[storage.type]?.read !== null
}

/** Bytes of the storage in the file. */
export function storageBytes({ storage }: StoredTensor): number {
  return storage.count * STORAGES[storage.type]!.bytes
}

/** The tensor's elements in C order, as float32, out of its storage. Throws E_MODEL_DAMAGED where it reaches beyond that. */
export function readTensor(tensor: StoredTensor, data: Buffer, path: string): WeightTensor {
  const { shape, strides, offset, storage } = tensor
  const { bytes, read } = STORAGES[storage.type]!
  if (read === null) throw unsupported(path, `a weight is of type ${storage.type}`)
  const count = shape.reduce((product, length) => product * length, 1)
  if (count * 4 > MAX_BUFFER_BYTES)
    throw unsupported(path, `a tensor of [${shape.join(', ')}] is larger than any of FRCRN`)
  const last = shape.reduce((sum, length, i) => sum + (length - 1) * strides[i]!, offset)
  if (count > 0 && (last + 1) * bytes > data.length) throw damaged(path, 'a tensor reaches beyond its storage')
  const out = new Float32Array(count)
  const index = shape.map(() => 0)
  let element = offset
  for (let i = 0; i < count; i++) {
    out[i] = read(data, element * bytes)
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      element += strides[axis]!
      if (++index[axis]! < shape[axis]!) break
      element -= strides[axis]! * shape[axis]!
      index[axis] = 0
    }
  }
  return { shape, data: out }
}

/** `('storage', type, key, location, count)`; the legacy format adds a view, which must be none. */
function storageOf(value: PickleValue | undefined, path: string): StoredTensor['storage'] {
  if (!(value instanceof PicklePersistent) || !Array.isArray(value.id)) throw damaged(path, 'a tensor has no storage')
  const [tag, type, key, , count, view] = value.id
  if (tag !== 'storage' || !(type instanceof PickleGlobal) || !(type.name in STORAGES)) {
    throw damaged(path, 'a tensor has no storage')
  }
  if (view !== undefined && view !== null) throw unsupported(path, 'its storages are views of each other')
  if (typeof key !== 'string' || !isCount(count)) throw damaged(path, 'a storage has no name or length')
  return { key, type: type.name, count }
}

function sizes(value: PickleValue | undefined): PickleValue | undefined {
  return value instanceof PickleCall && value.name === 'torch.Size' ? value.args[0] : value
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.length <= 8 && value.every(isCount)
}
