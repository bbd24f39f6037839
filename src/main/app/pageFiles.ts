import { readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { APP_HOST, APP_SCHEME } from './urls'

/** What the built window may consist of; a file of another kind is a mistake of the build and stops the start. */
const MIME_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2'
}

/** RELIABILITY S4. Nothing is loaded but what the app brings along, nothing is evaluated, nothing frames it. */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob:",
  "media-src 'self' blob:",
  "connect-src 'self'",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-src 'none'",
  "frame-ancestors 'none'"
].join('; ')

export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy':
    'camera=(), microphone=(), geolocation=(), display-capture=(), usb=(), serial=(), hid=(), midi=()',
  'cache-control': 'no-cache'
}

interface PageFile {
  readonly filePath: string
  readonly mimeType: string
}

/** The names that are served, each with its file: made from the folder once, at the start. */
export type PageManifest = ReadonlyMap<string, PageFile>

/** Lists a folder of built files. Throws where one is of no known kind. */
export function manifestOf(folder: string): PageManifest {
  const manifest = new Map<string, PageFile>()
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const filePath = path.join(entry.parentPath, entry.name)
    const mimeType = MIME_TYPES[path.extname(entry.name)]
    if (mimeType === undefined) throw new Error(`The window's build holds a file of an unknown kind: ${filePath}`)
    manifest.set(`/${path.relative(folder, filePath).split(path.sep).join('/')}`, { filePath, mimeType })
  }
  const index = manifest.get('/index.html')
  if (index === undefined) throw new Error(`The window's build has no index.html: ${folder}`)
  return manifest.set('/', index)
}

function refusal(status: number): Response {
  return new Response(null, { status, headers: PAGE_HEADERS })
}

/** The file that an address names, or null. An address only ever picks a name of the manifest: nothing joins it to a path. */
export function pageFileOf(manifest: PageManifest, address: string): PageFile | null {
  if (!URL.canParse(address)) return null
  const url = new URL(address)
  const ours = url.protocol === `${APP_SCHEME}:` && url.host === APP_HOST && url.username === '' && url.password === ''
  return ours ? (manifest.get(url.pathname) ?? null) : null
}

/** Answers one request of the window. */
export async function servePage(
  manifest: PageManifest,
  request: { readonly url: string; readonly method: string }
): Promise<Response> {
  if (request.method !== 'GET' && request.method !== 'HEAD') return refusal(405)
  const file = pageFileOf(manifest, request.url)
  if (file === null) return refusal(404)
  const bytes = await readFile(file.filePath)
  return new Response(request.method === 'HEAD' ? null : new Uint8Array(bytes), {
    headers: { ...PAGE_HEADERS, 'content-type': file.mimeType, 'content-length': String(bytes.byteLength) }
  })
}
