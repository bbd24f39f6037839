/** Seeded names that someone who wanted out of a folder, or just lived abroad, would use. */
const PARTS = [
  '..',
  '.',
  '/',
  '\\',
  '../',
  '..\\',
  '\0',
  '\n',
  '\r',
  '\t',
  ' ',
  ':',
  'C:',
  '\\\\?\\',
  '//host/share',
  '%2e%2e%2f',
  '%00',
  '~',
  '$HOME',
  '`id`',
  'CON',
  'nul',
  'COM1',
  'a',
  'out',
  '-rf',
  '*',
  '?',
  '"',
  "'",
  '<',
  '>',
  '|',
  '.wav',
  '.part',
  '\u202e',
  '\u0301',
  '\u00e9',
  '\u6f22',
  '\u{1f600}',
  '\ud800',
  'x'.repeat(300)
] as const

/** `count` names; the same for the same seed. */
export function hostileNames(count: number, seed: number): string[] {
  const random = mulberry32(seed)
  const pick = (n: number): number => Math.floor(random() * n)
  return Array.from({ length: count }, () =>
    Array.from({ length: 1 + pick(6) }, () => PARTS[pick(PARTS.length)]).join('')
  )
}

function mulberry32(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}
