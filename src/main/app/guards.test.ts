import { EventEmitter } from 'node:events'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { guardContents, guardSession } from './guards'
import { registerScheme } from './protocols'
import { APP_ORIGIN, pageUrl } from './urls'

type Answer<T> = (given: T) => void

interface Heard {
  heard: Record<string, (...args: unknown[]) => void>
  asks: {
    permission: (contents: unknown, name: string, answer: Answer<boolean>) => void
    check: (...args: unknown[]) => boolean
    device: (details: unknown) => boolean
    request: (details: { url: string }, answer: Answer<{ cancel: boolean }>) => void
  }
  download: ((event: { preventDefault: () => void }) => void) | null
  spelling: boolean
  schemes: unknown
}

/** What Electron was told, and what it would ask the app by it. */
const electron = vi.hoisted((): Heard => ({
  heard: {},
  asks: { permission: () => undefined, check: () => true, device: () => true, request: () => undefined },
  download: null,
  spelling: true,
  schemes: null
}))
vi.mock('electron', () => ({
  app: { on: (name: string, listener: () => void) => (electron.heard[name] = listener) },
  protocol: { registerSchemesAsPrivileged: (schemes: unknown) => (electron.schemes = schemes) },
  session: {
    defaultSession: {
      setPermissionRequestHandler: (handler: never) => (electron.asks.permission = handler),
      setPermissionCheckHandler: (handler: never) => (electron.asks.check = handler),
      setDevicePermissionHandler: (handler: never) => (electron.asks.device = handler),
      webRequest: { onBeforeRequest: (handler: never) => (electron.asks.request = handler) },
      setSpellCheckerEnabled: (wanted: boolean) => (electron.spelling = wanted),
      on: (name: string, listener: never) => {
        if (name === 'will-download') electron.download = listener
      }
    }
  }
}))

const PAGE = pageUrl(APP_ORIGIN)
const said: string[] = []
const log = (line: string): void => {
  said.push(line)
}
beforeEach(() => {
  said.length = 0
})

describe('any page of the app', () => {
  /** A page as Electron makes it known. */
  class Contents extends EventEmitter {
    openWindow: (details: { url: string }) => { action: string } = () => ({ action: 'allow' })
    setWindowOpenHandler(handler: typeof this.openWindow): void {
      this.openWindow = handler
    }
    /** Whether the app lets it happen. */
    lets(name: string, details: object): boolean {
      let isLet = true
      this.emit(name, { ...details, preventDefault: () => (isLet = false) })
      return isLet
    }
  }
  const contents = new Contents()
  beforeEach(() => {
    contents.removeAllListeners()
    guardContents(PAGE, log)
    electron.heard['web-contents-created']!({}, contents)
  })

  it.each(['will-navigate', 'will-frame-navigate', 'will-redirect'])(
    '%s: goes nowhere but to itself, and no frame of it even there (S7: a link, a redirect or a frame that takes the window away)',
    (name) => {
      for (const url of ['https://example.org/', 'file:///etc/passwd', `${PAGE}?other`, `${PAGE}/../x.html`, ''])
        for (const isMainFrame of [true, false]) expect(contents.lets(name, { url, isMainFrame }), url).toBe(false)
      expect(contents.lets(name, { url: PAGE, isMainFrame: false })).toBe(false)
      expect(said).toHaveLength(11)
      expect(contents.lets(name, { url: PAGE, isMainFrame: true })).toBe(true)
    }
  )

  it('opens no window, wherever it should go (S8)', () => {
    for (const url of ['about:blank', PAGE, 'https://example.org/'])
      expect(contents.openWindow({ url })).toEqual({ action: 'deny' })
    expect(said).toEqual(Array.from({ length: 3 }, () => 'refused: new window'))
  })

  it('holds no webview (S9: one would have rights of its own)', () => {
    expect(contents.lets('will-attach-webview', {})).toBe(false)
    expect(said).toEqual(['refused: webview'])
  })
})

describe('the session', () => {
  beforeEach(() => {
    guardSession(APP_ORIGIN, log)
  })

  it('grants no permission and no device, asked or looked up (S10: a microphone, a serial port)', () => {
    const names = [
      ...['media', 'geolocation', 'notifications', 'midi', 'midiSysex', 'pointerLock', 'keyboardLock', 'fullscreen'],
      ...['clipboard-read', 'clipboard-sanitized-write', 'display-capture', 'mediaKeySystem', 'idle-detection'],
      ...['speaker-selection', 'storage-access', 'window-management', 'fileSystem', 'openExternal', 'unknown'],
      ...['hid', 'serial', 'usb']
    ]
    const granted: string[] = []
    for (const name of names) {
      electron.asks.permission({}, name, (isGranted) => isGranted && granted.push(name))
      if (electron.asks.check({}, name, APP_ORIGIN)) granted.push(name)
    }
    for (const deviceType of ['hid', 'serial', 'usb'])
      if (electron.asks.device({ deviceType, origin: APP_ORIGIN, device: {} })) granted.push(deviceType)
    expect(granted).toEqual([])
    expect(said).toHaveLength(names.length)
  })

  it('asks nobody but the app: no request, no download, no dictionary (S5)', () => {
    const cancelled = (url: string): boolean => {
      let isCancelled = false
      electron.asks.request({ url }, ({ cancel }) => (isCancelled = cancel))
      return isCancelled
    }
    expect([PAGE, `${APP_ORIGIN}/media/x`, `blob:${APP_ORIGIN}/1`].map(cancelled)).toEqual([false, false, false])
    const foreign = ['https://redirector.gvt1.com/edgedl/x', 'http://127.0.0.1:9222/', 'file:///etc/passwd', 'ftp://a/']
    expect(foreign.map(cancelled)).toEqual([true, true, true, true])
    let isPrevented = false
    electron.download!({ preventDefault: () => (isPrevented = true) })
    expect([isPrevented, electron.spelling]).toEqual([true, false])
  })
})

it('registers one scheme with these rights and no others (S25: bypassCSP, service workers or corsEnabled let strangers in)', () => {
  registerScheme()
  const privileges = { standard: true, secure: true, supportFetchAPI: true, stream: true }
  expect(electron.schemes).toEqual([{ scheme: 'app', privileges }])
})
