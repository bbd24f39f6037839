import { HostEmitter, strict } from '../refuse'
import { chromium } from '../chromium'

export type RequestHandler = (
  contents: unknown,
  permission: string,
  answer: (granted: boolean) => void,
  details: object
) => void
export type CheckHandler = (contents: unknown, permission: string, origin: string, details: object) => boolean

/** Electron's names of permissions, and Chromium's for the same. */
const PERMISSIONS: Readonly<Record<string, readonly string[]>> = {
  media: ['camera', 'microphone'],
  geolocation: ['geolocation'],
  notifications: ['notifications'],
  midi: ['midi'],
  'clipboard-read': ['clipboard-read'],
  'idle-detection': ['idle-detection'],
  sensors: ['accelerometer', 'gyroscope'],
  'local-fonts': ['local-fonts'],
  'storage-access': ['storage-access']
}

export interface BeforeRequest {
  readonly url: string
  readonly method: string
  readonly resourceType: string
}
export type BeforeRequestListener = (details: BeforeRequest, answer: (verdict: { cancel?: boolean }) => void) => void

let onRequest: RequestHandler | null = null
let onCheck: CheckHandler | null = null
let beforeRequest: BeforeRequestListener | null = null

/** Electron's one session. What the app decides about permissions becomes Chromium's own setting for the origin. */
export const defaultSession = strict(
  'session',
  Object.assign(
    new HostEmitter('session', ['will-download', 'select-hid-device', 'select-serial-port', 'select-usb-device']),
    {
      setPermissionRequestHandler: (handler: RequestHandler | null): void => {
        onRequest = handler
      },
      setPermissionCheckHandler: (handler: CheckHandler | null): void => {
        onCheck = handler
      },
      /** Devices are asked for by a chooser, which a Chromium without one refuses. */
      setDevicePermissionHandler: (_handler: unknown): void => undefined,
      setSpellCheckerEnabled: (_on: boolean): void => undefined,
      webRequest: strict('session.webRequest', {
        onBeforeRequest: (listener: BeforeRequestListener | null): void => {
          beforeRequest = listener
        }
      })
    }
  )
)

export const session = strict('session module', { defaultSession })

/** Electron grants what nobody refuses, and so does the host: an app without its handlers is seen as what it is. */
async function granted(permission: string, contents: unknown, origin: string): Promise<boolean> {
  if (onCheck && !onCheck(contents, permission, origin, {})) return false
  const ask = onRequest
  if (ask === null) return true
  return new Promise((resolve) => {
    ask(contents, permission, resolve, {})
  })
}

/** Before a page of `origin` is loaded. */
export async function applyPermissions(contents: unknown, origin: string): Promise<void> {
  const { browser } = await chromium()
  for (const [permission, names] of Object.entries(PERMISSIONS)) {
    const setting = (await granted(permission, contents, origin)) ? 'granted' : 'denied'
    for (const name of names) await browser.send('Browser.setPermission', { permission: { name }, setting, origin })
  }
}

/** The app's own word about a request. */
export function appLets(details: BeforeRequest): boolean {
  let cancelled = false
  beforeRequest?.(details, ({ cancel }) => (cancelled = cancel === true))
  return !cancelled
}
