import { createI18n, useI18n } from 'vue-i18n'
import type { ErrorPayload } from '../../shared/errors/appError'
import { LOCALES, MESSAGES, resolveLocale, type Locale, type Messages } from '../../shared/i18n/messages'
import type { AppSettings } from '../../shared/settings/appSettings'

declare module 'vue-i18n' {
  // Gives `t` the keys of en.json to complete.
  // eslint-disable-next-line @typescript-eslint/no-empty-object-type -- the library asks for an interface to merge
  export interface DefineLocaleMessage extends Messages {}
}

/** Sentences are parsed by vue-i18n's interpreter: no code is made from strings, as the policy wants. */
export const i18n = createI18n<[Messages], Locale, false>({
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- still needed: without it version 11 makes the old API
  legacy: false,
  locale: resolveLocale('system', navigator.language),
  fallbackLocale: 'en',
  messages: MESSAGES
})

/** Speaks the chosen language from now on; `systemTag` counts for `system`. */
export function applyLanguage(choice: AppSettings['language'], systemTag: string): Locale {
  const locale = resolveLocale(choice, systemTag)
  i18n.global.locale.value = locale
  document.documentElement.lang = locale
  return locale
}

/** The locale in use, for `Intl`. */
export function currentLocale(): Locale {
  const tag = i18n.global.locale.value
  return LOCALES.find((locale) => locale === tag) ?? 'en'
}

/** An error in the window's language: what happened, what exactly where that is known, and what to do. */
export function useErrorText(): (error: ErrorPayload) => ErrorText {
  const { t } = useI18n()
  return (error) => ({
    what: t(`errors.${error.code}.what`),
    detail: error.data.detail === undefined ? null : String(error.data.detail),
    next: t(`errors.${error.code}.next`)
  })
}

export interface ErrorText {
  readonly what: string
  readonly detail: string | null
  readonly next: string
}
