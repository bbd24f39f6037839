import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { killChild } from '../../src/shared/processes/killChild'
import { CdpPipe, type CdpSession } from './cdp'
import { findChromium, HOW_TO_INSTALL } from '../../scripts/findChromium'

const START_MS = 30_000

/** Nothing but our own origin can be reached, and Chromium asks nobody for anything by itself. */
const SWITCHES = [
  '--remote-debugging-pipe',
  '--remote-debugging-port=0',
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
  '--no-proxy-server',
  '--no-first-run',
  '--no-default-browser-check',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-quic',
  '--disable-breakpad',
  '--disable-extensions',
  '--disable-default-apps',
  '--disable-features=Translate,MediaRouter,OptimizationHints,AutofillServerCommunication',
  '--disable-backgrounding-occluded-windows',
  '--disable-renderer-backgrounding',
  '--password-store=basic',
  '--use-mock-keychain',
  '--force-color-profile=srgb'
]

/** A running Chromium: `browser` speaks to it as a whole, `port` is where a test's own client connects. */
export interface Chromium {
  readonly path: string
  readonly browser: CdpSession
  readonly session: (sessionId: string) => CdpSession
  readonly port: number
  readonly visible: boolean
  readonly ended: Promise<void>
  close(): void
}

let started: Promise<Chromium> | null = null
let runningPid: number | null = null

/** Of the Chromium that runs; null before it was started and after its end. */
export function chromiumPid(): number | null {
  return runningPid
}

/** The one Chromium of this host, started by the first that asks. */
export function chromium(): Promise<Chromium> {
  started ??= start()
  return started
}

async function start(): Promise<Chromium> {
  const path = findChromium()
  if (path === null) throw new Error(`No Chromium was found. ${HOW_TO_INSTALL}`)
  const visible = process.env.STILLWAVE_HOST_VISIBLE === '1'
  const profile = mkdtempSync(join(tmpdir(), 'stillwave-host-'))
  const child = spawn(path, [...SWITCHES, ...modeSwitches(visible), `--user-data-dir=${profile}`], {
    stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe']
  })
  runningPid = child.pid ?? null
  const said = lastWords(child)
  const ended = new Promise<void>((resolve) =>
    child.once('exit', () => {
      runningPid = null
      resolve()
    })
  )
  process.once('exit', () => {
    killChild(child)
    rmSync(profile, { recursive: true, force: true, maxRetries: 3 })
  })
  const pipe = new CdpPipe(child.stdio[3] as Writable, child.stdio[4] as Readable)
  const browser = pipe.session()
  await Promise.race([browser.send('Browser.getVersion'), spawnFailed(child, said)])
  const port = await debuggingPort(profile)
  return {
    path,
    browser,
    session: (id) => pipe.session(id),
    port,
    visible,
    ended,
    close: () => killChild(child, 'SIGTERM')
  }
}

function modeSwitches(visible: boolean): readonly string[] {
  const root = process.getuid?.() === 0 ? ['--no-sandbox', '--test-type'] : []
  if (visible) return [...root, '--app=data:text/html,<title>Stillwave</title>', '--window-size=1280,840']
  return [...root, '--headless=new', '--disable-gpu', '--no-startup-window', '--hide-scrollbars=false']
}

function lastWords(child: ChildProcess): () => string {
  let text = ''
  child.stderr?.setEncoding('utf8').on('data', (piece: string) => (text = (text + piece).slice(-2000)))
  return () => text
}

function spawnFailed(child: ChildProcess, said: () => string): Promise<never> {
  return new Promise((_resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => {
      reject(new Error(`Chromium ended at once (${String(code)}): ${said()}`))
    })
    setTimeout(() => {
      reject(new Error(`Chromium did not answer within ${START_MS / 1000} s: ${said()}`))
    }, START_MS).unref()
  })
}

async function debuggingPort(profile: string): Promise<number> {
  for (let waitedMs = 0; waitedMs < START_MS; waitedMs += 20) {
    try {
      const port = Number(readFileSync(join(profile, 'DevToolsActivePort'), 'utf8').split('\n')[0])
      if (port > 0) return port
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
    await sleep(20)
  }
  throw new Error('Chromium opened no debugging port')
}
