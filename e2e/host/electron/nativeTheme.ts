import { HostEmitter, strict } from '../refuse'

type Source = 'system' | 'light' | 'dark'
type Scheme = 'light' | 'dark'

const listeners: ((scheme: Scheme) => void)[] = []

/** Electron's `nativeTheme`; what it decides is what pages hear as `prefers-color-scheme`. */
class NativeTheme extends HostEmitter {
  #source: Source = 'system'
  #system: Scheme = 'light'

  constructor() {
    super('nativeTheme', ['updated'])
  }

  get themeSource(): Source {
    return this.#source
  }

  set themeSource(source: Source) {
    this.#source = source
    this.#changed()
  }

  get shouldUseDarkColors(): boolean {
    return this.scheme === 'dark'
  }

  get scheme(): Scheme {
    return this.#source === 'system' ? this.#system : this.#source
  }

  /** What the system's own setting is: for tests. */
  setSystem(scheme: Scheme): void {
    this.#system = scheme
    this.#changed()
  }

  #changed(): void {
    for (const listener of listeners) listener(this.scheme)
    this.emit('updated')
  }
}

const theme = new NativeTheme()
export const nativeTheme = strict('nativeTheme', theme)

/** Tells the scheme now and at every change. */
export function onColorScheme(listener: (scheme: Scheme) => void): void {
  listeners.push(listener)
  listener(theme.scheme)
}
