import type { Readable, Writable } from 'node:stream'

type Params = Readonly<Record<string, unknown>>
type Listener = (method: string, params: Params) => void

interface Waiting {
  readonly resolve: (result: Params) => void
  readonly reject: (error: Error) => void
  readonly method: string
}

/** One session of Chromium's protocol: of the browser as a whole, or of one page. */
export interface CdpSession {
  send(method: string, params?: Params): Promise<Params>
  listen(listener: Listener): void
}

/** Chromium's protocol over `--remote-debugging-pipe`: where this end goes away, Chromium ends as well. */
export class CdpPipe {
  readonly #out: Writable
  readonly #waiting = new Map<number, Waiting>()
  readonly #listeners = new Map<string, Listener[]>()
  #lastId = 0
  #pieces: string[] = []
  #closed = false

  constructor(out: Writable, input: Readable) {
    this.#out = out
    out.on('error', () => {
      this.#close()
    })
    input.setEncoding('utf8')
    input.on('data', (text: string) => {
      this.#read(text)
    })
    input.on('close', () => {
      this.#close()
    })
  }

  /** The session of the whole browser is the empty name. */
  session(sessionId = ''): CdpSession {
    return {
      send: (method, params = {}) => this.#send(sessionId, method, params),
      listen: (listener) => {
        this.#listeners.set(sessionId, [...(this.#listeners.get(sessionId) ?? []), listener])
      }
    }
  }

  #send(sessionId: string, method: string, params: Params): Promise<Params> {
    if (this.#closed) return Promise.reject(new Error(`${method}: Chromium is gone`))
    const id = ++this.#lastId
    this.#out.write(`${JSON.stringify({ id, method, params, ...(sessionId === '' ? {} : { sessionId }) })}\0`)
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject, method }))
  }

  #read(text: string): void {
    const parts = text.split('\0')
    const rest = parts.pop() ?? ''
    for (const part of parts) {
      const whole = this.#pieces.join('') + part
      this.#pieces = []
      this.#dispatch(JSON.parse(whole) as Message)
    }
    if (rest !== '') this.#pieces.push(rest)
  }

  #dispatch(message: Message): void {
    if (message.id === undefined) {
      const listeners = this.#listeners.get(message.sessionId ?? '') ?? []
      for (const listener of listeners) listener(message.method ?? '', message.params ?? {})
      return
    }
    const waiting = this.#waiting.get(message.id)
    this.#waiting.delete(message.id)
    if (message.error) waiting?.reject(new Error(`${waiting.method}: ${message.error.message}`))
    else waiting?.resolve(message.result ?? {})
  }

  #close(): void {
    this.#closed = true
    for (const { reject, method } of this.#waiting.values()) reject(new Error(`${method}: Chromium is gone`))
    this.#waiting.clear()
  }
}

interface Message {
  readonly id?: number
  readonly sessionId?: string
  readonly method?: string
  readonly params?: Params
  readonly result?: Params
  readonly error?: { readonly message: string }
}
