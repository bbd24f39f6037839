import en from './en.json'
import zhCN from './zh-CN.json'

/** All words of the app. `en.json` is the type; every other language has exactly its keys. */
export type Messages = typeof en

/** The languages that there are, as BCP 47 tags. */
export const LOCALES = ['en', 'zh-CN'] as const
export type Locale = (typeof LOCALES)[number]

/** The words of every language. A key that one of them lacks, or has beyond English, is a type error in the test. */
export const MESSAGES: Readonly<Record<Locale, Messages>> = { en, 'zh-CN': zhCN }

/** The language to speak: the chosen one, or for `system` the one nearest to the system's BCP 47 tag (English for any other). */
export function resolveLocale(choice: 'system' | Locale, systemTag: string): Locale {
  if (choice !== 'system') return choice
  return /^zh(?:[-_]|$)/iu.test(systemTag) ? 'zh-CN' : 'en'
}

/** Puts values into a sentence's `{places}`; a place without a value stays as it is, where it is seen. */
export function fillWords(sentence: string, values: Readonly<Record<string, string | number>>): string {
  return sentence.replace(/\{(\w+)\}/gu, (place, name: string) => String(values[name] ?? place))
}
