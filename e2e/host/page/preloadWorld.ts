import type { Codec } from './codec'
import type { WorldPort } from './worldPort'

/** What the host does for the preload's world, and the facts it tells it. */
export interface PreloadHost {
  readonly codec: Codec
  readonly port: WorldPort
  /** The binding's name: in this world only. */
  readonly binding: string
  readonly platform: string
  readonly preload: ((...scope: unknown[]) => void) | null
}

/**
 * The preload's isolated world: Electron's renderer side for it, then the built preload in a function scope of its own.
 * Self-contained: the page gets its source.
 */
export function openPreloadWorld({ codec, port, binding, platform, preload }: PreloadHost): void {
  interface Message {
    readonly kind: string
    readonly id: number
    readonly reply: { readonly ok: boolean; readonly value: unknown }
    readonly paths: readonly string[]
    readonly channel: string
    readonly args: readonly unknown[]
  }
  type Heard = (event: object, ...args: unknown[]) => void
  type Answer = (reply: { readonly ok: boolean; readonly value: unknown }) => void
  const world = globalThis as unknown as Record<string, unknown>
  const callHost = world[binding] as (text: string) => void
  const answers = new Map<number, Answer>()
  const listeners = new Map<string, Heard[]>()
  const paths = new Map<File, string>()
  const held = new Map<number, { readonly event: DragEvent; readonly target: EventTarget; readonly files: File[] }>()
  const exposed = new Set<string>()
  let lastId = 0

  // Electron loads the preload into a window's own frame only.
  if (window.top !== window) return

  const strict = <T extends object>(name: string, target: T): T =>
    new Proxy(target, {
      get: (object, key) => {
        if (key in object || typeof key === 'symbol') return Reflect.get(object, key) as unknown
        callHost(codec.pack({ kind: 'refused', name: `${name}.${key}` }))
        throw new Error(`Electron's ${name}.${key} is not on this host`)
      }
    })

  const ipcRenderer = strict('ipcRenderer', {
    invoke: (channel: string, ...args: unknown[]): Promise<unknown> => {
      const id = ++lastId
      return new Promise((resolve, reject) => {
        answers.set(id, ({ ok, value }) => {
          if (ok) resolve(value)
          else reject(new Error(`Error invoking remote method '${channel}': ${String(value)}`))
        })
        callHost(codec.pack({ kind: 'invoke', id, channel, args: structuredClone(args) }))
      })
    },
    on: (channel: string, listener: Heard): void => {
      listeners.set(channel, [...(listeners.get(channel) ?? []), listener])
    },
    off: (channel: string, listener: Heard): void => {
      const left = (listeners.get(channel) ?? []).filter((known) => known !== listener)
      listeners.set(channel, left)
    },
    removeListener: (channel: string, listener: Heard): void => {
      ipcRenderer.off(channel, listener)
    }
  })

  const contextBridge = strict('contextBridge', {
    exposeInMainWorld: (key: string, api: unknown): void => {
      if (exposed.has(key)) throw new Error('Cannot bind an API on top of an existing property on the window object')
      exposed.add(key)
      port.offer({ key, api })
    }
  })

  const webUtils = strict('webUtils', {
    getPathForFile: (file: File): string => {
      if (!(file instanceof File)) throw new TypeError('getPathForFile: not a File')
      return paths.get(file) ?? ''
    }
  })

  /** `getPathForFile` is synchronous: a real drop waits until the host has told the paths of its files, then goes on. */
  const holdDrop = (event: DragEvent): void => {
    const files = [...(event.dataTransfer?.files ?? [])]
    if (!event.isTrusted || files.length === 0 || event.target === null) return
    event.stopImmediatePropagation()
    event.preventDefault()
    const id = ++lastId
    held.set(id, { event, target: event.target, files })
    callHost(codec.pack({ kind: 'drop', id }))
  }

  const goOn = (id: number, found: readonly string[]): void => {
    const { event, target, files } = held.get(id)!
    held.delete(id)
    files.forEach((file, i) => paths.set(file, found[i]!))
    const carrier = new DataTransfer()
    for (const file of files) carrier.items.add(file)
    const { clientX, clientY, screenX, screenY, ctrlKey, shiftKey, altKey, metaKey } = event
    const where = { clientX, clientY, screenX, screenY, ctrlKey, shiftKey, altKey, metaKey }
    const options = { bubbles: true, cancelable: true, composed: true, dataTransfer: carrier, ...where }
    // A drop that nobody takes opens nothing: Electron's navigateOnDragDrop is off.
    target.dispatchEvent(new DragEvent('drop', options))
  }

  world.__stillwaveHeld = (id: number): readonly File[] => held.get(id)!.files
  world.__stillwaveHear = (text: string): void => {
    const message = codec.unpack(text) as Message
    if (message.kind === 'answer') {
      const answer = answers.get(message.id)
      answers.delete(message.id)
      answer?.(message.reply)
    } else if (message.kind === 'paths') goOn(message.id, message.paths)
    else {
      const { args } = message
      for (const listener of listeners.get(message.channel) ?? []) {
        listener(strict('IpcRendererEvent', { sender: ipcRenderer, ports: [] }), ...args)
      }
    }
  }

  window.addEventListener('drop', holdDrop, true)
  // Electron's windows do not open what is dropped on them (navigateOnDragDrop); Chromium's would, in a tab.
  window.addEventListener('dragover', (event) => {
    if (event.defaultPrevented || !event.dataTransfer) return
    event.preventDefault()
    event.dataTransfer.dropEffect = 'none'
  })
  window.addEventListener('keydown', ({ key, code, ctrlKey, shiftKey, altKey, metaKey, defaultPrevented }) => {
    if (defaultPrevented) return
    callHost(codec.pack({ kind: 'key', key, code, ctrl: ctrlKey, shift: shiftKey, alt: altKey, meta: metaKey }))
  })
  callHost(codec.pack({ kind: 'world' }))

  const electron = strict('preload electron', { contextBridge, ipcRenderer, webUtils })
  const require = (name: string): unknown => {
    if (name === 'electron' || name === 'electron/renderer') return electron
    throw new Error(`module not found: ${name}`)
  }
  const nodeProcess = strict('preload process', {
    type: 'renderer',
    platform,
    env: {},
    sandboxed: true,
    contextIsolated: true
  })
  const module = { exports: {} }
  try {
    preload?.(require, module, module.exports, nodeProcess)
  } catch (error) {
    const { message, stack } = error instanceof Error ? error : new Error(String(error))
    callHost(codec.pack({ kind: 'preloadError', message, stack: stack ?? '' }))
    console.error(`Unable to load preload script: ${message}`)
  }
}
