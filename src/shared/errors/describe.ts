import { MESSAGES } from '../i18n/messages'
import type { ErrorCode, ErrorPayload, WarningCode } from './appError'

interface ErrorWords {
  readonly what: string
  readonly next: string
  /** The next step in words of the command line, where the window's do not fit. */
  readonly nextCommand?: string
}

const errors: Readonly<Record<ErrorCode, ErrorWords>> = MESSAGES.en.errors

/**
 * The English sentences for an error, for the command line and reports: what happened (with the detail, where there is
 * one) and what to do next. The window takes its words from the same files, in its own language.
 */
export function describeError(error: ErrorPayload): { readonly what: string; readonly next: string } {
  const text = errors[error.code]
  const detail = error.data.detail
  return {
    what: detail === undefined ? text.what : `${text.what} (${detail})`,
    next: text.nextCommand ?? text.next
  }
}

/** The English sentence for a warning. */
export function describeWarning(code: WarningCode): string {
  return MESSAGES.en.warnings[code]
}
