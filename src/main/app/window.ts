import { BrowserWindow, nativeTheme, screen } from 'electron'
import { placementOf, MIN_SIZE } from './placement'
import { readPlacement, writePlacement } from './placementFile'
import { WEB_PREFERENCES } from './webPreferences'

/** The page's own canvas, so that nothing flashes before it is drawn. */
const BACKGROUND = { light: '#f3f5f6', dark: '#12181c' } as const

const PLACEMENT_DELAY_MS = 500

const background = (): string => (nativeTheme.shouldUseDarkColors ? BACKGROUND.dark : BACKGROUND.light)

export interface WindowOptions {
  readonly preloadPath: string
  readonly iconPath: string
  readonly placementPath: string
  readonly devTools: boolean
  readonly log: (line: string) => void
}

/** The app's one window, not shown before its first frame is drawn. */
export function createWindow(options: WindowOptions): BrowserWindow {
  const screens = [screen.getPrimaryDisplay(), ...screen.getAllDisplays()].map(({ workArea }) => workArea)
  const { maximized, ...bounds } = placementOf(readPlacement(options.placementPath), screens)
  const window = new BrowserWindow({
    ...bounds,
    minWidth: MIN_SIZE.width,
    minHeight: MIN_SIZE.height,
    show: false,
    title: 'Stillwave',
    icon: options.iconPath,
    backgroundColor: background(),
    webPreferences: { ...WEB_PREFERENCES, preload: options.preloadPath, devTools: options.devTools }
  })
  window.once('ready-to-show', () => {
    if (maximized) window.maximize()
    window.show()
  })
  followTheme(window)
  rememberPlacement(window, options)
  return window
}

function followTheme(window: BrowserWindow): void {
  const follow = (): void => {
    window.setBackgroundColor(background())
  }
  nativeTheme.on('updated', follow)
  window.on('closed', () => {
    nativeTheme.off('updated', follow)
  })
}

function rememberPlacement(window: BrowserWindow, { placementPath, log }: WindowOptions): void {
  let timer: NodeJS.Timeout | null = null
  const write = (): void => {
    if (window.isDestroyed()) return
    try {
      writePlacement(placementPath, { ...window.getNormalBounds(), maximized: window.isMaximized() })
    } catch (thrown) {
      log(`the window's place was not written: ${String(thrown)}`)
    }
  }
  const soon = (): void => {
    if (timer) clearTimeout(timer)
    timer = setTimeout(write, PLACEMENT_DELAY_MS)
  }
  window.on('resize', soon)
  window.on('move', soon)
  window.on('close', write)
  window.on('closed', () => {
    if (timer) clearTimeout(timer)
  })
}

/** Brings the window to the front, as a second start of the app wants it. */
export function focusWindow(window: BrowserWindow): void {
  if (window.isMinimized()) window.restore()
  window.show()
  window.focus()
}
