import { HostEmitter, HostEvent, refuse, strict } from '../refuse'
import { VISIBLE } from '../switches'
import { app } from './app'
import { WebContents, type WebPreferences } from './webContents'
import { openWindows } from './windows'

const EVENTS = [
  'ready-to-show',
  'show',
  'hide',
  'focus',
  'blur',
  'close',
  'closed',
  'resize',
  'resized',
  'move',
  'moved',
  'maximize',
  'unmaximize',
  'minimize',
  'restore',
  'enter-full-screen',
  'leave-full-screen',
  'unresponsive',
  'responsive',
  'session-end',
  'query-session-end',
  'page-title-updated'
]

interface Rectangle {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

export interface WindowOptions extends Partial<Rectangle> {
  readonly minWidth?: number
  readonly minHeight?: number
  readonly show?: boolean
  readonly title?: string
  readonly icon?: string
  readonly backgroundColor?: string
  readonly autoHideMenuBar?: boolean
  readonly webPreferences?: WebPreferences
}

const OPTIONS = new Set([
  'x',
  'y',
  'width',
  'height',
  'minWidth',
  'minHeight',
  'show',
  'title',
  'icon',
  'backgroundColor',
  'autoHideMenuBar',
  'webPreferences'
])

let lastId = 0

class HostWindow extends HostEmitter {
  readonly id = ++lastId
  readonly #contents: WebContents
  #bounds: Rectangle
  #title: string
  #visible: boolean
  #state: 'normal' | 'minimized' | 'maximized' = 'normal'
  #destroyed = false
  /** What the taskbar shows: for tests. */
  progress = -1
  view: BrowserWindow = this

  constructor(options: WindowOptions) {
    super('BrowserWindow', EVENTS)
    for (const name of Object.keys(options)) if (!OPTIONS.has(name)) refuse(`BrowserWindow option ${name}`)
    const { x = 0, y = 0, width = 800, height = 600, title = app.name, show = true, webPreferences = {} } = options
    this.#bounds = { x, y, width, height }
    this.#title = title
    this.#visible = show
    this.#contents = new WebContents(webPreferences, { width, height })
    this.#contents.page.once('painted', () => this.emit('ready-to-show', new HostEvent()))
    this.#contents.page.once('closed', () => {
      this.#pageGone()
    })
  }

  get webContents(): WebContents {
    return this.#contents.view
  }

  /** Chromium took the page away by itself: a person closed the visible window. The app is asked after the fact. */
  #pageGone(): void {
    if (this.#destroyed) return
    this.emit('close', new HostEvent())
    this.#ended()
  }

  #ended(): void {
    if (this.#destroyed) return
    this.#destroyed = true
    const at = openWindows.indexOf(this.view)
    if (at >= 0) openWindows.splice(at, 1)
    this.emit('closed', new HostEvent())
    app.windowClosed()
  }

  loadURL(url: string): Promise<void> {
    return this.#contents.loadURL(url)
  }

  close(): void {
    if (this.#destroyed) return
    const event = new HostEvent()
    this.emit('close', event)
    if (!event.defaultPrevented) this.destroy()
  }

  destroy(): void {
    if (this.#destroyed) return
    void this.#contents.opened.then(() => this.#contents.page.close())
    this.#ended()
  }

  isDestroyed(): boolean {
    return this.#destroyed
  }

  show(): void {
    this.#visible = true
    this.emit('show', new HostEvent())
  }

  hide(): void {
    this.#visible = false
    this.emit('hide', new HostEvent())
  }

  focus(): void {
    this.emit('focus', new HostEvent())
    void this.#contents.opened.then(() => this.#contents.page.send('Page.bringToFront'))
  }

  isVisible(): boolean {
    return this.#visible && !this.#destroyed
  }

  isFocused(): boolean {
    return this.isVisible() && this.#state !== 'minimized'
  }

  isMinimized(): boolean {
    return this.#state === 'minimized'
  }

  isMaximized(): boolean {
    return this.#state === 'maximized'
  }

  isFullScreen(): boolean {
    return false
  }

  minimize(): void {
    this.#state = 'minimized'
    this.emit('minimize', new HostEvent())
  }

  maximize(): void {
    this.#state = 'maximized'
    this.emit('maximize', new HostEvent())
  }

  unmaximize(): void {
    this.#state = 'normal'
    this.emit('unmaximize', new HostEvent())
  }

  restore(): void {
    this.#state = 'normal'
    this.emit('restore', new HostEvent())
  }

  getBounds(): Rectangle {
    return this.#bounds
  }

  getNormalBounds(): Rectangle {
    return this.#bounds
  }

  getContentSize(): readonly [number, number] {
    return [this.#bounds.width, this.#bounds.height]
  }

  async setContentSize(width: number, height: number): Promise<void> {
    this.#bounds = { ...this.#bounds, width, height }
    await this.#contents.opened
    if (!VISIBLE) await this.#contents.page.resize(width, height)
    this.emit('resize', new HostEvent())
  }

  getTitle(): string {
    return this.#title
  }

  setTitle(title: string): void {
    this.#title = title
  }

  setProgressBar(fraction: number, _options?: object): void {
    this.progress = fraction
  }

  setBackgroundColor(_color: string): void {
    // Behind a page that paints all of itself.
  }

  flashFrame(_on: boolean): void {
    // The taskbar's.
  }

  setMenuBarVisibility(_visible: boolean): void {
    // Chromium's window has no menu bar.
  }
}

export type BrowserWindow = HostWindow

/** Electron's BrowserWindow: a real Chromium page. */
function create(options: WindowOptions = {}): BrowserWindow {
  const window = new HostWindow(options)
  window.view = strict('BrowserWindow', window)
  openWindows.push(window.view)
  app.emit('web-contents-created', new HostEvent(), window.webContents)
  app.emit('browser-window-created', new HostEvent(), window.view)
  return window.view
}

// `new` on a function that returns an object gives that object: the strict view, and not the window behind it.
function Constructor(options?: WindowOptions): BrowserWindow {
  return create(options)
}

const statics = {
  getAllWindows: (): readonly BrowserWindow[] => [...openWindows],
  getFocusedWindow: (): BrowserWindow | null => openWindows.find((window) => window.isFocused()) ?? null,
  fromWebContents: (contents: WebContents): BrowserWindow | null =>
    openWindows.find((window) => window.webContents.id === contents.id) ?? null,
  fromId: (id: number): BrowserWindow | null => openWindows.find((window) => window.id === id) ?? null
}

export const BrowserWindow = strict('BrowserWindow', Object.assign(Constructor, statics))
