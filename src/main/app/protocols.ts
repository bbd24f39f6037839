import { protocol } from 'electron'
import { manifestOf, servePage } from './pageFiles'
import { APP_SCHEME, isMediaAddress } from './urls'

/** RELIABILITY S25: no more than the page needs. */
export const SCHEME = {
  scheme: APP_SCHEME,
  privileges: { standard: true, secure: true, supportFetchAPI: true, stream: true }
} as const

/** Must come before Electron is ready. */
export function registerScheme(): void {
  protocol.registerSchemesAsPrivileged([SCHEME])
}

/** Serves the built window, and what it plays (`/media/TOKEN`); Electron must be ready. */
export function serveApp(rendererFolder: string, serveMedia: (request: Request) => Promise<Response>): void {
  const manifest = manifestOf(rendererFolder)
  protocol.handle(APP_SCHEME, (request) =>
    isMediaAddress(request.url) ? serveMedia(request) : servePage(manifest, request)
  )
}
