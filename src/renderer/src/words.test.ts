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

describe('words of the window', () => {
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
