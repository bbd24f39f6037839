import { _electron, type CDPSession, type ElectronApplication, type Page } from 'playwright-core'
import { setTimeout as sleep } from 'node:timers/promises'
import { killChild } from '../../src/shared/processes/killChild'
import { electronControl } from './electronControl'
import { argumentsOf, environmentOf, type LaunchedApp, type LaunchOptions } from './fixture'
import type { Control } from './hostControl'
import { alive, killNow, treeOf } from './processTree'

/** The same app on Electron itself, through Playwright's own driver of it. */
export async function launchElectron(program: string, options: LaunchOptions): Promise<LaunchedApp> {
  const app = await _electron.launch({
    executablePath: program,
    args: [...argumentsOf(options), ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])],
    env: environmentOf(options) as Record<string, string>,
    cwd: options.place.root
  })
  const page = await app.firstWindow()
  await page.waitForLoadState('load')
  return new ElectronApp(app, page)
}

class ElectronApp implements LaunchedApp {
  readonly host = 'electron'
  readonly control: Control
  readonly ended: Promise<number | null>
  #page: Page
  #printed = ''

  constructor(
    private readonly app: ElectronApplication,
    page: Page
  ) {
    this.#page = page
    this.control = electronControl(app)
    const child = app.process()
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => (this.#printed += text))
    }
    this.ended = new Promise((resolve) => child.once('exit', resolve))
  }

  get page(): Page {
    return this.#page
  }

  get pid(): number {
    return this.app.process().pid!
  }

  printed(): string {
    return this.#printed
  }

  cdp(): Promise<CDPSession> {
    return this.app.context().newCDPSession(this.#page)
  }

  async reconnect(): Promise<void> {
    this.#page = await this.app.firstWindow()
    await this.#page.waitForLoadState('load')
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
    const tree = treeOf(this.pid)
    killChild(this.app.process(), 'SIGTERM')
    await Promise.race([this.ended, sleep(10_000)])
    await sleep(200)
    const left = alive(tree)
    killNow(left)
    if (left.length > 0) throw new Error(`processes were left behind: ${left.join(' ')}`)
  }

  async kill(): Promise<void> {
    killNow(treeOf(this.pid))
    await this.ended
  }
}
