import { PAGE_HEADERS } from '../app/pageFiles'
import { APP_HOST, APP_SCHEME } from '../app/urls'
import { byteRangeOf, type ByteRange } from './byteRange'

/** What a media request is answered from. */
export interface MediaBody {
  readonly sizeBytes: number
  /** Names these very bytes; a strong entity tag with its quotes. */
  readonly etag: string
  /** `onOver` is called once, however the stream ends. */
  stream(start: number, end: number, onOver?: () => void): ReadableStream<Uint8Array>
}

const HEADERS: Readonly<Record<string, string>> = { ...PAGE_HEADERS, 'cache-control': 'no-store' }
const TOKEN = /^\/media\/([\w-]{1,64})$/u

/** The token that an address names, or null. */
export function mediaTokenOf(address: string): string | null {
  if (!URL.canParse(address)) return null
  const { protocol, host, username, password, pathname } = new URL(address)
  const isOurs = protocol === `${APP_SCHEME}:` && host === APP_HOST && username === '' && password === ''
  return isOurs ? (TOKEN.exec(pathname)?.[1] ?? null) : null
}

/** An answer without a body: 404 for what is not there, 405, 410 for what is no longer what it was, 503. */
export function mediaRefusal(status: number, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(null, { status, headers: { ...HEADERS, ...headers } })
}

/** Null for a method that is answered. */
export function methodRefusal(method: string): Response | null {
  return method === 'GET' || method === 'HEAD' ? null : mediaRefusal(405, { allow: 'GET, HEAD' })
}

/** Answers GET and HEAD with all of a body, or with the part that is asked for. */
export function mediaResponse({ method, headers }: Pick<Request, 'method' | 'headers'>, body: MediaBody): Response {
  const { sizeBytes, etag } = body
  const range = rangeOf(method, headers, body)
  if (range.kind === 'unsatisfiable') {
    return mediaRefusal(416, { 'content-range': `bytes */${sizeBytes}`, 'accept-ranges': 'bytes' })
  }
  const { start, end } = range.kind === 'part' ? range : { start: 0, end: sizeBytes }
  const answer = {
    ...HEADERS,
    'content-type': 'audio/wav',
    'content-length': String(end - start),
    'accept-ranges': 'bytes',
    etag
  }
  const part = range.kind === 'part' ? { 'content-range': `bytes ${start}-${end - 1}/${sizeBytes}` } : {}
  return new Response(method === 'HEAD' || start === end ? null : body.stream(start, end), {
    status: range.kind === 'part' ? 206 : 200,
    headers: { ...answer, ...part }
  })
}

/** Ranges are for GET alone (RFC 9110, section 14.2), and not for who has other bytes than these (section 13.1.5). */
function rangeOf(method: string, headers: Headers, { sizeBytes, etag }: MediaBody): ByteRange {
  const ifRange = headers.get('if-range')
  if (method !== 'GET' || (ifRange !== null && ifRange.trim() !== etag)) return { kind: 'all' }
  return byteRangeOf(headers.get('range'), sizeBytes)
}
