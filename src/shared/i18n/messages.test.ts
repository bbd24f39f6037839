import { readFileSync } from 'node:fs'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { ERROR_CODES, WARNING_CODES } from '../errors/appError'
import en from './en.json'
import { fillWords, LOCALES, MESSAGES, resolveLocale } from './messages'
import zhCN from './zh-CN.json'

/** `errors.E_EMPTY.what` -> sentence. */
function leaves(words: object, prefix = ''): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const [key, value] of Object.entries(words) as [string, unknown][]) {
    if (typeof value === 'string') found.set(prefix + key, value)
    else for (const [inner, text] of leaves(value as object, `${prefix}${key}.`)) found.set(inner, text)
  }
  return found
}

const places = (sentence: string): readonly string[] =>
  [...new Set(Array.from(sentence.matchAll(/\{(\w+)\}/gu), (match) => match[1]!))].sort()

const english = leaves(en)
const chinese = leaves(zhCN)

describe('messages', () => {
  it('has the same keys in both languages (a sentence that falls back to English in a Chinese window)', () => {
    expectTypeOf(zhCN).toEqualTypeOf(en)
    expect([...chinese.keys()].sort()).toEqual([...english.keys()].sort())
  })

  it('has the same places in both (a value that is never shown)', () => {
    const differ = [...english].filter(([key, text]) => String(places(chinese.get(key) ?? '')) !== String(places(text)))
    expect(differ).toEqual([])
  })

  it('has no empty sentence, and none that is still English where it has words', () => {
    for (const [key, text] of [...english, ...chinese]) expect(text.trim(), key).not.toBe('')
    const same = [...english].filter(([key, text]) => chinese.get(key) === text && /[a-z]{4,} [a-z]{2,}/u.test(text))
    expect(same).toEqual([])
  })

  it('puts nothing into a sentence that the message compiler reads as its own grammar (a thrown syntax error)', () => {
    for (const [key, text] of [...english, ...chinese]) {
      expect(text.replace(/\{(?:\w+|'[{}]')\}/gu, ''), key).not.toMatch(/[{}@$]/u)
    }
  })

  it.each(LOCALES)('says what happened and what to do for every code, in %s', (locale) => {
    const { errors, warnings } = MESSAGES[locale]
    for (const code of ERROR_CODES) expect(errors[code].what && errors[code].next, code).toBeTruthy()
    for (const code of WARNING_CODES) expect(warnings[code], code).toBeTruthy()
    expect(Object.keys(errors).sort()).toEqual([...ERROR_CODES].sort())
    expect(Object.keys(warnings).sort()).toEqual([...WARNING_CODES].sort())
  })

  it('keeps English out of the Chinese file and Chinese out of the English one (a swapped edit)', () => {
    const text = readFileSync(new URL('./en.json', import.meta.url), 'utf8')
    expect(text.replaceAll('简体中文', '')).not.toMatch(/\p{Script=Han}/u)
  })
})

describe('resolveLocale', () => {
  it.each([
    ['system', 'zh-CN', 'zh-CN'],
    ['system', 'zh-Hans-SG', 'zh-CN'],
    ['system', 'zh', 'zh-CN'],
    ['system', 'zha', 'en'],
    ['system', 'de-DE', 'en'],
    ['system', '', 'en'],
    ['en', 'zh-CN', 'en'],
    ['zh-CN', 'en-US', 'zh-CN']
  ] as const)('%s on a system of %s is %s', (choice, system, expected) => {
    expect(resolveLocale(choice, system)).toBe(expected)
  })
})

describe('fillWords', () => {
  it('fills every place, and leaves one without a value to be seen', () => {
    expect(fillWords('{n} of {total}, {n}', { n: 3 })).toBe('3 of {total}, 3')
  })
})
