import { fork, type ChildProcess } from 'node:child_process'
import { EventEmitter } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { killChild } from '../../shared/processes/killChild'

/**
 * Stands in for Electron's `utilityProcess` where there is no Electron: real child processes that find `process.parentPort` and no
 * `process.send`, as Electron's do. Like the real one: `spawn` comes later than `fork`, there is no pid before and after the
 * process's life, `exit` has a code only, and `kill` asks gently.
 */

/** Loaded before the child's own code. What comes before somebody listens waits, as Electron promises. */
const PARENT_PORT = `
import { EventEmitter } from 'node:events'
const send = process.send.bind(process)
const port = new EventEmitter()
let early = []
process.on('message', (data) => early === null ? port.emit('message', { data }) : early.push(data))
port.on('newListener', (name) => {
  if (name !== 'message' || early === null) return
  const kept = early
  early = null
  setImmediate(() => { for (const data of kept) port.emit('message', { data }) })
})
port.postMessage = (message) => { send(message, undefined, undefined, () => undefined) }
process.parentPort = port
delete process.send
process.send = undefined
`

interface ForkOptions {
  readonly env?: NodeJS.ProcessEnv
  readonly execArgv?: readonly string[]
  readonly stdio?: readonly ('ignore' | 'pipe')[]
  readonly serviceName?: string
}

/** The module that gives a child its port; to be loaded with `--import`. */
export function writeParentPort(folder: string): string {
  const file = path.join(folder, 'parent-port.mjs')
  writeFileSync(file, PARENT_PORT)
  return pathToFileURL(file).href
}

export class UtilityProcessStandIn extends EventEmitter {
  pid: number | undefined
  readonly stdout: ChildProcess['stdout']
  readonly stderr: ChildProcess['stderr']
  private hasExited = false

  constructor(private readonly child: ChildProcess) {
    super()
    this.stdout = child.stdout
    this.stderr = child.stderr
    setImmediate(() => {
      if (this.hasExited || child.pid === undefined) return
      this.pid = child.pid
      this.emit('spawn')
    })
    child.on('message', (message) => this.emit('message', message))
    child.on('exit', (code, signal) => {
      this.hasExited = true
      this.pid = undefined
      this.emit('exit', code ?? (signal === 'SIGKILL' ? 9 : 15))
    })
  }

  postMessage(message: object): void {
    if (this.hasExited) throw new Error('posted to a utility process that has exited')
    this.child.send(message, () => undefined)
  }

  kill(): boolean {
    return killChild(this.child, 'SIGTERM')
  }
}

/** What `import('electron')` gives the code under test. */
export class ElectronStandIn {
  private readonly folder = mkdtempSync(path.join(tmpdir(), 'stillwave-utility-'))
  private readonly preload = writeParentPort(this.folder)
  readonly forked: ForkOptions[] = []
  readonly utilityProcess = {
    fork: (modulePath: string, args: readonly string[], options: ForkOptions): UtilityProcessStandIn => {
      this.forked.push(options)
      const child = fork(modulePath, [...args], {
        execArgv: [...(options.execArgv ?? []), '--import', this.preload],
        env: options.env,
        stdio: ['ignore', options.stdio?.[1] ?? 'inherit', options.stdio?.[2] ?? 'inherit', 'ipc']
      })
      return new UtilityProcessStandIn(child)
    }
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}
