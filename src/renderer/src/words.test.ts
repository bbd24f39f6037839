import { describe, expect, it } from 'vitest'
import en from '../../shared/i18n/en.json'
import { CONTRACT } from '../../shared/ipc/contract'

const sources = import.meta.glob<string>(['./**/*.vue', './**/*.ts', '!./**/*.test.ts', '!./**/*.testkit.ts'], {
  query: '?raw',
  import: 'default',
  eager: true
})
const code = Object.values(sources).join('\n')

/** `settings.join.carried`: the names of all sentences. */
function keysOf(words: object, prefix = ''): string[] {
  return Object.entries(words).flatMap(([key, value]: [string, unknown]) =>
    typeof value === 'string' ? [prefix + key] : keysOf(value as object, `${prefix}${key}.`)
  )
}
const keys = keysOf(en)
const known = new Set(keys)
const sections = Object.keys(en).join('|')

/** Everything in single quotes (double ones hold a template's code) that begins with a section's name, routes left out: they look the same. */
const said = [...code.matchAll(new RegExp(`'((?:${sections})\\.[\\w.-]+)'`, 'gu'))]
  .map((match) => match[1]!)
  .filter((key) => !(key in CONTRACT))
/** Keys that are put together, as patterns: `status.devices.${name}` is any one word there. */
const patterns = [...code.matchAll(new RegExp(`\`((?:${sections})\\.[^\`]*\\$\\{[^\`]*)\``, 'gu'))].map((match) => {
  const parts = match[1]!.split(/\$\{[^}]*\}/u).map((part) => part.replaceAll('.', '\\.'))
  return new RegExp(`^${parts.join('[\\w-]+')}$`, 'u')
})

const texts = import.meta.glob<string>('../../shared/i18n/*.json', { query: '?raw', import: 'default', eager: true })

/** Names that a file of words has twice, by its lines: JSON takes the last and says nothing. */
function doubled(text: string): string[] {
  const path: string[] = []
  const seen = new Set<string>()
  const twice: string[] = []
  for (const [, indent, key] of text.matchAll(/^( +)"([^"]+)":/gmu)) {
    path.splice(indent!.length / 2 - 1, Infinity, key!)
    const name = path.join('.')
    if (seen.has(name)) twice.push(name)
    seen.add(name)
  }
  return twice
}

describe('words of the window', () => {
  it('have each name once (of two sentences the wrong one was shown)', () => {
    expect(Object.keys(texts)).toHaveLength(2)
    for (const text of Object.values(texts)) expect(doubled(text)).toEqual([])
    expect(doubled('{\n  "a": {\n    "b": "1",\n    "b": "2"\n  },\n  "b": "3"\n}')).toEqual(['a.b'])
  })

  it('asks for no sentence that is not there (a key shown in place of words)', () => {
    expect(said.length).toBeGreaterThan(100)
    expect(said.filter((key) => !known.has(key))).toEqual([])
  })

  it('puts keys together only where sentences are', () => {
    expect(patterns.length).toBeGreaterThan(10)
    expect(patterns.filter((pattern) => !keys.some((key) => pattern.test(key)))).toEqual([])
  })

  it('keeps no words that nobody says (translated for nothing)', () => {
    const mine = /^(?:settings|presets|preflight|status|preferences|shortcuts|about|memory|bench|models|welcome)\./u
    const used = new Set(said)
    const unused = keys.filter((key) => mine.test(key) && !used.has(key) && !patterns.some((one) => one.test(key)))
    expect(unused).toEqual([])
  })
})
