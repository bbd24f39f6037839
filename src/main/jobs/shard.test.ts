import { expect, test } from 'vitest'
import { isInShard } from './shard'

const NAMES = Array.from({ length: 2000 }, (_, n) => `speaker ${n % 40}/take ${n}.wav`)

test.each([1, 2, 7, 64])(
  '%i shares are disjoint, complete and about equal (files were done twice, or by nobody)',
  (count) => {
    const owners = NAMES.map((name) =>
      Array.from({ length: count }, (_, n) => n + 1).filter((index) => isInShard(name, { index, count }))
    )
    expect(owners.every((owner) => owner.length === 1)).toBe(true)
    const sizes = Array.from({ length: count }, (_, n) => owners.filter(([index]) => index === n + 1).length)
    expect(Math.max(...sizes)).toBeLessThan((2000 / count) * 1.7 + 1)
  }
)

test('a share never changes with the program or the machine (half a cluster updated did other files)', () => {
  const shares = ['a.wav', 'b/c.wav', 'caf\u00e9.wav'].map((name) =>
    [1, 2, 3, 4, 5].find((index) => isInShard(name, { index, count: 5 }))
  )
  expect(shares).toEqual(EXPECTED)
  expect(isInShard('cafe\u0301.wav', { index: shares[2]!, count: 5 })).toBe(true)
  expect(isInShard('b\\c.wav', { index: shares[1]!, count: 5 })).toBe(true)
})

/** `sha256sum` of the name, its first 12 digits modulo 5, plus one. */
const EXPECTED = [2, 4, 2]
