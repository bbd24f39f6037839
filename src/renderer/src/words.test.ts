import { describe, expect, it } from 'vitest'
import en from '../../shared/i18n/en.json'

const sources = import.meta.glob<string>(['./**/*.vue', './**/*.ts', '!./**/*.test.ts', '!./**/*.testkit.ts'], {
  query: '?raw',
  import: 'default',
  eager: true
})
const code = Object.values(sources).join('\n')

/** `a.b.c` -> what stands there: a sentence, a group, or nothing. */
function at(key: string): unknown {
  let here: unknown = en
  for (const part of key.split('.')) here = (here as Record<string, unknown> | undefined)?.[part]
  return here
}

function keysOf(words: object, prefix: string): string[] {
  return Object.entries(words).flatMap(([key, value]: [string, unknown]) =>
    typeof value === 'string' ? [prefix + key] : keysOf(value as object, `${prefix}${key}.`)
  )
}

const literals = [...code.matchAll(/['"`]([a-z]\w*(?:\.[\w-]+)+)['"`]/gu)].map((match) => match[1]!)
/** The fixed beginning of a key that is put together: `t(\`status.devices.${name}\`)`. */
const beginnings = [...code.matchAll(/`([a-z]\w*(?:\.[\w-]+)*\.[\w-]*)\$\{/gu)].map((match) => match[1]!)

describe('words of the window', () => {
  it('asks for no sentence that is not there (a key shown in place of words)', () => {
    const asked = [...code.matchAll(/\bt\(\s*['"]([^'"]+)['"]/gu)].map((match) => match[1]!)
    expect(asked.length).toBeGreaterThan(100)
    expect(asked.filter((key) => typeof at(key) !== 'string')).toEqual([])
  })

  it('puts keys together under groups that are there', () => {
    const groups = beginnings.map((beginning) => beginning.slice(0, beginning.lastIndexOf('.')))
    const sections = new Set(Object.keys(en))
    const missing = groups.filter((group) => sections.has(group.split('.')[0]!) && typeof at(group) !== 'object')
    expect(missing).toEqual([])
  })

  it('keeps no words that nobody says (translated for nothing)', () => {
    const sections = [
      'settings',
      'presets',
      'preflight',
      'status',
      'preferences',
      'shortcuts',
      'about',
      'units'
    ] as const
    const said = new Set(literals)
    // `units` are read as properties.
    const unused = sections
      .flatMap((section) => keysOf(en[section], `${section}.`))
      .filter((key) => {
        if (said.has(key) || beginnings.some((beginning) => key.startsWith(beginning))) return false
        return !(key.startsWith('units.') && new RegExp(`units\\.${key.slice(6)}|'${key.slice(6)}'`, 'u').test(code))
      })
    expect(unused).toEqual([])
  })
})
