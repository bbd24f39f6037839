/**
 * The only place that builds the app's own addresses. Under Electron they are `app://stillwave/...`; a stock Chromium cannot
 * open that scheme, so a development build takes an origin of this machine by a switch (DESIGN section 7). A packaged app
 * does not.
 */
export const APP_SCHEME = 'app'
export const APP_HOST = 'stillwave'
export const APP_ORIGIN = `${APP_SCHEME}://${APP_HOST}`

const HOST_ORIGIN_SWITCH = '--stillwave-host-origin='
const LOCAL_ORIGIN = /^http:\/\/127\.0\.0\.1:\d{1,5}$/u

/** Where the window's page comes from, as `location.origin` will say it. */
export function originOf(argv: readonly string[], isPackaged: boolean): string {
  const given = argv.find((arg) => arg.startsWith(HOST_ORIGIN_SWITCH))?.slice(HOST_ORIGIN_SWITCH.length)
  return !isPackaged && given !== undefined && LOCAL_ORIGIN.test(given) ? given : APP_ORIGIN
}

/** The window's page. */
export function pageUrl(origin: string): string {
  return `${origin}/index.html`
}

/** A signal to play, by its token. */
export function mediaUrl(origin: string, token: string): string {
  return `${origin}/media/${encodeURIComponent(token)}`
}

/** Whether the app's own handler is asked for a signal: `app://stillwave/media/...`. */
export function isMediaAddress(address: string): boolean {
  return URL.canParse(address) && new URL(address).pathname.startsWith('/media/')
}

/** Whether the window may load it: what the app serves, what its page made, and in development the inspector (RELIABILITY S5). */
export function isOwnAddress(address: string, origin: string): boolean {
  return address.startsWith(`${origin}/`) || address.startsWith(`blob:${origin}/`) || address.startsWith('devtools://')
}
