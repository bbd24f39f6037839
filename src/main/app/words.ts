import en from '../../shared/i18n/en.json'
import zh from '../../shared/i18n/zh-CN.json'
import type { ErrorPayload } from '../../shared/errors/appError'
import type { AppSettings } from '../../shared/settings/appSettings'

export type Words = typeof en

const CHINESE: Words = zh

/** The words of the chosen language; `system` follows the system's, of which every Chinese one takes the Chinese words. */
export function wordsOf(language: AppSettings['language'], systemLocale: string): Words {
  if (language === 'system') return /^zh\b/iu.test(systemLocale) ? CHINESE : en
  return language === 'zh-CN' ? CHINESE : en
}

/** Puts values into a text's `{names}`; a name without a value stays as it is. */
export function filled(text: string, values: Readonly<Record<string, string | number>>): string {
  return text.replaceAll(/\{(\w+)\}/gu, (whole, name: string) =>
    Object.hasOwn(values, name) ? String(values[name]) : whole
  )
}

/** What happened and what to do next, in one text. */
export function errorText(words: Words, error: ErrorPayload): string {
  const { what, next } = words.errors[error.code]
  const { detail } = error.data
  return `${what}${detail === undefined ? '' : `\n${detail}`}\n${next}`
}
