import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { killChild } from '../../../shared/processes/killChild'

export interface LineChildOptions {
  readonly command: string
  readonly args: readonly string[]
  readonly onLine: (line: string) => void
  /** After an end it did not come to by itself, before it is started again; twice as long each time. */
  readonly restMs?: number
}

/** A program that ends so often in a row, each time this soon, is left alone. */
const MAX_FAILURES = 3
const SOON_MS = 30_000
const REST_MS = 2000
/** Who asks for the first time waits so long for the first line. */
const FIRST_LINE_MS = 3000

/** A program that runs as long as we do and tells in lines. Started by the first who asks; one that is not there is never tried again. */
export class LineChild {
  /** It is not on this machine. */
  isMissing = false
  private child: ChildProcess | null = null
  private first: Promise<void> | null = null
  private told: () => void = () => undefined
  private failures = 0
  private startedAt = 0
  private timer: NodeJS.Timeout | null = null
  private closed = false

  constructor(private readonly options: LineChildOptions) {}

  get isRunning(): boolean {
    return this.child !== null
  }

  /** Resolves at its first line, its first end, or after a while: from then on at once. */
  started(): Promise<void> {
    this.first ??= new Promise((resolve) => {
      const patience = setTimeout(resolve, FIRST_LINE_MS)
      this.told = () => {
        clearTimeout(patience)
        resolve()
      }
      this.start()
    })
    return this.first
  }

  close(): void {
    this.closed = true
    if (this.timer) clearTimeout(this.timer)
    this.told()
    if (this.child) killChild(this.child)
  }

  private start(): void {
    if (this.closed) return
    const { command, args, onLine } = this.options
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'ignore'], windowsHide: true })
    this.child = child
    this.startedAt = performance.now()
    child.on('error', (error) => {
      this.isMissing ||= 'code' in error && error.code === 'ENOENT'
      // Without a pid nothing was started, and no end will be told.
      if (child.pid === undefined) this.ended()
    })
    child.once('exit', () => {
      this.ended()
    })
    createInterface({ input: child.stdout }).on('line', (line) => {
      onLine(line)
      this.told()
    })
  }

  private ended(): void {
    this.child = null
    this.told()
    if (performance.now() - this.startedAt > SOON_MS) this.failures = 0
    this.failures++
    if (this.closed || this.isMissing || this.failures >= MAX_FAILURES) return
    this.timer = setTimeout(
      () => {
        this.start()
      },
      (this.options.restMs ?? REST_MS) * 2 ** (this.failures - 1)
    )
    this.timer.unref()
  }
}
