import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import type { ReadableStream } from 'node:stream/web'
import { log } from './log'
import { refuse, strict } from './refuse'

/** The name that the app gives its own origin: `app://stillwave/`. */
const HOST_NAME = 'stillwave'

type Handler = (request: Request) => Response | Promise<Response>

const handlers = new Map<string, Handler>()
const registered = new Set<string>()

/** Electron's `protocol`: the app's handler answers, over one origin of this machine, since stock Chromium knows no `app:`. */
export const protocol = strict('protocol', {
  registerSchemesAsPrivileged: (schemes: readonly { readonly scheme: string }[]): void => {
    for (const { scheme } of schemes) registered.add(scheme)
  },
  handle: (scheme: string, handler: Handler): void => {
    if (!registered.has(scheme)) refuse(`protocol.handle of the unregistered scheme ${scheme}`)
    if (handlers.has(scheme)) throw new Error(`Failed to register protocol: ${scheme}`)
    handlers.set(scheme, handler)
  },
  isProtocolHandled: (scheme: string): boolean => handlers.has(scheme)
})

/** Opens the origin; before the app's first line, so that its switch can be told. */
export async function openOrigin(): Promise<string> {
  const server = createServer((request, response) => {
    answer(request, response, origin).catch((error: unknown) => {
      log(`the app's protocol handler threw: ${String(error)}`)
      response.destroy()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  server.unref()
  const origin = `http://127.0.0.1:${addressOf(server).port}`
  return origin
}

function addressOf(server: Server): AddressInfo {
  return server.address() as AddressInfo
}

async function answer(request: IncomingMessage, response: ServerResponse, origin: string): Promise<void> {
  const [scheme, handler] = [...handlers][0] ?? []
  if (!handler || `http://${request.headers.host ?? ''}` !== origin) {
    response.writeHead(403).end()
    return
  }
  const headers = new Headers()
  for (const [name, value] of Object.entries(request.headers)) {
    if (typeof value === 'string' && name !== 'host' && name !== 'connection') headers.set(name, value)
  }
  const gone = new AbortController()
  response.once('close', () => {
    gone.abort()
  })
  const url = `${scheme}://${HOST_NAME}${request.url ?? '/'}`
  const answered = await handler(new Request(url, { method: request.method ?? 'GET', headers, signal: gone.signal }))
  response.writeHead(answered.status, answered.statusText, [...answered.headers].flat())
  if (answered.body === null || request.method === 'HEAD') response.end()
  else
    Readable.fromWeb(answered.body as ReadableStream)
      .on('error', () => response.destroy())
      .pipe(response)
}
