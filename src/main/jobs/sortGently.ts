import { setImmediate as nextTurn } from 'node:timers/promises'

/** So many are sorted, or put together, before the event loop is let in: a comparison of two names takes up to a microsecond. */
const PIECE = 512

/** What `[...items].sort(compare)` gives, in pieces between which the event loop is let in: ten thousand names held it up for 60 ms. */
export async function sortGently<T>(items: readonly T[], compare: (a: T, b: T) => number): Promise<T[]> {
  let sorted: T[][] = []
  for (let n = 0; n < items.length; n += PIECE) {
    sorted.push(items.slice(n, n + PIECE).sort(compare))
    await nextTurn()
  }
  while (sorted.length > 1) {
    const merged: T[][] = []
    for (let n = 0; n < sorted.length; n += 2) merged.push(await mergeGently(sorted[n]!, sorted[n + 1] ?? [], compare))
    sorted = merged
  }
  return sorted[0] ?? []
}

/** Of two that are equal the one of `first` goes first. */
async function mergeGently<T>(
  first: readonly T[],
  second: readonly T[],
  compare: (a: T, b: T) => number
): Promise<T[]> {
  const merged: T[] = []
  let a = 0
  let b = 0
  while (a < first.length && b < second.length) {
    merged.push(compare(first[a]!, second[b]!) <= 0 ? first[a++]! : second[b++]!)
    if (merged.length % PIECE === 0) await nextTurn()
  }
  return merged.concat(first.slice(a), second.slice(b))
}
