/** Structured clones as text, between a page and Node. */
export interface Codec {
  pack(value: unknown): string
  unpack(text: string): unknown
}

/**
 * The codec. Self-contained: the page gets this function's source. What `structuredClone` takes goes through, save what no
 * message of the app could hold (blobs, streams, ports), which is refused by name.
 */
export function makeCodec(): Codec {
  type Node = readonly [string, ...unknown[]]
  const views = { Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array }
  const wide = { Float32Array, Float64Array, BigInt64Array, BigUint64Array, DataView }
  const viewTypes = { ...views, ...wide } as unknown as Record<
    string,
    new (buffer: ArrayBuffer, at: number, length: number) => object
  >

  const plain = (value: object): boolean => {
    const proto: unknown = Object.getPrototypeOf(value)
    return proto === null || Object.getPrototypeOf(proto) === null
  }

  /** JSON tells all of it: the quick way, taken by everything that keeps the contract. */
  const isJson = (value: unknown, depth = 0): boolean => {
    if (value === null || typeof value === 'string' || typeof value === 'boolean') return true
    if (typeof value === 'number') return Number.isFinite(value) && !Object.is(value, -0)
    if (typeof value !== 'object' || depth > 40) return false
    if (Array.isArray(value)) {
      // Not `every`, which passes over holes.
      for (const item of value as unknown[]) if (!isJson(item, depth + 1)) return false
      return true
    }
    return plain(value) && !('toJSON' in value) && Object.values(value).every((item) => isJson(item, depth + 1))
  }

  const toText = (bytes: Uint8Array): string => {
    let text = ''
    for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192))
    return btoa(text)
  }
  const toBytes = (text: string): ArrayBuffer => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer

  const pack = (value: unknown): string => {
    if (isJson(value)) return `J${JSON.stringify(value)}`
    const nodes: (Node | null)[] = []
    const seen = new Map<unknown, number>()
    const visit = (item: unknown): number => {
      const known = typeof item === 'object' ? seen.get(item) : undefined
      if (known !== undefined) return known
      const at = nodes.push(null) - 1
      if (typeof item === 'object') seen.set(item, at)
      nodes[at] = describe(item)
      return at
    }
    const describe = (item: unknown): Node => {
      if (item === undefined) return ['undefined']
      if (typeof item === 'number') return ['number', Object.is(item, -0) ? '-0' : String(item)]
      if (typeof item === 'bigint') return ['bigint', item.toString()]
      if (typeof item === 'object' && item !== null) return describeObject(item)
      if (typeof item === 'string' || typeof item === 'boolean' || item === null) return ['plain', item]
      throw new DOMException(`${typeof item} could not be cloned.`, 'DataCloneError')
    }
    const describeObject = (item: object): Node => {
      if (Array.isArray(item)) return ['array', Array.from(item, visit)]
      if (item instanceof Date) return ['date', item.getTime()]
      if (item instanceof RegExp) return ['regexp', item.source, item.flags]
      if (item instanceof Map) return ['map', [...item].map(([key, held]) => [visit(key), visit(held)])]
      if (item instanceof Set) return ['set', [...item].map(visit)]
      if (item instanceof Error) return ['error', item.name, item.message, item.stack ?? '']
      if (item instanceof ArrayBuffer) return ['bytes', toText(new Uint8Array(item))]
      if (ArrayBuffer.isView(item)) {
        const length = 'length' in item ? (item as Uint8Array).length : item.byteLength
        return ['view', item.constructor.name, visit(item.buffer), item.byteOffset, length]
      }
      if (!plain(item)) throw new DOMException(`${item.constructor.name} could not be cloned.`, 'DataCloneError')
      return ['object', Object.entries(item).map(([key, held]) => [key, visit(held)])]
    }
    visit(value)
    return `G${JSON.stringify(nodes)}`
  }

  const unpack = (text: string): unknown => {
    if (text.startsWith('J')) return JSON.parse(text.slice(1))
    const nodes = JSON.parse(text.slice(1)) as Node[]
    const made = new Map<number, unknown>()
    const value = (at: number): unknown => {
      if (!made.has(at)) build(at, nodes[at]!)
      return made.get(at)
    }
    const keep = <T>(at: number, item: T): T => {
      made.set(at, item)
      return item
    }
    const build = (at: number, [kind, ...rest]: Node): void => {
      const [first, second, third, fourth] = rest as [never, never, never, never]
      if (kind === 'undefined') keep(at, undefined)
      else if (kind === 'number') keep(at, Number(first))
      else if (kind === 'bigint') keep(at, BigInt(first))
      else if (kind === 'date') keep(at, new Date(first))
      else if (kind === 'regexp') keep(at, new RegExp(first, second))
      else if (kind === 'bytes') keep(at, toBytes(first))
      else if (kind === 'view') keep(at, new viewTypes[first]!(value(second) as ArrayBuffer, third, fourth))
      else if (kind === 'error') keep(at, Object.assign(new Error(second), { name: first, stack: third }))
      else if (kind === 'array') fillArray(keep<unknown[]>(at, []), first)
      else if (kind === 'map') fillMap(keep(at, new Map()), first)
      else if (kind === 'set') fillSet(keep(at, new Set()), first)
      else if (kind === 'object') fillObject(keep<Record<string, unknown>>(at, {}), first)
      else keep(at, first)
    }
    const fillArray = (array: unknown[], items: readonly number[]): void => {
      for (const item of items) array.push(value(item))
    }
    const fillMap = (map: Map<unknown, unknown>, items: readonly (readonly [number, number])[]): void => {
      for (const [key, held] of items) map.set(value(key), value(held))
    }
    const fillSet = (set: Set<unknown>, items: readonly number[]): void => {
      for (const item of items) set.add(value(item))
    }
    const fillObject = (object: Record<string, unknown>, items: readonly (readonly [string, number])[]): void => {
      for (const [key, held] of items) {
        Object.defineProperty(object, key, { value: value(held), enumerable: true, writable: true, configurable: true })
      }
    }
    return value(0)
  }

  return { pack, unpack }
}
