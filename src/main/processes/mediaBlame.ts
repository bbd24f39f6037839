import { AppError } from '../../shared/errors/appError'
import type { MediaEnd } from './mediaProcess'

/** A file may be in two crashes; the second time it was alone. */
export const MAX_CRASHES = 2

/** What is said of a file that ends the process again and again. */
export function blameOf(path: string, end: MediaEnd): AppError {
  return new AppError(end.reason === 'silent' ? 'E_TIMEOUT' : 'E_MEDIA_CRASH', { path, detail: end.detail })
}
