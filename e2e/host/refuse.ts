import { EventEmitter } from 'node:events'

/** What this host refused so far, by name: a refusal that the app swallowed still fails the spec (the fixture asks for it). */
export const refusals: string[] = []

/** Says no by name, on stderr too: nothing that the host lacks may pass in silence. */
export function refuse(name: string): never {
  refusals.push(name)
  process.stderr.write(`[host] Electron's ${name} is not on this host (docs/electron-only.md)\n`)
  throw new Error(`Electron's ${name} is not on this host`)
}

/** What the language itself, Node's inspector and test tools look for on any object. */
const ASKED_BY_THE_LANGUAGE = new Set(['then', 'toJSON', 'constructor', 'inspect', 'nodeType', 'asymmetricMatch'])

/** The same object, whose unknown properties throw by name instead of being undefined. */
export function strict<T extends object>(name: string, target: T): T {
  return new Proxy(target, {
    get(object, key) {
      if (Reflect.has(object, key) || typeof key === 'symbol' || ASKED_BY_THE_LANGUAGE.has(key)) {
        const value: unknown = Reflect.get(object, key)
        return typeof value === 'function' && key !== 'constructor' ? bound(object, value) : value
      }
      return refuse(`${name}.${key}`)
    },
    set(object, key, value) {
      if (!Reflect.has(object, key)) refuse(`${name}.${String(key)} (set)`)
      return Reflect.set(object, key, value)
    }
  })
}

const boundOf = new WeakMap<object, WeakMap<object, unknown>>()

/** Methods run on the object itself, and stay the same function from one look to the next. */
// eslint-disable-next-line @typescript-eslint/no-unsafe-function-type -- any function of the wrapped object
function bound(object: object, method: Function): unknown {
  if (/^class\s/u.test(Function.prototype.toString.call(method))) return method
  const known = boundOf.get(object) ?? new WeakMap<object, unknown>()
  boundOf.set(object, known)
  if (!known.has(method)) known.set(method, method.bind(object))
  return known.get(method)
}

type Listener = (...args: never[]) => void

/** An emitter whose listeners may only wait for events that this host can name. */
export class HostEmitter extends EventEmitter {
  readonly #name: string
  readonly #events: ReadonlySet<string>

  constructor(name: string, events: readonly string[]) {
    super()
    this.#name = name
    this.#events = new Set([...events, 'newListener', 'removeListener', 'error'])
  }

  #check(event: string | symbol): void {
    if (typeof event === 'string' && !this.#events.has(event)) refuse(`${this.#name} event '${event}'`)
  }

  override on(event: string | symbol, listener: Listener): this {
    this.#check(event)
    return super.on(event, listener as (...args: unknown[]) => void)
  }

  override addListener(event: string | symbol, listener: Listener): this {
    return this.on(event, listener)
  }

  override once(event: string | symbol, listener: Listener): this {
    this.#check(event)
    return super.once(event, listener as (...args: unknown[]) => void)
  }
}

/** Electron's event argument: the first one of every listener, with a way to say no. */
export class HostEvent {
  defaultPrevented = false;
  [key: string]: unknown

  constructor(fields: Record<string, unknown> = {}) {
    Object.assign(this, fields)
  }

  preventDefault(): void {
    this.defaultPrevented = true
  }
}
