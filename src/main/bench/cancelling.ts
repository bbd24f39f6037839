import { AppError } from '../../shared/errors/appError'

/** Throws `E_CANCELLED` after the signal. */
export function refuseCancelled(signal: AbortSignal): void {
  if (signal.aborted) throw new AppError('E_CANCELLED')
}

/** After the signal whatever went wrong did so because of it. */
export function orCancelled(thrown: unknown, signal: AbortSignal): unknown {
  return signal.aborted ? new AppError('E_CANCELLED') : thrown
}
