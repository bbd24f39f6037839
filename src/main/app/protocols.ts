import { protocol } from 'electron'
import { manifestOf, servePage } from './pageFiles'
import { APP_SCHEME } from './urls'

/** RELIABILITY S25: no more than the page needs. */
export const SCHEME = {
  scheme: APP_SCHEME,
  privileges: { standard: true, secure: true, supportFetchAPI: true, stream: true }
} as const

/** Must come before Electron is ready. */
export function registerScheme(): void {
  protocol.registerSchemesAsPrivileged([SCHEME])
}

/** Serves the built window; Electron must be ready. */
export function serveApp(rendererFolder: string): void {
  const manifest = manifestOf(rendererFolder)
  protocol.handle(APP_SCHEME, (request) => servePage(manifest, request))
}
