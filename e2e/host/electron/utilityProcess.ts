import { fork, type ChildProcess } from 'node:child_process'
import { constants } from 'node:os'
import { existsSync } from 'node:fs'
import { killChild } from '../../../src/shared/processes/killChild'
import { HostEmitter, HostEvent, refuse, strict } from '../refuse'
import { app } from './app'
import { children } from './utilities'

interface ForkOptions {
  readonly env?: NodeJS.ProcessEnv
  readonly execArgv?: readonly string[]
  readonly cwd?: string
  readonly stdio?: 'pipe' | 'ignore' | 'inherit' | readonly ('pipe' | 'ignore' | 'inherit')[]
  readonly serviceName?: string
  readonly respondToAuthRequestsFromMainProcess?: boolean
  readonly allowLoadingUnsignedLibraries?: boolean
}

const OPTIONS = new Set(['env', 'execArgv', 'cwd', 'stdio', 'serviceName', 'allowLoadingUnsignedLibraries'])

class HostUtility extends HostEmitter {
  readonly #child: ChildProcess
  #alive = true
  #spawned = false

  constructor(modulePath: string, args: readonly string[], options: ForkOptions) {
    super('utilityProcess', ['spawn', 'message', 'exit', 'error'])
    for (const name of Object.keys(options)) if (!OPTIONS.has(name)) refuse(`utilityProcess option ${name}`)
    const given = options.stdio ?? 'inherit'
    const stdio = typeof given === 'string' ? [given, given, given] : given
    const shim = new URL('./hostUtility.js', import.meta.url).href
    this.#child = fork(modulePath, [...args], {
      serialization: 'advanced',
      execArgv: [...(options.execArgv ?? []), '--import', shim],
      stdio: ['ignore', stdio[1] ?? 'inherit', stdio[2] ?? 'inherit', 'ipc'],
      env: options.env ?? process.env,
      ...(options.cwd === undefined ? {} : { cwd: options.cwd })
    })
    this.#listen(options.serviceName ?? 'Node Utility Process')
  }

  #listen(serviceName: string): void {
    const child = this.#child
    const entry = { pid: child.pid ?? 0, serviceName }
    child.once('spawn', () => {
      this.#spawned = true
      children.add(entry)
      this.emit('spawn')
    })
    child.on('message', (message) => this.emit('message', message))
    child.on('error', () => {
      this.#gone({ entry, code: 1, reason: 'launch-failed' })
    })
    // Output that is still in the pipes comes first: `exit` is the last word.
    child.once('exit', (code, signal) => {
      const number = signal === null ? (code ?? 0) : constants.signals[signal]
      const reason =
        signal === null ? 'abnormal-exit' : signal === 'SIGKILL' || signal === 'SIGTERM' ? 'killed' : 'crashed'
      this.#gone({ entry, code: number, reason })
    })
  }

  #gone({ entry, code, reason }: { entry: { pid: number; serviceName: string }; code: number; reason: string }): void {
    if (!this.#alive) return
    this.#alive = false
    children.delete(entry)
    this.emit('exit', code)
    if (code === 0) return
    const { serviceName } = entry
    const details = { type: 'Utility', reason, exitCode: code, serviceName, name: serviceName }
    app.emit('child-process-gone', new HostEvent(), details)
  }

  /** Between `spawn` and `exit` only, as in Electron. */
  get pid(): number | undefined {
    return this.#alive && this.#spawned ? this.#child.pid : undefined
  }

  get stdout(): ChildProcess['stdout'] {
    return this.#child.stdout
  }

  get stderr(): ChildProcess['stderr'] {
    return this.#child.stderr
  }

  /** To a process that is gone nothing is said, and nothing is thrown: as in Electron. */
  postMessage(message: unknown, transfer: readonly unknown[] = []): void {
    if (transfer.length > 0) refuse('utilityProcess transfer of ports')
    const cloned: unknown = structuredClone(message)
    if (this.#alive && this.#child.connected) this.#child.send(cloned as object, () => undefined)
  }

  kill(): boolean {
    return this.#alive && killChild(this.#child, 'SIGTERM')
  }
}

/** Electron's `utilityProcess`: a Node process of its own with `process.parentPort`. */
export const utilityProcess = strict('utilityProcess', {
  fork: (modulePath: string, args: readonly string[] = [], options: ForkOptions = {}): HostUtility => {
    if (!app.isReady()) throw new Error('utilityProcess cannot be created before app is ready.')
    if (!existsSync(modulePath)) throw new Error(`utilityProcess: no module ${modulePath}`)
    return strict('utilityProcess child', new HostUtility(modulePath, args, options))
  }
})
