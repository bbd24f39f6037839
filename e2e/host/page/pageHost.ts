import { EventEmitter } from 'node:events'
import type { CdpSession } from '../cdp'
import { chromium, type Chromium } from '../chromium'
import { refuse } from '../refuse'
import { makeCodec } from './codec'
import { Frames, type WebFrame } from './frames'
import { BINDING, WORLD, type PageScripts } from './pageScripts'

const CLOSE_DELAY_MS = 500

/** What the preload's world asks of the host; `frame` is null where it is gone already. */
export interface PageMessage {
  readonly frame: WebFrame | null
  readonly body: Record<string, unknown>
  readonly contextId: number
}

export interface PageRequest {
  readonly url: string
  readonly method: string
  readonly resourceType: string
  readonly frameId: string
}

export interface PageOptions {
  readonly scripts: PageScripts
  readonly width: number
  readonly height: number
  /** May this request go out? */
  readonly decide: (request: PageRequest) => boolean
}

/** The fields of the events that are heard here; each event has some of them. */
interface Heard {
  readonly frameId: string
  readonly parentFrameId: string
  readonly executionContextId: number
  readonly name: string
  readonly reason: string
  readonly url: string
  readonly payload: string
  readonly resourceType: string
  readonly requestId: string
  readonly request: { readonly url: string; readonly method: string }
  readonly frame: { readonly id: string; readonly parentId?: string; readonly url: string; readonly name?: string }
  readonly context: { readonly id: number; readonly auxData?: { readonly frameId?: string } }
}

/**
 * One page of Chromium, with the preload's isolated world in it. Emits: message, domReady, loaded, painted, crashed, closed,
 * console, navigated, opened.
 */
export class PageHost extends EventEmitter {
  readonly frames = new Frames()
  readonly codec = makeCodec()
  readonly #options: PageOptions
  readonly #contextFrames = new Map<number, string>()
  /** Null until the top frame's preload has begun. */
  #world: number | null = null
  #session!: CdpSession
  #browser!: CdpSession
  #targetId = ''

  constructor(options: PageOptions) {
    super()
    this.#options = options
  }

  get targetId(): string {
    return this.#targetId
  }

  async open(): Promise<void> {
    const running = await chromium()
    this.#browser = running.browser
    this.#targetId = await firstTarget(running, this.#options)
    const attached = await running.browser.send('Target.attachToTarget', { targetId: this.#targetId, flatten: true })
    this.#session = running.session(attached.sessionId as string)
    this.#session.listen((method, params) => {
      this.#heard(method, params as unknown as Heard)
    })
    running.browser.listen((method, params) => {
      const made = params.targetInfo as { openerId?: string; targetId: string; url: string } | undefined
      if (method === 'Target.targetCreated' && made?.openerId === this.#targetId) {
        this.emit('opened', made.targetId, made.url)
      }
      if (params.targetId !== this.#targetId) return
      if (method === 'Target.targetDestroyed') this.emit('closed')
      if (method === 'Target.targetCrashed') this.emit('crashed', params.status, params.errorCode)
    })
    await running.browser.send('Target.setDiscoverTargets', { discover: true })
    await this.#prepare(running.visible)
  }

  async #prepare(visible: boolean): Promise<void> {
    const { scripts } = this.#options
    await Promise.all([
      this.send('Page.enable'),
      this.send('Runtime.enable'),
      this.send('Log.enable'),
      this.send('Page.setLifecycleEventsEnabled', { enabled: true }),
      this.send('Fetch.enable', { patterns: [{ urlPattern: '*' }] }),
      this.send('Runtime.addBinding', { name: BINDING, executionContextName: WORLD })
    ])
    const tree = (await this.send('Page.getFrameTree')).frameTree as { frame: { id: string; url: string } }
    this.frames.attached(tree.frame.id, null, tree.frame.url)
    await this.send('Page.addScriptToEvaluateOnNewDocument', { source: scripts.main })
    await this.send('Page.addScriptToEvaluateOnNewDocument', { source: scripts.isolated, worldName: WORLD })
    if (!visible) await this.resize(this.#options.width, this.#options.height)
  }

  send(method: string, params: Readonly<Record<string, unknown>> = {}): Promise<Readonly<Record<string, unknown>>> {
    return this.#session.send(method, params)
  }

  async resize(width: number, height: number): Promise<void> {
    await this.send('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile: false })
  }

  /** To the preload's world of the top frame; nobody hears it before there is one, as in Electron. */
  tell(message: Readonly<Record<string, unknown>>, contextId = this.#world): void {
    if (contextId === null) return
    const call = { functionDeclaration: 'function (text) { __stillwaveHear(text) }', executionContextId: contextId }
    // A world that went away in between has nobody left to hear it.
    this.send('Runtime.callFunctionOn', { ...call, arguments: [{ value: this.codec.pack(message) }] }).catch(() => null)
  }

  /** A moment later: a test's client holds a new page until it has looked at it, and its opener with it where it is gone too soon. */
  closeOther(targetId: string): void {
    setTimeout(() => {
      this.#browser.send('Target.closeTarget', { targetId }).catch(() => null)
    }, CLOSE_DELAY_MS)
  }

  async close(): Promise<void> {
    await this.#browser.send('Target.closeTarget', { targetId: this.#targetId }).catch(() => null)
  }

  /** The paths behind the files of a held drop, from Chromium itself. */
  async pathsOfDrop(id: number, contextId: number): Promise<readonly string[]> {
    const expression = `__stillwaveHeld(${id})`
    const list = (await this.send('Runtime.evaluate', { expression, contextId })).result as { objectId: string }
    const found = await this.send('Runtime.getProperties', { objectId: list.objectId, ownProperties: true })
    const items = found.result as readonly { name: string; value?: { objectId?: string } }[]
    const files = items.filter((item) => /^\d+$/u.test(item.name))
    return Promise.all(
      files.map(async (item) => {
        const info = await this.send('DOM.getFileInfo', { objectId: item.value?.objectId })
        return info.path as string
      })
    )
  }

  #heard(method: string, params: Heard): void {
    if (method === 'Runtime.bindingCalled') this.#called(params)
    else if (method === 'Fetch.requestPaused') this.#paused(params)
    else if (method === 'Runtime.executionContextCreated') {
      const { context } = params
      if (context.auxData?.frameId !== undefined) this.#contextFrames.set(context.id, context.auxData.frameId)
    } else if (method === 'Runtime.executionContextDestroyed') this.#contextGone(params.executionContextId)
    else if (method === 'Runtime.executionContextsCleared') this.#contextsGone()
    else if (method.startsWith('Page.')) this.#pageHeard(method, params)
    else if (method === 'Runtime.consoleAPICalled' || method === 'Runtime.exceptionThrown') this.emit('console', params)
  }

  #pageHeard(method: string, params: Heard): void {
    if (method === 'Page.frameAttached') this.frames.attached(params.frameId, params.parentFrameId)
    else if (method === 'Page.frameNavigated') {
      const { frame } = params
      this.frames.navigated(frame)
      if (this.frames.isTop(frame.id)) this.emit('navigated', frame.url)
    } else if (method === 'Page.navigatedWithinDocument') this.frames.moved(params.frameId, params.url)
    else if (method === 'Page.frameDetached') this.#detached(params)
    else if (method === 'Page.domContentEventFired') this.emit('domReady')
    else if (method === 'Page.loadEventFired') this.emit('loaded')
    else if (method === 'Page.lifecycleEvent' && params.name === 'firstPaint') this.emit('painted')
    else if (method === 'Page.javascriptDialogOpening') void this.send('Page.handleJavaScriptDialog', { accept: true })
  }

