import { expect, test } from 'vitest'
import en from '../../shared/i18n/en.json'
import zh from '../../shared/i18n/zh-CN.json'
import { errorText, filled, wordsOf } from './words'

test('the system decides unless a language was chosen', () => {
  expect(
    ['en-GB', 'de', 'zh', 'zh-CN', 'zh-TW', 'ZH', 'zhx', ''].map((locale) => wordsOf('system', locale) === zh)
  ).toEqual([...[false, false, true, true, true, true, false, false]])
  expect(wordsOf('en', 'zh-CN')).toBe(en)
  expect(wordsOf('zh-CN', 'en')).toBe(zh)
})

test('values fill their names; what has no value stays, prototypes give none', () => {
  expect(filled('{a} of {b}, {toString}', { a: 1, b: '{a}' })).toBe('1 of {a}, {toString}')
})

test('an error is told with its detail and its next step', () => {
  expect(errorText(en, { code: 'E_IO', data: { detail: 'gone' } }).split('\n')).toEqual([
    en.errors.E_IO.what,
    'gone',
    en.errors.E_IO.next
  ])
})

test('texts with values name the same ones in both languages (a number was missing in one)', () => {
  const names = (text: string): string[] => [...text.matchAll(/\{(\w+)\}/gu)].map(([, name]) => name!).sort()
  const texts = (section: object): [string, string][] =>
    Object.entries(section).flatMap(([key, value]): [string, string][] =>
      typeof value === 'string'
        ? [[key, value]]
        : texts(value as object).map(([inner, text]) => [`${key}.${inner}`, text])
    )
  for (const section of ['menu', 'notify', 'dialogs'] as const) {
    const chinese = new Map(texts(zh[section]))
    for (const [key, text] of texts(en[section]))
      expect([key, names(chinese.get(key) ?? '')]).toEqual([key, names(text)])
  }
})
