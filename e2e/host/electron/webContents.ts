import { HostEmitter, HostEvent, refuse, strict } from '../refuse'
import { PageHost, type PageMessage, type PageRequest } from '../page/pageHost'
import { pageScripts } from '../page/pageScripts'
import type { WebFrame } from '../page/frames'
import { app } from './app'
import { answerInvoke } from './ipcMain'
import { pressed } from './menu'
import { onColorScheme } from './nativeTheme'
import { appLets, applyPermissions, defaultSession } from './session'
import { switchValue } from '../switches'
import { log } from '../log'

const EVENTS = [
  'did-start-loading',
  'did-finish-load',
  'did-fail-load',
  'did-stop-loading',
  'did-navigate',
  'dom-ready',
  'preload-error',
  'render-process-gone',
  'will-navigate',
  'will-frame-navigate',
  'will-redirect',
  'will-attach-webview',
  'console-message',
  'before-input-event',
  'context-menu',
  'zoom-changed',
  'unresponsive',
  'responsive',
  'destroyed'
]

/** Electron's defaults of what a window is made with. */
const DEFAULTS = {
  sandbox: true,
  contextIsolation: true,
  webSecurity: true,
  nodeIntegration: false,
  nodeIntegrationInWorker: false,
  nodeIntegrationInSubFrames: false,
  webviewTag: false,
  experimentalFeatures: false,
  allowRunningInsecureContent: false
}

export interface WebPreferences extends Partial<typeof DEFAULTS> {
  readonly preload?: string
  readonly enableBlinkFeatures?: string
}

type OpenHandler = (details: { readonly url: string; readonly disposition: string }) => { readonly action: string }

let lastId = 0

/** Electron's WebContents over one page of Chromium. */
export class WebContents extends HostEmitter {
  readonly id = ++lastId
  readonly page: PageHost
  readonly session = defaultSession
  readonly opened: Promise<void>
  readonly #preferences: WebPreferences
  readonly #preload: { readonly path: string; readonly error: Error } | null
  #openHandler: OpenHandler | null = null
  #loading: string | null = null
  #crashed = false
  #destroyed = false
  #zoom = 1

