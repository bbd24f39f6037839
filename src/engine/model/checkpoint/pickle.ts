import { unsafe, damaged } from './bytes'

/**
 * A reader of Python pickles (protocols 0 to 5, `pickletools` of CPython) that makes data and nothing else. A pickle is a program
 * for a stack machine whose GLOBAL and REDUCE can call anything in Python; here a global is a name on an allow-list, calling it
 * makes one of the values below, and every other name or operation is refused by name.
 */

/** A name that the pickle asked for; only an allowed one gets here. */
export class PickleGlobal {
  constructor(readonly name: string) {}
}

/** What an allowed global made of its arguments. */
export class PickleCall {
  constructor(
    readonly name: string,
    readonly args: readonly PickleValue[]
  ) {}
}

/** What stands for something outside of the pickle: PyTorch's storages. */
export class PicklePersistent {
  constructor(readonly id: PickleValue) {}
}

export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PickleValue[]
  | ReadonlySet<PickleValue>
  | Map<PickleValue, PickleValue>
  | PickleGlobal
  | PickleCall
  | PicklePersistent

/** The names that may be asked for, as `module.name`. */
export type AllowedGlobals = ReadonlySet<string>

interface Source {
  readonly path: string
  readonly allowed: AllowedGlobals
}

/** The value of the pickle at `bytes[at]`, and where it ends. Throws E_MODEL_UNSAFE, E_MODEL_DAMAGED. */
export function readPickle(
  bytes: Buffer,
  at: number,
  source: Source
): { readonly value: PickleValue; readonly end: number } {
  return new Machine(bytes, at, source).run()
}

const MARK = Symbol('mark')
type Slot = PickleValue | typeof MARK
/** The official checkpoint needs a few thousand of each. */
const MAX_STACK = 500_000
const MAX_MEMO = 500_000
const MAX_LONG_BYTES = 64

class Machine {
  private readonly stack: Slot[] = []
  private readonly memo = new Map<number, PickleValue>()
  private done: PickleValue | undefined

  constructor(
    private readonly bytes: Buffer,
    private at: number,
    private readonly source: Source
  ) {}

  run(): { value: PickleValue; end: number } {
    for (;;) {
      const code = this.byte()
      const operation = OPERATIONS[code]
      if (operation === undefined) {
        throw unsafe(this.source.path, `its pickle uses the operation 0x${code.toString(16).padStart(2, '0')}`)
      }
      operation(this)
      if (this.done !== undefined) return { value: this.done, end: this.at }
      if (this.stack.length > MAX_STACK || this.memo.size > MAX_MEMO) throw this.broken('it holds too much')
    }
  }

  stop(): void {
    this.done = this.pop()
  }

  push(value: Slot): void {
    this.stack.push(value)
  }

  pop(): PickleValue {
    const value = this.stack.pop()
    if (value === undefined || value === MARK) throw this.broken('its stack is empty')
    return value
  }

  popAny(): void {
    if (this.stack.length === 0) throw this.broken('its stack is empty')
    this.stack.pop()
  }

  top(): PickleValue {
    const value = this.stack[this.stack.length - 1]
    if (value === undefined || value === MARK) throw this.broken('its stack is empty')
    return value
  }

  mark(): void {
    this.stack.push(MARK)
  }

  /** What was pushed since the last mark. */
  toMark(): PickleValue[] {
    const from = this.stack.lastIndexOf(MARK)
    if (from < 0) throw this.broken('a mark is missing')
    const values = this.stack.slice(from + 1) as PickleValue[]
    this.stack.length = from
    return values
  }

  take(count: number): Buffer {
    if (count < 0 || this.at + count > this.bytes.length) throw this.broken('it ends early')
    this.at += count
    return this.bytes.subarray(this.at - count, this.at)
  }

  byte(): number {
    return this.take(1)[0]!
  }

  uint32(): number {
    return this.take(4).readUInt32LE(0)
  }

  /** A length of 64 bits; the bytes that it announces must be there. */
  length64(): number {
    const value = this.take(8).readBigUInt64LE(0)
    if (value > BigInt(this.bytes.length)) throw this.broken('it ends early')
    return Number(value)
  }

  line(): string {
    const end = this.bytes.indexOf(0x0a, this.at)
    if (end < 0) throw this.broken('it ends early')
    const text = this.bytes.toString('utf8', this.at, end)
    this.at = end + 1
    return text.endsWith('\r') ? text.slice(0, -1) : text
  }

