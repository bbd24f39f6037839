import { removeLiveParts } from '../jobs/partFiles'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
export const EXIT_CANCELLED = 130

/** From the first Ctrl-C to leaving by force: a cancel takes half a second at most, and a second is what was promised. */
const PATIENCE_MS = 950

export interface Interruption {
  readonly signal: AbortSignal
  /** No more signals are taken. */
  dispose(): void
}

/**
 * Ctrl-C (and a polite kill, and a terminal that closes): the first stops the batch in order, a second one, or patience at
 * its end, leaves at once. Either way the engine ends and no part file stays.
 */
export function watchForInterruption(killEngine: () => void): Interruption {
  const abort = new AbortController()
  let deadline: NodeJS.Timeout | null = null
  const leaveNow = (): never => {
    killEngine()
    removeLiveParts()
    process.exit(EXIT_CANCELLED)
  }
  const onSignal = (): void => {
    if (abort.signal.aborted) leaveNow()
    abort.abort()
    deadline = setTimeout(leaveNow, PATIENCE_MS)
  }
  for (const signal of SIGNALS) process.on(signal, onSignal)
  return {
    signal: abort.signal,
    dispose: () => {
      if (deadline) clearTimeout(deadline)
      for (const signal of SIGNALS) process.off(signal, onSignal)
    }
  }
}
