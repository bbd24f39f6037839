import http from 'node:http'
import https from 'node:https'

/** A source did not deliver; `detail` names the host. `canRetry` is false where asking it again cannot help. */
export class SourceFailure extends Error {
  constructor(
    readonly detail: string,
    readonly canRetry: boolean
  ) {
    super(detail)
  }
}

/** One request: `headers` beside the program's name, the wait for an answer, the way to stop it. */
export interface RequestOptions {
  readonly headers: Readonly<Record<string, string>>
  readonly stallMs: number
  readonly maxRedirects: number
  readonly signal: AbortSignal
}

const REDIRECTS: ReadonlySet<number | undefined> = new Set([301, 302, 303, 307, 308])
const LOCAL_HOST = '127.0.0.1'

/**
 * GET of `address` behind its redirects, which lead to https only (http is for a server on this machine, reached from itself).
 * node:http, not fetch: it sends these headers and no others, and hands the bytes on as they came. Throws SourceFailure.
 */
export async function openSource(address: string, options: RequestOptions): Promise<http.IncomingMessage> {
  let url = allowed(address, null)
  for (let hop = 0; hop <= options.maxRedirects; hop++) {
    const response = await answerOf(url, options)
    if (!REDIRECTS.has(response.statusCode)) return response
    response.destroy()
    url = allowed(response.headers.location ?? '', url)
  }
  throw new SourceFailure(`${url.host}: more than ${options.maxRedirects} redirects`, false)
}

/** Its bytes as they come; a broken connection or a stall is a SourceFailure. At least 1 KiB has to come in `stallMs`. */
export async function* bodyOf(response: http.IncomingMessage, host: string, stallMs: number): AsyncGenerator<Buffer> {
  const stalled = new SourceFailure(`${host}: nothing came for ${stallMs / 1000} s`, true)
  let fresh = 0
  const timer = setTimeout(() => response.destroy(stalled), stallMs)
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      fresh += chunk.length
      if (fresh >= 1024) {
        fresh = 0
        timer.refresh()
      }
      yield chunk
    }
  } catch (thrown) {
    throw thrown instanceof SourceFailure ? thrown : broken(host, thrown)
  } finally {
    clearTimeout(timer)
    response.destroy()
  }
}

/** The host of an address, for messages. */
export function hostOf(address: string): string {
  return URL.canParse(address) ? new URL(address).host : address
}

function allowed(address: string, from: URL | null): URL {
  const where = from === null ? '' : `${from.host} leads to `
  if (!URL.canParse(address, from?.href)) throw new SourceFailure(`${where}no address: "${address}"`, false)
  const url = new URL(address, from?.href)
  const isLocal = url.protocol === 'http:' && url.hostname === LOCAL_HOST && (from?.protocol ?? 'http:') === 'http:'
  const isAllowed = (url.protocol === 'https:' || isLocal) && url.username === '' && url.password === ''
  if (!isAllowed) throw new SourceFailure(`${where}${url.protocol}//${url.host}, which is not allowed`, false)
  return url
}

function answerOf(url: URL, { headers, stallMs, signal }: RequestOptions): Promise<http.IncomingMessage> {
  const get = url.protocol === 'https:' ? https.get : http.get
  return new Promise((resolve, reject) => {
    const sent = { 'User-Agent': 'Stillwave', 'Accept-Encoding': 'identity', ...headers }
    const request = get(url, { headers: sent, agent: false, signal })
    const slow = new SourceFailure(`${url.host}: no answer in ${stallMs / 1000} s`, true)
    const timer = setTimeout(() => request.destroy(slow), stallMs)
    request.on('response', (response) => {
      clearTimeout(timer)
      resolve(response)
    })
    // Stays on: a request that breaks after its answer reports here as well as on the body.
    request.on('error', (error) => {
      clearTimeout(timer)
      reject(error instanceof SourceFailure ? error : broken(url.host, error))
    })
  })
}

function broken(host: string, thrown: unknown): SourceFailure {
  return new SourceFailure(`${host}: ${thrown instanceof Error ? thrown.message : String(thrown)}`, true)
}