  text(count: number): string {
    return this.take(count).toString('utf8')
  }

  /** Little-endian two's complement. */
  long(count: number): void {
    if (count > MAX_LONG_BYTES) throw this.broken('it holds a number that nothing needs')
    let value = 0n
    const bytes = this.take(count)
    for (let i = count - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]!)
    if (count > 0 && (bytes[count - 1]! & 0x80) !== 0) value -= 1n << BigInt(8 * count)
    this.push(narrow(value))
  }

  integer(text: string): void {
    if (text === '00' || text === '01') this.push(text === '01')
    else if (/^-?\d{1,40}L?$/u.test(text)) this.push(narrow(BigInt(text.replace('L', ''))))
    else throw this.broken('a number is none')
  }

  float(text: string): void {
    const value = Number(text)
    if (Number.isNaN(value) && text !== 'nan') throw this.broken('a number is none')
    this.push(value)
  }

  put(index: number): void {
    this.memo.set(index, this.top())
  }

  memoize(): void {
    this.memo.set(this.memo.size, this.top())
  }

  get(index: number): void {
    const value = this.memo.get(index)
    if (value === undefined) throw this.broken('it refers to what was never there')
    this.push(value)
  }

  global(module: PickleValue, name: PickleValue): void {
    if (typeof module !== 'string' || typeof name !== 'string') throw this.broken('a name is none')
    const full = `${module}.${name}`
    if (!this.source.allowed.has(full)) throw unsafe(this.source.path, `its pickle asks for ${full.slice(0, 120)}`)
    this.push(new PickleGlobal(full))
  }

  call(): void {
    const args = this.pop()
    const target = this.pop()
    if (!(target instanceof PickleGlobal) || !Array.isArray(args)) throw this.broken('it calls what is no function')
    if (target.name === 'collections.OrderedDict') this.push(this.orderedDict(args))
    else this.push(new PickleCall(target.name, args))
  }

  /** Attributes of an object (a state dict's `_metadata`): nothing here has any. */
  build(): void {
    this.pop()
    this.top()
  }

  append(values: readonly PickleValue[]): void {
    const list = this.top()
    if (!Array.isArray(list)) throw this.broken('it appends to what is no list')
    for (const value of values) list.push(value)
  }

  setItems(values: readonly PickleValue[]): void {
    const target = this.top()
    if (!(target instanceof Map)) throw this.broken('it fills what is no dictionary')
    this.fill(target, values)
  }

  dictOf(values: readonly PickleValue[]): Map<PickleValue, PickleValue> {
    return this.fill(new Map<PickleValue, PickleValue>(), values)
  }

  addItems(values: readonly PickleValue[]): void {
    const target = this.top()
    if (!(target instanceof Set)) throw this.broken('it adds to what is no set')
    for (const value of values) target.add(value)
  }

  private fill(map: Map<PickleValue, PickleValue>, values: readonly PickleValue[]): Map<PickleValue, PickleValue> {
    if (values.length % 2 !== 0) throw this.broken('a key has no value')
    for (let i = 0; i < values.length; i += 2) map.set(values[i]!, values[i + 1]!)
    return map
  }

  private orderedDict(args: readonly PickleValue[]): Map<PickleValue, PickleValue> {
    const [pairs = []] = args
    if (!Array.isArray(pairs)) throw this.broken('a dictionary is made of something else')
    return this.dictOf(
      pairs.flatMap((pair) => {
        if (!Array.isArray(pair) || pair.length !== 2) throw this.broken('a dictionary is made of something else')
        return pair
      })
    )
  }

  private broken(detail: string): Error {
    return damaged(this.source.path, `its pickle cannot be read: ${detail}`)
  }
}

/** Numbers where they are exact, else as they are. */
function narrow(value: bigint): number | bigint {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}

type Operation = (machine: Machine) => void

const at = (letter: string): number => letter.charCodeAt(0)

