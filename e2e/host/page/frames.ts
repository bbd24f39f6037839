import { strict } from '../refuse'

/** Electron's WebFrameMain, as far as a sender check looks. */
export interface WebFrame {
  readonly url: string
  readonly origin: string
  readonly parent: WebFrame | null
  readonly top: WebFrame | null
  readonly frameTreeNodeId: number
  readonly name: string
  readonly detached: boolean
  isDestroyed(): boolean
}

interface FrameFacts {
  url: string
  name: string
  parentId: string | null
  detached: boolean
  readonly node: number
  readonly view: WebFrame
}

interface CdpFrame {
  readonly id: string
  readonly parentId?: string
  readonly url: string
  readonly name?: string
}

/** The page's frames as Chromium tells them, one lasting object for each. */
export class Frames {
  readonly #frames = new Map<string, FrameFacts>()
  #topId = ''
  #lastNode = 0

  get top(): WebFrame {
    return this.#frames.get(this.#topId)!.view
  }

  isTop(frameId: string): boolean {
    return frameId === this.#topId
  }

  view(frameId: string): WebFrame | null {
    return this.#frames.get(frameId)?.view ?? null
  }

  attached(frameId: string, parentId: string | null, url = ''): void {
    const known = this.#frames.get(frameId)
    if (known) return
    if (parentId === null) this.#topId = frameId
    const facts: FrameFacts = {
      url,
      name: '',
      parentId,
      detached: false,
      node: ++this.#lastNode,
      view: this.#makeView(() => facts)
    }
    this.#frames.set(frameId, facts)
  }

  navigated(frame: CdpFrame): void {
    this.attached(frame.id, frame.parentId ?? null)
    const facts = this.#frames.get(frame.id)!
    facts.url = frame.url
    facts.name = frame.name ?? ''
  }

  moved(frameId: string, url: string): void {
    const facts = this.#frames.get(frameId)
    if (facts) facts.url = url
  }

  gone(frameId: string): void {
    const facts = this.#frames.get(frameId)
    if (facts) facts.detached = true
    this.#frames.delete(frameId)
  }

  #makeView(facts: () => FrameFacts): WebFrame {
    const parent = (): WebFrame | null => {
      const { parentId } = facts()
      return parentId === null ? null : this.view(parentId)
    }
    const top = (): WebFrame => this.top
    return strict('WebFrameMain', {
      get url() {
        return facts().url
      },
      get origin() {
        return originOf(facts().url)
      },
      get parent() {
        return parent()
      },
      get top() {
        return top()
      },
      get frameTreeNodeId() {
        return facts().node
      },
      get name() {
        return facts().name
      },
      get detached() {
        return facts().detached
      },
      isDestroyed: () => facts().detached
    })
  }
}

function originOf(url: string): string {
  try {
    return new URL(url).origin
  } catch {
    return 'null'
  }
}
