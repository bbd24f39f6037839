import { fork, type ChildProcess } from 'node:child_process'
import type { EngineRequest } from '../../engine/protocol'
import type { EngineTransport, ExitInfo } from './engineTransport'

const LAST_WORDS_BYTES = 2000

/**
 * glibc keeps what big buffers leave behind; mapped one by one they go back to the system at once. Measured over 110 short files:
 * growth after the tenth 12 MB without, 4 MB with, for 5 % more CPU time. Other systems do not read these.
 */
const MALLOC_SETTINGS = { MALLOC_MMAP_THRESHOLD_: '65536', MALLOC_TRIM_THRESHOLD_: '131072' }

/**
 * A small young generation: V8 grows it in the course of minutes otherwise. Measured with a width-4 model: peaks of 116 / 123 MB
 * for 10 / 40 minutes of audio without, 110 / 111 MB with.
 */
const V8_SETTINGS = ['--max-semi-space-size=2']

/** The engine under `child_process.fork`: for the command line and the tests. `modulePath` is the built engine entry. */
export function forkTransport(modulePath: string): EngineTransport {
  const child = fork(modulePath, [], {
    serialization: 'json',
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    execArgv: [...V8_SETTINGS],
    env: { ...process.env, ...MALLOC_SETTINGS }
  })
  return new ForkTransport(child)
}

class ForkTransport implements EngineTransport {
  private lastWords = ''
  private ended = false
  private exitListener: ((info: ExitInfo) => void) | null = null

  constructor(private readonly child: ChildProcess) {
    // Unread pipes fill and block the child.
    child.stdout?.resume()
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.lastWords = (this.lastWords + text).slice(-LAST_WORDS_BYTES)
    })
    child.once('exit', (code, signal) => {
      this.end(code, signal)
    })
    // Without a pid nothing was started and no exit event will come; every other error is followed by one.
    child.on('error', (error) => {
      this.lastWords = (this.lastWords + error.message).slice(-LAST_WORDS_BYTES)
      if (child.pid === undefined) this.end(null, null)
    })
  }

  get pid(): number | undefined {
    return this.child.pid
  }

  send(message: EngineRequest): void {
    if (this.ended || !this.child.connected) return
    // The callback keeps a broken channel from becoming an 'error' event; the exit event is the truth about it.
    this.child.send(message, () => undefined)
  }

  onMessage(listener: (message: unknown) => void): void {
    this.child.on('message', listener)
  }

  onExit(listener: (info: ExitInfo) => void): void {
    this.exitListener = listener
  }

  kill(): void {
    if (!this.ended) this.child.kill('SIGKILL')
  }

  private end(code: number | null, signal: string | null): void {
    if (this.ended) return
    this.ended = true
    this.exitListener?.({ code, signal, lastWords: this.lastWords.trim() })
  }
}
