import type { RouteName } from '../../shared/ipc/contract'

/** A small generator of numbers that is the same in every run (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

const KEYS = [
  ...'paths what scanId on jobIds beforeId settings choice jobId which job output folder place theme language'.split(
    ' '
  ),
  ...'whenDone notify ffmpegPath userPresets version chunkSec threads modelId length constructor toString'.split(' '),
  '__proto__',
  ''
]

const LEAVES: readonly unknown[] = [
  undefined,
  null,
  true,
  false,
  0,
  -0,
  -1,
  1.5,
  1e308,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  10n ** 30n,
  '',
  'a',
  'files',
  'source',
  'continue',
  'dark',
  '../../etc/passwd',
  '\\\\?\\C:\\x',
  '\u0000',
  '\ud800',
  '😀'.repeat(20_000),
  'x'.repeat(40_000),
  new Date(0),
  new Map([['paths', ['/a']]]),
  new Set(['/a']),
  new Uint8Array(8),
  new ArrayBuffer(4),
  /x/u,
  new Error('x'),
  []
]

interface Maker {
  readonly random: () => number
  readonly pick: <T>(from: readonly T[]) => T
  readonly value: (depth: number) => unknown
}

/** Defined, not assigned: a cloned object can have a `__proto__` of its own. */
function objectOf(entries: readonly (readonly [string, unknown])[]): object {
  const made = {}
  for (const [key, value] of entries) {
    Object.defineProperty(made, key, { value, enumerable: true, configurable: true, writable: true })
  }
  return made
}

function makerOf(route: string): Maker {
  let seed = 1
  for (const char of route) seed = (seed * 31 + char.charCodeAt(0)) | 0
  const random = randomOf(seed)
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!
  const value = (depth: number): unknown => {
    const kind = random()
    if (depth === 0 || kind < 0.4) return pick(LEAVES)
    const size = Math.floor(random() * 4)
    if (kind < 0.6) return Array.from({ length: size }, () => value(depth - 1))
    return objectOf(Array.from({ length: size }, () => [pick(KEYS), value(depth - 1)] as const))
  }
  return { random, pick, value }
}

/** A valid request with one thing wrong somewhere in it: a value, a key too much, a key too few. */
function spoiled(request: object, maker: Maker): object {
  const entries = Object.entries(request)
  const way = maker.random()
  if (way < 0.3 || entries.length === 0) return objectOf([...entries, [maker.pick(KEYS), maker.value(2)]])
  const [key, inside] = maker.pick(entries) as [string, unknown]
  if (way < 0.45) return objectOf(entries.filter(([name]) => name !== key))
  const deeper = typeof inside === 'object' && inside !== null && !Array.isArray(inside) && way < 0.75
  const wrong = deeper ? spoiled(inside, maker) : maker.value(2)
  return objectOf(entries.map(([name, value]) => [name, name === key ? wrong : value] as const))
}

/** The valid request, then what structured cloning lets through and no form of ours sends: a third random, the rest nearly valid. */
export function hostilePayloads(route: RouteName, valid: object, count: number): unknown[] {
  const maker = makerOf(route)
  const hostile = Array.from({ length: count - 1 }, (_, index) =>
    index % 3 === 0 ? maker.value(1 + Math.floor(maker.random() * 4)) : spoiled(valid, maker)
  )
  return [valid, ...hostile]
}