  #detached(params: Heard): void {
    if (params.reason !== 'swap') this.frames.gone(params.frameId)
  }

  #contextGone(id: number): void {
    this.#contextFrames.delete(id)
    if (this.#world === id) this.#world = null
  }

  #contextsGone(): void {
    this.#contextFrames.clear()
    this.#world = null
  }

  #called(params: Heard): void {
    if (params.name !== BINDING) return
    const contextId = params.executionContextId
    const frameId = this.#contextFrames.get(contextId)
    const body = this.codec.unpack(params.payload) as Record<string, unknown>
    if (body.kind === 'refused') {
      this.#refused(body.name as string)
      return
    }
    if (body.kind === 'world' && frameId !== undefined && this.frames.isTop(frameId)) this.#world = contextId
    const frame = frameId === undefined ? null : this.frames.view(frameId)
    this.emit('message', { frame, body, contextId } satisfies PageMessage)
  }

  /** The preload has got the throw already; this writes it down. */
  #refused(name: string): void {
    try {
      refuse(name)
    } catch {
      // Written down: that is all.
    }
  }

  #paused(params: Heard): void {
    const { resourceType, frameId, requestId } = params
    const { url, method } = params.request
    const goes = this.#options.decide({ url, method, resourceType, frameId })
    const answer = goes
      ? this.send('Fetch.continueRequest', { requestId })
      : this.send('Fetch.failRequest', {
          requestId,
          errorReason: resourceType === 'Document' ? 'Aborted' : 'BlockedByClient'
        })
    // A request that its page gave up in the meantime.
    answer.catch(() => null)
  }
}

let firstTaken = false

/** A new page; in a visible Chromium the first one is the window that it opened with. */
async function firstTarget(running: Chromium, { width, height }: PageOptions): Promise<string> {
  if (running.visible && !firstTaken) {
    firstTaken = true
    const { targetInfos } = await running.browser.send('Target.getTargets')
    const page = (targetInfos as readonly { type: string; targetId: string }[]).find(({ type }) => type === 'page')
    if (page) return page.targetId
  }
  const made = await running.browser.send('Target.createTarget', { url: 'about:blank', width, height })
  return made.targetId as string
}
