import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { chromium, type Browser, type CDPSession, type Page } from 'playwright-core'
import { killChild } from '../../src/shared/processes/killChild'
import { hostControl, type Control } from './hostControl'
import { LAUNCHER, ROOT } from './launch'
import { launchElectron } from './electronLaunch'
import { alive, killNow, treeOf } from './processTree'

const START_MS = 30_000
const CLOSE_MS = 10_000

/** The folders of one spec: everything that the app writes is in them, and goes with them. */
export class Place {
  readonly root = mkdtempSync(path.join(tmpdir(), 'stillwave-window-'))
  readonly userData = this.folder('user')
  readonly temp = this.folder('tmp')
  readonly home = this.folder('home')

  folder(...names: string[]): string {
    const full = path.join(this.root, ...names)
    mkdirSync(full, { recursive: true })
    return full
  }

  /** All that stands in the app's logs. */
  log(): string {
    const files = readdirSync(this.userData, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.includes('.log')
    )
    return files.map((name) => readFileSync(path.join(this.userData, name), 'utf8')).join('\n')
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
  }
}

export interface LaunchOptions {
  readonly place: Place
  readonly args?: readonly string[]
  readonly env?: NodeJS.ProcessEnv
  /** Another built app than `out/`: a damaged copy. */
  readonly out?: string
  /** The system's language. */
  readonly locale?: string
  /** A first start, with its welcome; else the welcome was answered before. */
  readonly isFirst?: boolean
}

/** A running app: its page under Playwright, its surroundings under `control`. */
export interface LaunchedApp {
  readonly host: 'electron' | 'host'
  readonly page: Page
  readonly control: Control
  readonly pid: number
  /** All that the app printed so far. */
  printed(): string
  /** Chromium's own protocol for the page. */
  cdp(): Promise<CDPSession>
  /** A page that crashed and is back needs a new connection. */
  reconnect(): Promise<void>
  /** Real files or folders, dropped at a point of the page. */
  drop(paths: readonly string[], at?: { readonly x: number; readonly y: number }): Promise<void>
  /** SIGTERM, as the system does it: the app ends by itself, and nothing of it may be left. */
  close(): Promise<void>
  /** SIGKILL of the whole tree. */
  kill(): Promise<void>
  readonly ended: Promise<number | null>
}

export async function launchApp(options: LaunchOptions): Promise<LaunchedApp> {
  if (LAUNCHER === null) throw new Error('nothing to launch on')
  if (!options.isFirst) answerWelcome(options.place)
  return LAUNCHER.kind === 'electron' ? launchElectron(LAUNCHER.program, options) : launchHost(options)
}

/** Settings that are there already stay. */
function answerWelcome({ userData }: Place): void {
  const file = path.join(userData, 'settings.json')
  if (!existsSync(file)) writeFileSync(file, JSON.stringify({ version: 1, welcomed: true }))
}

async function launchHost(options: LaunchOptions): Promise<LaunchedApp> {
  const app = new HostedApp(options)
  try {
    await app.connect()
    return app
  } catch (error) {
    await app.kill()
    throw new Error(`${(error as Error).message}\n${app.printed()}`, { cause: error })
  }
}

/** What the app sees of the world around it: its own folders, and nobody's settings. */
export function environmentOf({ place, env, locale }: LaunchOptions): NodeJS.ProcessEnv {
  const folders = { HOME: place.home, TMPDIR: place.temp, XDG_CONFIG_HOME: path.join(place.home, '.config') }
  return { ...process.env, ...folders, NODE_ENV: '', STILLWAVE_HOST_LOCALE: locale ?? 'en-US', ...env }
}

export function argumentsOf({ place, args = [], out }: LaunchOptions): readonly string[] {
  return [path.join(out ?? path.join(ROOT, 'out'), 'main/index.js'), `--user-data-dir=${place.userData}`, ...args]
}

class HostedApp implements LaunchedApp {
  readonly host = 'host'
  readonly control: Control
  readonly ended: Promise<number | null>
  readonly #child: ChildProcess
  #browser: Browser | null = null
  #page: Page | null = null
  #printed = ''

  constructor(options: LaunchOptions) {
    const run = path.join(ROOT, 'out/scripts/hostRun.js')
    this.#child = spawn(process.execPath, [run, ...argumentsOf(options)], {
      cwd: options.place.root,
      env: environmentOf(options),
      stdio: ['ignore', 'pipe', 'pipe', 'ipc']
    })
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => (this.#printed += text))
    }
    this.control = hostControl(this.#child)
    this.ended = new Promise((resolve) => this.#child.once('close', resolve))
  }

  get page(): Page {
    if (!this.#page) throw new Error('the app has no page')
    return this.#page
  }

  get pid(): number {
    return this.#child.pid!
  }

  printed(): string {
    return this.#printed
  }

  /** Until the app's page is loaded, or the app ends or says by other means that it cannot. */
  async connect(): Promise<void> {
    const untilMs = Date.now() + START_MS
    for (;;) {
      const window = await this.control.window().catch((error: unknown) => {
        if (this.#child.connected) throw error
        return null
      })
      if (window !== null) break
      if (!this.#child.connected) {
        await this.ended
        throw new Error('the app ended before it had a window')
      }
      if (Date.now() > untilMs) throw new Error(`the app had no window within ${START_MS / 1000} s`)
      await sleep(50)
    }
    await this.reconnect()
  }

  async reconnect(): Promise<void> {
    const window = await this.control.window()
    if (window === null) throw new Error('the app has no window')
    await this.#browser?.close()
    this.#browser = await chromium.connectOverCDP(`http://127.0.0.1:${window.port}`, { noDefaults: true })
    const page = this.#browser.contexts()[0]?.pages()[0]
    if (!page) throw new Error('Chromium has no page')
    page.setDefaultTimeout(15_000)
    this.#page = page
    await page.waitForURL(/^http:\/\/127\.0\.0\.1/u, { waitUntil: 'load' })
  }

  cdp(): Promise<CDPSession> {
    return this.page.context().newCDPSession(this.page)
  }

  async drop(paths: readonly string[], at = { x: 400, y: 300 }): Promise<void> {
    const session = await this.cdp()
    const data = { items: [], files: [...paths], dragOperationsMask: 1 }
    for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
      await session.send('Input.dispatchDragEvent', { type, ...at, data })
    }
    await session.detach()
  }

  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const refused = await this.control.refusals()
    const tree = treeOf(this.pid)
    await this.#browser?.close()
    killChild(this.#child, 'SIGTERM')
    const inTime = await Promise.race([this.ended.then(() => true), sleep(CLOSE_MS, false)])
    const left = await this.#goneSoon(tree)
    killNow(left)
    if (!inTime) throw new Error(`the app did not end within ${CLOSE_MS / 1000} s of SIGTERM\n${this.#printed}`)
    if (left.length > 0) throw new Error(`processes were left behind: ${left.join(' ')}`)
    if (refused.length > 0) throw new Error(`the app asked the host for what it lacks: ${refused.join(', ')}`)
  }

  /** Chromium ends a moment after its pipe. */
  async #goneSoon(tree: readonly number[]): Promise<readonly number[]> {
    for (let waitedMs = 0; waitedMs < 3000 && alive(tree).length > 0; waitedMs += 50) await sleep(50)
    return alive(tree)
  }

  async kill(): Promise<void> {
    const tree = treeOf(this.pid)
    killNow(tree)
    await this.ended
    await this.#browser?.close()
    await this.#goneSoon(tree)
  }
}
