/** One side of the bridge between a page's two worlds. `offer` makes a value of this world reachable from the other. */
export interface WorldPort {
  offer(value: unknown): unknown
  onOffer(take: (value: unknown) => void): void
}

/**
 * The bridge between the preload's isolated world and the page's own, with the rules of Electron's contextBridge: values are
 * copied, functions and promises are proxied, errors keep their message only, files stay files. Both worlds run this very
 * function; Blink's own clone carries the events' details over. Self-contained: the page gets its source.
 */
export function openWorldPort(outName: string, inName: string): WorldPort {
  type Wire = readonly [string, ...unknown[]]
  interface Reply {
    readonly ok: boolean
    readonly wire: Wire
  }
  const target: EventTarget = window
  // Kept: a page may put its own in place later.
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called with its target below
  const dispatch = EventTarget.prototype.dispatchEvent
  const functions = new Map<number, (...args: unknown[]) => unknown>()
  const functionIds = new Map<unknown, number>()
  const replies = new Map<number, Reply>()
  const promises = new Map<number, (reply: Reply) => void>()
  let [lastId, files]: [number, readonly File[]] = [0, []]
  let takeOffer: (value: unknown) => void = () => undefined

  const tell = (message: readonly unknown[], sent: readonly File[] = []): void => {
    if (sent.length > 0) {
      // A DataTransfer hands over the file objects themselves: a clone would have no path behind it.
      const carrier = new DataTransfer()
      for (const file of sent) carrier.items.add(file)
      dispatch.call(target, new DragEvent(outName, { dataTransfer: carrier }))
    }
    dispatch.call(target, new CustomEvent(outName, { detail: structuredClone(message) }))
  }

  /** Data and nothing else: the events' own clone carries it, as Electron's does. */
  const isData = (value: unknown, depth = 0): boolean => {
    if (typeof value === 'function' || typeof value === 'symbol' || depth > 100) return false
    if (typeof value !== 'object' || value === null) return true
    if (Array.isArray(value)) return value.every((item) => isData(item, depth + 1))
    if (Object.getPrototypeOf(value) !== Object.prototype) return false
    return Object.values(value).every((item) => isData(item, depth + 1))
  }

  const toWire = (value: unknown, sent: File[], depth = 0): Wire => {
    if (depth > 100) throw new TypeError('Electron contextBridge recursion depth exceeded.')
    if (typeof value === 'function') return ['function', idOf(value as (...args: unknown[]) => unknown)]
    if (typeof value === 'symbol') throw new Error('An object could not be cloned.')
    if (typeof value !== 'object' || value === null) return ['value', value]
    if (value instanceof Promise) return ['promise', watch(value)]
    if (value instanceof Error) return ['error', value.message]
    if (value instanceof File) return ['file', sent.push(value) - 1]
    if (isData(value)) return ['value', value]
    if (Array.isArray(value)) return ['array', Array.from(value, (item) => toWire(item, sent, depth + 1))]
    const cloned = [Map, Set, Date, RegExp, ArrayBuffer, Blob].some((type) => value instanceof type)
    if (cloned || ArrayBuffer.isView(value)) return ['value', structuredClone(value)]
    return ['object', Object.entries(value).map(([key, held]) => [key, toWire(held, sent, depth + 1)])]
  }

  const fromWire = ([kind, held]: Wire, got: readonly File[]): unknown => {
    if (kind === 'function') return caller(held as number)
    if (kind === 'promise') return promised(held as number)
    if (kind === 'error') return new Error(held as string)
    if (kind === 'file') return got[held as number]
    if (kind === 'array') return (held as Wire[]).map((item) => fromWire(item, got))
    if (kind !== 'object') return held
    return Object.fromEntries((held as [string, Wire][]).map(([key, item]) => [key, fromWire(item, got)]))
  }

  const idOf = (held: (...args: unknown[]) => unknown): number => {
    const id = functionIds.get(held) ?? ++lastId
    functionIds.set(held, id)
    functions.set(id, held)
    return id
  }

  const caller =
    (id: number) =>
    (...args: unknown[]): unknown => {
      const call = ++lastId
      const sent: File[] = []
      const wire = toWire(args, sent)
      tell(['call', call, id, wire], sent)
      const reply = replies.get(call)
      replies.delete(call)
      if (!reply) throw new Error('The other world does not answer.')
      return settled(reply)
    }

  const settled = (reply: Reply): unknown => {
    const value = fromWire(reply.wire, files)
    if (!reply.ok) throw value instanceof Error ? value : new Error(String(value))
    return value
  }

  const watch = (promise: Promise<unknown>): number => {
    const id = ++lastId
    promise.then(
      (value) => {
        tell(['settled', id, answer(() => value)])
      },
      (error: unknown) => {
        tell(['settled', id, failure(error)])
      }
    )
    return id
  }

  const promised = (id: number): Promise<unknown> =>
    new Promise((resolve, reject) => {
      promises.set(id, (reply) => {
        try {
          resolve(settled(reply))
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)))
        }
      })
    })

  const failure = (error: unknown): Reply => {
    try {
      return { ok: false, wire: toWire(error, []) }
    } catch {
      return { ok: false, wire: ['error', 'An object could not be cloned.'] }
    }
  }

  const answer = (run: () => unknown): Reply => {
    try {
      return { ok: true, wire: toWire(run(), []) }
    } catch (error) {
      return failure(error)
    }
  }

  const onMessage = ([what, id, held, wire]: readonly [string, number, never, Wire]): void => {
    const got = files
    files = []
    if (what === 'offer') takeOffer(fromWire(held, got))
    else if (what === 'reply') replies.set(id, held)
    else if (what === 'settled') {
      const settle = promises.get(id)
      promises.delete(id)
      settle?.(held)
    } else if (what === 'call') {
      const args = fromWire(wire, got) as unknown[]
      tell(['reply', id, answer(() => functions.get(held)!(...args))])
    }
  }

  target.addEventListener(inName, (event) => {
    event.stopImmediatePropagation()
    if (event instanceof DragEvent) files = [...(event.dataTransfer?.files ?? [])]
    else if (event instanceof CustomEvent) onMessage(event.detail as [string, number, never, Wire])
  })

  return {
    offer: (value) => {
      const sent: File[] = []
      const wire = toWire(value, sent)
      tell(['offer', 0, wire], sent)
      return value
    },
    onOffer: (take) => (takeOffer = take)
  }
}
