import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { HostEmitter, HostEvent, strict } from '../refuse'
import { switchValue } from '../switches'
import { appMetrics, type ProcessMetric } from './appMetrics'
import { takeLock } from './singleInstance'
import { openWindows } from './windows'

const EVENTS = [
  'ready',
  'will-finish-launching',
  'window-all-closed',
  'before-quit',
  'will-quit',
  'quit',
  'activate',
  'second-instance',
  'open-file',
  'open-url',
  'web-contents-created',
  'browser-window-created',
  'render-process-gone',
  'child-process-gone',
  'certificate-error',
  'login'
]

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

function appFolder(): string {
  let folder = dirname(process.argv[1] ?? process.cwd())
  while (!existsSync(join(folder, 'package.json'))) {
    if (dirname(folder) === folder) return process.cwd()
    folder = dirname(folder)
  }
  return folder
}

const root = appFolder()
const about = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { name: string; version: string }
const config = process.env.XDG_CONFIG_HOME ?? join(homedir(), '.config')
const userData = switchValue('user-data-dir') ?? join(config, about.name)

/** Electron's `app`. It quits in Electron's order: before-quit, each window's close, will-quit, quit. */
class HostApp extends HostEmitter {
  readonly #paths = new Map([
    ['home', homedir()],
    ['temp', tmpdir()],
    ['appData', config],
    ['userData', userData],
    ['sessionData', userData],
    ['logs', join(userData, 'logs')],
    ['crashDumps', join(userData, 'Crashpad')],
    ['exe', process.execPath],
    ['module', process.execPath],
    ...['desktop', 'documents', 'downloads', 'music', 'pictures', 'videos'].map(
      (name) => [name, join(homedir(), name[0]!.toUpperCase() + name.slice(1))] as const
    )
  ])
  readonly #ready: Promise<void>
  #resolveReady: () => void = () => undefined
  #isReady = false
  #quitting = false
  #unlock: (() => void) | null = null
  #name = about.name
  readonly isPackaged = false
  /** macOS only. */
  readonly dock = undefined
  readonly commandLine = strict('app.commandLine', {
    hasSwitch: (name: string): boolean => process.argv.includes(`--${name}`) || switchValue(name) !== null,
    getSwitchValue: (name: string): string => switchValue(name) ?? '',
    appendSwitch: (_name: string, _value?: string): void => undefined
  })

  constructor() {
    super('app', EVENTS)
    this.#ready = new Promise((resolve) => (this.#resolveReady = resolve))
    process.once('exit', () => this.#unlock?.())
  }

  /** The app's entry has run through. */
  becomeReady(): void {
    mkdirSync(this.getPath('userData'), { recursive: true })
    this.#isReady = true
    for (const signal of SIGNALS) {
      process.on(signal, () => {
        if (process.listenerCount(signal) === 1) this.quit()
      })
    }
    this.emit('will-finish-launching')
    this.emit('ready', new HostEvent(), {})
    this.#resolveReady()
  }

  whenReady(): Promise<void> {
    return this.#ready
  }

  isReady(): boolean {
    return this.#isReady
  }

  get name(): string {
    return this.#name
  }

  getName(): string {
    return this.#name
  }

  setName(name: string): void {
    this.#name = name
  }

  getVersion(): string {
    return about.version
  }

  getAppPath(): string {
    return root
  }

  getLocale(): string {
    return process.env.STILLWAVE_HOST_LOCALE ?? 'en-US'
  }

  getSystemLocale(): string {
    return this.getLocale()
  }

  getPreferredSystemLanguages(): readonly string[] {
    return [this.getLocale()]
  }

  getPath(name: string): string {
    const path = this.#paths.get(name)
    if (path === undefined) throw new Error(`Failed to get '${name}' path`)
    return path
  }

  setPath(name: string, path: string): void {
    if (!this.#paths.has(name)) throw new Error(`Failed to set path '${name}'`)
    this.#paths.set(name, path)
  }

  setAppLogsPath(path?: string): void {
    if (path !== undefined) this.#paths.set('logs', path)
  }

  setAppUserModelId(_id: string): void {
    // Windows only, and this process is not Windows' taskbar's.
  }

  getAppMetrics(): readonly ProcessMetric[] {
    return appMetrics()
  }

  /** The sandbox is Chromium's own matter here; what it is under Electron only Electron can show. */
  enableSandbox(): void {
    if (this.#isReady) throw new Error('app.enableSandbox() can only be called before app is ready')
  }

  /** A test's Chromium has none to begin with. */
  disableHardwareAcceleration(): void {
    if (this.#isReady) throw new Error('app.disableHardwareAcceleration() can only be called before app is ready')
  }

  requestSingleInstanceLock(data: object = {}): boolean {
    this.#unlock ??= takeLock(this.getPath('userData'), data, (argv, cwd, theirs) => {
      this.emit('second-instance', new HostEvent(), argv, cwd, theirs)
    })
    return this.#unlock !== null
  }

  releaseSingleInstanceLock(): void {
    this.#unlock?.()
    this.#unlock = null
  }

  focus(): void {
    openWindows.at(-1)?.focus()
  }

  setBadgeCount(count: number): boolean {
    this.badge = count
    return true
  }

  badge = 0

  quit(): void {
    if (this.#quitting) return
    const asked = new HostEvent()
    this.emit('before-quit', asked)
    if (asked.defaultPrevented) return
    this.#quitting = true
    for (const window of [...openWindows]) window.close()
    if (openWindows.length > 0) {
      this.#quitting = false
      return
    }
    const last = new HostEvent()
    this.emit('will-quit', last)
    this.#quitting = false
    if (!last.defaultPrevented) this.exit(0)
  }

  exit(code = 0): void {
    for (const window of [...openWindows]) window.destroy()
    this.emit('quit', new HostEvent(), code)
    process.exit(code)
  }

  /** A window is gone: without a listener that is the end, as in Electron. */
  windowClosed(): void {
    if (openWindows.length > 0 || this.#quitting) return
    if (this.listenerCount('window-all-closed') > 0) this.emit('window-all-closed')
    else this.quit()
  }
}

export const app = strict('app', new HostApp())
