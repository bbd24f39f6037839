import { crc32 } from 'node:zlib'
import { deflateRawSync } from 'node:zlib'
import type { StateDict } from '../stateDict'

/** Writes checkpoints as PyTorch does, for tests: any weights, in any of its layouts, and such as no PyTorch writes. */

/** A pickle being written; protocol 2. */
export class PickleWriter {
  private readonly parts: Buffer[] = [Buffer.from([0x80, 2])]

  op(letter: string): this {
    this.parts.push(Buffer.from(letter, 'latin1'))
    return this
  }

  raw(...bytes: readonly number[]): this {
    this.parts.push(Buffer.from(bytes))
    return this
  }

  text(value: string): this {
    const bytes = Buffer.from(value, 'utf8')
    const length = Buffer.alloc(4)
    length.writeUInt32LE(bytes.length)
    this.parts.push(Buffer.from('X'), length, bytes)
    return this
  }

  int(value: number): this {
    const bytes = Buffer.alloc(5)
    bytes.write('J')
    bytes.writeInt32LE(value, 1)
    this.parts.push(bytes)
    return this
  }

  global(module: string, name: string): this {
    return this.op(`c${module}\n${name}\n`)
  }

  tuple(values: readonly number[]): this {
    this.op('(')
    for (const value of values) this.int(value)
    return this.op('t')
  }

  /** `_rebuild_tensor_v2(storage, offset, shape, strides, False, OrderedDict())`. */
  tensor(storage: Storage, shape: readonly number[], strides = contiguous(shape)): this {
    this.global('torch._utils', '_rebuild_tensor_v2').op('((').text('storage').global('torch', storage.type)
    this.text(storage.key).text('cpu').int(storage.count)
    if (storage.isLegacy) this.op('N')
    this.op('tQ')
      .int(storage.offset ?? 0)
      .tuple(shape)
      .tuple(strides)
      .raw(0x89)
    return this.global('collections', 'OrderedDict').op(')RtR')
  }

  end(): Buffer {
    return Buffer.concat([...this.parts, Buffer.from('.')])
  }
}

export interface Storage {
  readonly key: string
  readonly type: string
  readonly count: number
  readonly offset?: number
  readonly isLegacy?: boolean
}

function contiguous(shape: readonly number[]): readonly number[] {
  return shape.map((_, axis) => shape.slice(axis + 1).reduce((product, size) => product * size, 1))
}

export interface Entry {
  readonly name: string
  readonly data: Buffer
  readonly isDeflated?: boolean
  /** What the directory says instead of the truth. */
  readonly declaredBytes?: number
}

/** An archive of these entries. */
export function zipOf(entries: readonly Entry[]): Buffer {
  const local: Buffer[] = []
  const central: Buffer[] = []
  let at = 0
  for (const { name, data, isDeflated = false, declaredBytes = data.length } of entries) {
    const packed = isDeflated ? deflateRawSync(data) : data
    const fields = Buffer.alloc(26)
    fields.writeUInt16LE(20, 0)
    fields.writeUInt16LE(isDeflated ? 8 : 0, 4)
    fields.writeUInt32LE(crc32(data), 10)
    fields.writeUInt32LE(packed.length, 14)
    fields.writeUInt32LE(declaredBytes, 18)
    fields.writeUInt16LE(name.length, 22)
    const head = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), fields, Buffer.from(name), packed])
    const place = Buffer.alloc(14)
    place.writeUInt32LE(at, 10)
    central.push(
      Buffer.concat([Buffer.from('PK\x01\x02\x14\x00', 'latin1'), fields.subarray(0, 26), place, Buffer.from(name)])
    )
    local.push(head)
    at += head.length
  }
  const directory = Buffer.concat(central)
  const end = Buffer.alloc(22)
  end.write('PK\x05\x06', 'latin1')
  end.writeUInt16LE(entries.length, 8)
  end.writeUInt16LE(entries.length, 10)
  end.writeUInt32LE(directory.length, 12)
  end.writeUInt32LE(at, 16)
  return Buffer.concat([...local, directory, end])
}

export interface Layout {
  /** Prefix of every key. */
  readonly prefix?: string
  readonly isDeflated?: boolean
}

/** The archive that `torch.save(stateDict)` writes. */
export function torchArchive(weights: StateDict, { prefix = '', isDeflated = false }: Layout = {}): Buffer {
  const pickle = new PickleWriter().global('collections', 'OrderedDict').op(')R(')
  const entries: Entry[] = []
  for (const [n, [name, { shape, data }]] of [...weights].entries()) {
    pickle.text(prefix + name).tensor({ key: String(n), type: 'FloatStorage', count: data.length }, shape)
    entries.push({
      name: `archive/data/${n}`,
      data: Buffer.from(data.buffer, data.byteOffset, data.byteLength),
      isDeflated
    })
  }
  return zipOf([{ name: 'archive/data.pkl', data: pickle.op('u').end(), isDeflated }, ...entries])
}
