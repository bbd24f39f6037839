import en from '../i18n/en.json'
import type { ErrorPayload, WarningCode } from './appError'

/** The English sentences for an error: what happened (with the detail, where there is one) and what to do next. */
export function describeError(error: ErrorPayload): { readonly what: string; readonly next: string } {
  const text = en.errors[error.code]
  const detail = error.data.detail
  return { what: detail === undefined ? text.what : `${text.what} (${detail})`, next: text.next }
}

/** The English sentence for a warning. */
export function describeWarning(code: WarningCode): string {
  return en.warnings[code]
}