  constructor(preferences: WebPreferences, size: { readonly width: number; readonly height: number }) {
    super('webContents', EVENTS)
    for (const key of ['sandbox', 'contextIsolation', 'webSecurity'] as const) {
      if (preferences[key] === false) refuse(`webPreferences.${key}: false`)
    }
    this.#preferences = preferences
    const scripts = pageScripts(preferences.preload)
    this.#preload = scripts.preloadError ? { path: preferences.preload ?? '', error: scripts.preloadError } : null
    this.page = new PageHost({ ...size, scripts, decide: (request) => this.#decide(request) })
    this.#listen()
    this.opened = this.page.open().then(() => {
      onColorScheme((scheme) => {
        const features = [{ name: 'prefers-color-scheme', value: scheme }]
        if (!this.#destroyed) this.page.send('Emulation.setEmulatedMedia', { features }).catch(() => null)
      })
    })
    this.opened.catch((error: unknown) => {
      log(`Chromium failed: ${String(error)}`)
      process.exit(70)
    })
  }

  #listen(): void {
    const { page } = this
    page.on('message', (message: PageMessage) => {
      this.#message(message)
    })
    page.on('domReady', () => this.emit('dom-ready', new HostEvent()))
    page.on('loaded', () => {
      this.#loading = null
      this.emit('did-finish-load', new HostEvent())
      this.emit('did-stop-loading', new HostEvent())
    })
    page.on('navigated', (url: string) => {
      if (this.#preload) this.emit('preload-error', new HostEvent(), this.#preload.path, this.#preload.error)
      this.emit('did-navigate', new HostEvent(), url, 200, 'OK')
    })
    page.on('crashed', (status: string, exitCode: number) => {
      this.#crashed = true
      const details = { reason: status === 'killed' ? 'killed' : 'crashed', exitCode }
      app.emit('render-process-gone', new HostEvent(), this, details)
      this.emit('render-process-gone', new HostEvent(), details)
    })
    page.on('opened', (targetId: string, url: string) => {
      // Chromium has opened it already; the app's word closes it again. A window that may stay is beyond this host.
      page.closeOther(targetId)
      if (this.#openHandler?.({ url, disposition: 'new-window' }).action !== 'deny') refuse('a second window')
    })
    page.on('closed', () => {
      this.#destroyed = true
      this.emit('destroyed')
    })
  }

  #message({ frame, body, contextId }: PageMessage): void {
    const { kind } = body
    if (kind === 'invoke') void this.#invoke({ frame, body, contextId })
    else if (kind === 'drop') {
      const id = body.id as number
      this.page.pathsOfDrop(id, contextId).then(
        (paths) => {
          this.page.tell({ kind: 'paths', id, paths }, contextId)
        },
        (error: unknown) => {
          log(`a drop was lost: ${String(error)}`)
        }
      )
    } else if (kind === 'preloadError') {
      const error = Object.assign(new Error(body.message as string), { stack: body.stack })
      log(`Unable to load preload script: ${error.message}`)
      this.emit('preload-error', new HostEvent(), this.#preferences.preload ?? '', error)
    } else if (kind === 'key') pressed(body)
  }

  async #invoke({ frame, body, contextId }: PageMessage): Promise<void> {
    const facts = { frameId: frame?.frameTreeNodeId ?? -1, processId: 1 }
    const event = strict('IpcMainInvokeEvent', {
      type: 'frame' as const,
      sender: this.view,
      senderFrame: frame,
      ...facts
    })
    const reply = await answerInvoke(event, body.channel as string, body.args as unknown[])
    this.page.tell({ kind: 'answer', id: body.id, reply }, contextId)
  }

  /** Only the app's own origin, and of its documents only what the app itself asked for or lets pass. */
  #decide({ url, method, resourceType, frameId }: PageRequest): boolean {
    const origin = switchValue('stillwave-host-origin') ?? ''
    const ours = url.startsWith(`${origin}/`) || url.startsWith('blob:') || url.startsWith('data:')
    const isMainFrame = this.page.frames.isTop(frameId)
    if (resourceType === 'Document' && !(isMainFrame && url === this.#loading)) {
      const event = new HostEvent({ url, isMainFrame, isSameDocument: false, frame: this.page.frames.view(frameId) })
      this.emit('will-frame-navigate', event)
      if (isMainFrame) this.emit('will-navigate', event, url)
      if (event.defaultPrevented) return false
    }
    if (!ours) log(`blocked: ${method} ${url.slice(0, 200)}`)
    return ours && appLets({ url, method, resourceType })
  }

  /** What the app gets: unknown properties throw. */
  get view(): WebContents {
    return viewOf(this)
  }

  get mainFrame(): WebFrame {
    return this.page.frames.top
  }

  async loadURL(url: string): Promise<void> {
    await this.opened
    this.#loading = url
    await applyPermissions(this.view, new URL(url).origin)
    await this.#load('Page.navigate', { url })
  }

  async #load(method: string, params: Readonly<Record<string, unknown>>): Promise<void> {
    this.#crashed = false
    this.emit('did-start-loading', new HostEvent())
    const loaded = new Promise<void>((resolve) => this.page.once('loaded', resolve))
    const { errorText } = await this.page.send(method, params)
    if (typeof errorText === 'string') {
      const url = this.#loading ?? this.getURL()
      this.emit('did-fail-load', new HostEvent(), -2, errorText, url, true)
      throw new Error(`${errorText} (-2) loading '${url}'`)
    }
    await loaded
  }

  reload(): void {
    this.#loading = this.getURL()
    this.#load('Page.reload', {}).catch((error: unknown) => {
      log(`reload: ${String(error)}`)
    })
  }

  send(channel: string, ...args: unknown[]): void {
    if (this.#destroyed) throw new TypeError('Object has been destroyed')
    if (!this.#crashed) this.page.tell({ kind: 'send', channel, args: structuredClone(args) })
  }

  forcefullyCrashRenderer(): void {
    this.page.send('Page.crash').catch(() => null)
  }

  setWindowOpenHandler(handler: OpenHandler): void {
    this.#openHandler = handler
  }

  getURL(): string {
    return this.page.frames.top.url
  }

  getLastWebPreferences(): WebPreferences {
    return { ...DEFAULTS, ...this.#preferences }
  }

  isDestroyed(): boolean {
    return this.#destroyed
  }

  isCrashed(): boolean {
    return this.#crashed
  }

  isLoading(): boolean {
    return this.#loading !== null
  }

  get zoomFactor(): number {
    return this.#zoom
  }

  setZoomFactor(factor: number): void {
    this.#zoom = factor
    this.page.send('Emulation.setPageScaleFactor', { pageScaleFactor: factor }).catch(() => null)
  }
}

const views = new WeakMap<WebContents, WebContents>()

function viewOf(contents: WebContents): WebContents {
  const view = views.get(contents) ?? strict('webContents', contents)
  views.set(contents, view)
  return view
}
