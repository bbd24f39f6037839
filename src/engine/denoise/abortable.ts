/** `promise`, or the signal's reason as soon as it is aborted: for reads that may hang on a slow disk or decoder. */
export async function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted()
  let onAbort: () => void = () => undefined
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => {
      reject(signal.reason as Error)
    }
    signal.addEventListener('abort', onAbort, { once: true })
  })
  try {
    return await Promise.race([promise, aborted])
  } finally {
    signal.removeEventListener('abort', onAbort)
    // When the abort won, a later failure of the promise belongs to nobody.
    promise.catch(() => undefined)
  }
}