/** By operation code. BUILD and REDUCE call nothing; INST, OBJ, EXT*, NEXT_BUFFER and READONLY_BUFFER have no entry. */
const OPERATIONS: Readonly<Record<number, Operation>> = {
  0x80: (m) => void m.byte(),
  0x95: (m) => void m.take(8),
  [at('.')]: (m) => {
    m.stop()
  },
  [at('(')]: (m) => {
    m.mark()
  },
  [at('0')]: (m) => {
    m.popAny()
  },
  [at('1')]: (m) => void m.toMark(),
  [at('2')]: (m) => {
    m.push(m.top())
  },
  [at('N')]: (m) => {
    m.push(null)
  },
  0x88: (m) => {
    m.push(true)
  },
  0x89: (m) => {
    m.push(false)
  },
  [at('I')]: (m) => {
    m.integer(m.line())
  },
  [at('L')]: (m) => {
    m.integer(m.line())
  },
  [at('J')]: (m) => {
    m.push(m.take(4).readInt32LE(0))
  },
  [at('K')]: (m) => {
    m.push(m.byte())
  },
  [at('M')]: (m) => {
    m.push(m.take(2).readUInt16LE(0))
  },
  0x8a: (m) => {
    m.long(m.byte())
  },
  0x8b: (m) => {
    m.long(m.uint32())
  },
  [at('F')]: (m) => {
    m.float(m.line())
  },
  [at('G')]: (m) => {
    m.push(m.take(8).readDoubleBE(0))
  },
  [at('S')]: (m) => {
    m.push(m.line().slice(1, -1))
  },
  [at('T')]: (m) => {
    m.push(m.text(m.uint32()))
  },
  [at('U')]: (m) => {
    m.push(m.text(m.byte()))
  },
  [at('V')]: (m) => {
    m.push(m.line())
  },
  [at('X')]: (m) => {
    m.push(m.text(m.uint32()))
  },
  0x8c: (m) => {
    m.push(m.text(m.byte()))
  },
  0x8d: (m) => {
    m.push(m.text(m.length64()))
  },
  [at('B')]: (m) => {
    m.push(new Uint8Array(m.take(m.uint32())))
  },
  [at('C')]: (m) => {
    m.push(new Uint8Array(m.take(m.byte())))
  },
  0x8e: (m) => {
    m.push(new Uint8Array(m.take(m.length64())))
  },
  [at('}')]: (m) => {
    m.push(new Map())
  },
  [at('d')]: (m) => {
    m.push(m.dictOf(m.toMark()))
  },
  [at(']')]: (m) => {
    m.push([])
  },
  [at('l')]: (m) => {
    m.push(m.toMark())
  },
  [at(')')]: (m) => {
    m.push([])
  },
  [at('t')]: (m) => {
    m.push(m.toMark())
  },
  0x85: (m) => {
    m.push([m.pop()])
  },
  0x86: (m) => {
    const second = m.pop()
    m.push([m.pop(), second])
  },
  0x87: (m) => {
    const [third, second] = [m.pop(), m.pop()]
    m.push([m.pop(), second, third])
  },
  [at('a')]: (m) => {
    const value = m.pop()
    m.append([value])
  },
  [at('e')]: (m) => {
    m.append(m.toMark())
  },
  [at('s')]: (m) => {
    const value = m.pop()
    const key = m.pop()
    m.setItems([key, value])
  },
  [at('u')]: (m) => {
    m.setItems(m.toMark())
  },
  0x8f: (m) => {
    m.push(new Set())
  },
  0x90: (m) => {
    m.addItems(m.toMark())
  },
  0x91: (m) => {
    m.push(new Set(m.toMark()))
  },
  [at('c')]: (m) => {
    const module = m.line()
    m.global(module, m.line())
  },
  0x93: (m) => {
    const name = m.pop()
    m.global(m.pop(), name)
  },
  [at('R')]: (m) => {
    m.call()
  },
  0x81: (m) => {
    m.call()
  },
  [at('b')]: (m) => {
    m.build()
  },
  [at('P')]: (m) => {
    m.push(new PicklePersistent(m.line()))
  },
  [at('Q')]: (m) => {
    m.push(new PicklePersistent(m.pop()))
  },
  0x94: (m) => {
    m.memoize()
  },
  [at('p')]: (m) => {
    m.put(Number(m.line()))
  },
  [at('q')]: (m) => {
    m.put(m.byte())
  },
  [at('r')]: (m) => {
    m.put(m.uint32())
  },
  [at('g')]: (m) => {
    m.get(Number(m.line()))
  },
  [at('h')]: (m) => {
    m.get(m.byte())
  },
  [at('j')]: (m) => {
    m.get(m.uint32())
  }
}
