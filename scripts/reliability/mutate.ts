import type { Random } from './random'

const EXTREMES = [0, 1, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff]

/** One way to break a file. Never changes `bytes` itself. */
type Mutator = (bytes: Buffer, random: Random) => Buffer

/** Where headers are, more often than not. */
function place(bytes: Buffer, random: Random): number {
  return random.below(random.next() < 0.6 ? Math.min(400, bytes.length) : bytes.length)
}

function changed(bytes: Buffer, change: (copy: Buffer) => void): Buffer {
  const copy = Buffer.from(bytes)
  change(copy)
  return copy
}

const MUTATORS: readonly Mutator[] = [
  // Bits turned.
  (bytes, random) =>
    changed(bytes, (copy) => {
      for (let n = random.below(20); n >= 0; n--) {
        const at = place(copy, random)
        copy[at] = copy[at]! ^ (1 << random.below(8))
      }
    }),
  // Sizes and counts made extreme, in both byte orders.
  (bytes, random) =>
    changed(bytes, (copy) => {
      const at = Math.max(0, Math.min(place(copy, random), copy.length - 4))
      if (copy.length < 4) return
      if (random.next() < 0.5) copy.writeUInt32LE(random.pick(EXTREMES), at)
      else copy.writeUInt32BE(random.pick(EXTREMES), at)
    }),
  // The end is missing.
  (bytes, random) => Buffer.from(bytes.subarray(0, random.below(bytes.length))),
  // A piece is there twice, or gone.
  (bytes, random) => {
    const [from, length] = [place(bytes, random), random.below(2000)]
    const after = random.next() < 0.5 ? from : from + length
    return Buffer.concat([bytes.subarray(0, from + (after === from ? length : 0)), bytes.subarray(after)])
  },
  // A stretch of zeros, or of nonsense.
  (bytes, random) =>
    changed(bytes, (copy) => {
      const from = place(copy, random)
      const nonsense = random.next() < 0.5
      for (let at = from; at < Math.min(copy.length, from + random.below(600)); at++)
        copy[at] = nonsense ? random.below(256) : 0
    })
]

/** `bytes` broken in one or two of five ways. */
export function mutate(bytes: Buffer, random: Random): Buffer {
  const once = random.pick(MUTATORS)(bytes, random)
  return random.next() < 0.3 && once.length > 0 ? random.pick(MUTATORS)(once, random) : once
}
