import { MESSAGES } from '../i18n/messages'
import type { ErrorCode, ErrorPayload, WarningCode } from './appError'

interface ErrorWords {
  readonly what: string
  readonly next: string
  /** The next step in words of the command line, where the window's do not fit. */
  readonly nextCommand?: string
}

const errors: Readonly<Record<ErrorCode, ErrorWords>> = MESSAGES.en.errors
/** Where the next step is another one for a model's file than for a recording. */
const modelNext: Readonly<Partial<Record<ErrorCode, string>>> = MESSAGES.en.models.next

/** What was being done: a full disk is no matter of the output folder where a model was downloaded. */
export type ErrorTopic = 'recordings' | 'models'

/**
 * The English sentences for an error, for the command line and reports: what happened (with the detail, where there is
 * one) and what to do next. The window takes its words from the same files, in its own language.
 */
export function describeError(
  error: ErrorPayload,
  topic: ErrorTopic = 'recordings'
): { readonly what: string; readonly next: string } {
  const text = errors[error.code]
  const detail = error.data.detail
  return {
    what: detail === undefined ? text.what : `${text.what} (${detail})`,
    next: text.nextCommand ?? (topic === 'models' ? modelNext[error.code] : undefined) ?? text.next
  }
}

/** The English sentence for a warning. */
export function describeWarning(code: WarningCode): string {
  return MESSAGES.en.warnings[code]
}
