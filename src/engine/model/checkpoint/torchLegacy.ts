import type { StateDict } from '../stateDict'
import { damaged, readExactly, unsupported, type ModelBytes } from './bytes'
import { readPickle, type PickleValue } from './pickle'
import { findNetwork, readTensors } from './torchFile'
import { TORCH_GLOBALS, tensorOf } from './torchTensors'

/**
 * `torch.save` before PyTorch 1.6 (torch/serialization.py, `_legacy_save`): five pickles one after the other (magic number,
 * protocol, system, the object, the storages' keys), then for each key a 64-bit count of elements and the elements.
 */

const MAGIC = 0x1950a86a20f9469cfc6cn
const PROTOCOL = 1001
/** The official checkpoint's pickles take 0.3 MB. */
const MAX_PICKLES_BYTES = 16 * 1024 * 1024

/** Whether a file begins as the format does: a pickle of protocol 2 with the magic number. */
export function isTorchLegacy(head: Buffer): boolean {
  return head.length >= 15 && head[0] === 0x80 && head[2] === 0x8a && head.subarray(4, 14).equals(magicBytes())
}

function magicBytes(): Buffer {
  const bytes = Buffer.alloc(10)
  for (let i = 0; i < 10; i++) bytes[i] = Number((MAGIC >> BigInt(8 * i)) & 0xffn)
  return bytes
}

/** Reads the network's float tensors. Throws E_MODEL_DAMAGED, E_MODEL_UNSAFE, E_MODEL_UNSUPPORTED. */
export async function readTorchLegacy(file: ModelBytes): Promise<StateDict> {
  const head = await readExactly(file, 0, Math.min(file.size, MAX_PICKLES_BYTES))
  const pickles = new Pickles(head, file.path)
  if (pickles.next() !== MAGIC) throw damaged(file.path, 'its magic number is wrong')
  if (pickles.next() !== PROTOCOL) throw unsupported(file.path, 'it is of an unknown version')
  if (!isLittleEndian(pickles.next())) throw unsupported(file.path, 'its numbers are stored big-endian')
  const root = pickles.next()
  const places = await placesOf(file, { keys: pickles.next(), at: pickles.at, widths: widthsIn(root, file.path) })
  return readTensors(findNetwork(root, file.path), file, (key, bytes) => {
    const place = places.get(key)
    if (place?.bytes !== bytes) throw damaged(file.path, `storage ${key} is not there as it should be`)
    return readExactly(file, place.at, bytes)
  })
}

class Pickles {
  at = 0

  constructor(
    private readonly bytes: Buffer,
    private readonly path: string
  ) {}

  next(): PickleValue {
    const { value, end } = readPickle(this.bytes, this.at, { path: this.path, allowed: TORCH_GLOBALS })
    this.at = end
    return value
  }
}

function isLittleEndian(system: PickleValue): boolean {
  return system instanceof Map && system.get('little_endian') === true
}

/** Bytes an element by storage, from every tensor of the file: the storages of an optimizer lie between those of the network. */
function widthsIn(root: PickleValue, path: string): ReadonlyMap<string, number> {
  const widths = new Map<string, number>()
  const waiting: PickleValue[] = [root]
  const seen = new Set<PickleValue>()
  for (let value = waiting.pop(); value !== undefined; value = waiting.pop()) {
    if (typeof value !== 'object' || value === null || seen.has(value)) continue
    seen.add(value)
    const tensor = tensorOf(value, path)
    if (tensor !== null) widths.set(tensor.storage.key, bytesAnElement(tensor.storage.type))
    else if (value instanceof Map) for (const inner of value.values()) waiting.push(inner)
    else if (Array.isArray(value)) for (const inner of value) waiting.push(inner)
  }
  return widths
}

const WIDTHS: readonly (readonly [RegExp, number])[] = [
  [/Double|Long/u, 8],
  [/BFloat16|Half|Short/u, 2],
  [/Float|Int/u, 4],
  [/Char|Byte|Bool/u, 1]
]

function bytesAnElement(type: string): number {
  return WIDTHS.find(([pattern]) => pattern.test(type))![1]
}

interface Listed {
  readonly keys: PickleValue
  readonly at: number
  readonly widths: ReadonlyMap<string, number>
}

async function placesOf(
  file: ModelBytes,
  { keys, at, widths }: Listed
): Promise<ReadonlyMap<string, { readonly at: number; readonly bytes: number }>> {
  if (!Array.isArray(keys)) throw damaged(file.path, 'it does not list its storages')
  const places = new Map<string, { at: number; bytes: number }>()
  let next = at
  for (const key of keys) {
    const width = typeof key === 'string' ? widths.get(key) : undefined
    if (typeof key !== 'string' || width === undefined) throw damaged(file.path, 'it lists a storage that nothing uses')
    const count = (await readExactly(file, next, 8)).readBigInt64LE(0)
    if (count < 0n || count > BigInt(file.size)) throw damaged(file.path, `storage ${key} reaches beyond the file`)
    const bytes = Number(count) * width
    places.set(key, { at: next + 8, bytes })
    next += 8 + bytes
  }
  return places
}
