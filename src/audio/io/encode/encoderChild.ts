import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import type { Writable } from 'node:stream'
import { EndSignal } from '../../../shared/processes/endSignal'
import { killChild } from '../../../shared/processes/killChild'
import { AppError } from '../../../shared/errors/appError'
import type { ErrorCode } from '../../../shared/errors/appError'
import type { ChildCommand } from '../ffmpeg/ffmpegCommand'

const MAX_KEPT_STDERR_CHARS = 16 * 1024
const MAX_RSS_BYTES = 512 * 1024 * 1024
const RSS_WATCH_MS = 500
const TICK_MS = 100

/** How long to wait for the encoder to take more, and at the end for it to be done. */
export interface EncoderLimits {
  readonly stallSec: number
  readonly endSec: number
}

/**
 * An ffmpeg process that is fed through its standard input; killed, with a typed reason, when it passes a limit. When this
 * process dies its input ends, and so does it.
 */
export class EncoderChild {
  private readonly child: ChildProcess
  private readonly stdin: Writable
  private readonly closed = new EndSignal()
  private readonly watch: NodeJS.Timeout
  private readonly limits: EncoderLimits
  private failure: AppError | null = null
  private isSoundlyExited = false
  private exitText = ''
  private kept = ''

  /** `tags` goes in at file descriptor 3, where it is not null. */
  constructor(
    command: ChildCommand,
    private readonly path: string,
    options: { readonly limits: EncoderLimits; readonly tags: string | null }
  ) {
    this.limits = options.limits
    this.child = spawn(command.file, command.args, {
      cwd: command.cwd,
      env: command.env,
      shell: false,
      windowsHide: true,
      stdio: ['pipe', 'ignore', 'pipe', ...(options.tags === null ? [] : ['pipe' as const])]
    })
    // Pipes by the `stdio` above.
    const stdin = this.child.stdin!
    const stderr = this.child.stderr!
    const tagPipe = this.child.stdio[3] as Writable | undefined
    this.stdin = stdin
    // Who writes to a process that has gone gets EPIPE: why it has gone is told by its exit.
    stdin.on('error', () => undefined)
    tagPipe?.on('error', () => undefined)
    tagPipe?.end(options.tags)
    stderr.setEncoding('utf8').on('data', (text: string) => {
      this.kept = (this.kept + text).slice(-MAX_KEPT_STDERR_CHARS)
    })
    this.listen()
    this.watch = setInterval(() => void this.watchMemory(), RSS_WATCH_MS).unref()
  }

  /** Resolves when the encoder has room for more. The bytes may be used again then. Throws why it cannot go on. */
  async write(bytes: Uint8Array): Promise<void> {
    this.throwFailure()
    const taken = new Promise<void>((done) => {
      this.stdin.write(bytes, () => {
        done()
      })
    })
    await this.withTimeLimit(this.closed.orEnd(taken), this.limits.stallSec)
    this.throwFailure()
    if (this.closed.isOver) throw this.refusal()
  }

  /** Ends the input and waits for exit code 0; throws what the encoder says otherwise. */
  async finish(): Promise<void> {
    this.stdin.end()
    await this.withTimeLimit(this.closed.reached(), this.limits.endSec)
    this.throwFailure()
    if (!this.isSoundlyExited) throw this.refusal()
  }

  /** Kills the process if it still runs and waits until it is gone. */
  async close(): Promise<void> {
    if (!this.closed.isOver) killChild(this.child)
    this.stdin.destroy()
    await this.closed.reached()
  }

  private listen(): void {
    this.child.once('error', (error) => {
      // A process that never started emits no close.
      this.stop(new AppError('E_NO_FFMPEG', { path: this.path, detail: error.message }, error))
      this.end()
    })
    this.child.once('close', (code, signal) => {
      this.isSoundlyExited = code === 0
      this.exitText = signal === null ? `exit code ${code ?? ''}` : `signal ${signal}`
      this.end()
    })
  }

  private end(): void {
    clearInterval(this.watch)
    this.closed.end()
  }

  private stop(reason: AppError): void {
    this.failure ??= reason
    killChild(this.child)
  }

  private throwFailure(): void {
    if (this.failure !== null) throw this.failure
  }

  private refusal(): AppError {
    const lines = this.kept.trim().split('\n')
    const detail = `the encoder gave up (${this.exitText}): ${(lines.at(-1) ?? '').slice(0, 300)}`
    return new AppError(codeFor(this.kept), { path: this.path, detail })
  }

  /** Waits in ticks, none of which counts for more than two: while a model blocks this thread the encoder is not to blame. */
  private async withTimeLimit(event: Promise<void>, limitSec: number): Promise<void> {
    let waitedMs = 0
    let lastMs = performance.now()
    let timer: NodeJS.Timeout | undefined
    const timeout = new Promise<void>((done) => {
      timer = setInterval(() => {
        const nowMs = performance.now()
        waitedMs += Math.min(nowMs - lastMs, 2 * TICK_MS)
        lastMs = nowMs
        if (waitedMs < limitSec * 1000) return
        this.stop(new AppError('E_TIMEOUT', { path: this.path, detail: 'the encoder' }))
        done()
      }, TICK_MS)
    })
    await Promise.race([event, timeout])
    clearInterval(timer)
  }

  private async watchMemory(): Promise<void> {
    const { pid } = this.child
    if (process.platform !== 'linux' || pid === undefined) return
    // The process may be gone by now: then there is nothing to watch.
    const status = await readFile(`/proc/${pid}/status`, 'latin1').catch(() => '')
    const rssBytes = Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024
    if (rssBytes > MAX_RSS_BYTES) this.stop(new AppError('E_MEMORY', { path: this.path, detail: 'the encoder' }))
  }
}

/** The texts of AVERROR codes are strerror's in the C locale. */
function codeFor(said: string): ErrorCode {
  if (/No space left on device|Disk quota exceeded|File too large/.test(said)) return 'E_DISK_FULL'
  if (/Permission denied|Read-only file system/.test(said)) return 'E_READ_ONLY'
  return said.includes('Cannot allocate memory') ? 'E_MEMORY' : 'E_IO'
}
