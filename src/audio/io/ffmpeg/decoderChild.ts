import { spawn } from 'node:child_process'
import type { ChildProcessByStdio } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { EndSignal } from '../../../shared/processes/endSignal'
import { killChild } from '../../../shared/processes/killChild'
import { AppError } from '../../../shared/errors/appError'
import type { ChildCommand } from './ffmpegCommand'

const MAX_KEPT_STDERR_CHARS = 16 * 1024
const MAX_STDERR_BYTES = 16 * 1024 * 1024
const MAX_RSS_BYTES = 512 * 1024 * 1024
const RSS_WATCH_MS = 200
const TICK_MS = 100

/** How a child may use its time: waiting for it counts, our own work between reads does not. */
export interface TimeLimits {
  /** Longest wait for the next bytes. */
  readonly stallSec: number
  /** Waiting in all: this much, and as long again as the audio that came out. */
  readonly baseSec: number
}

export const DEFAULT_TIME_LIMITS: TimeLimits = { stallSec: 20, baseSec: 25 }

/** One ffmpeg or ffprobe process whose stdout is pulled, never pushed; killed, with a typed reason, when it passes a limit. */
export class DecoderChild {
  private readonly child: ChildProcessByStdio<null, Readable, Readable>
  private readonly closed = new EndSignal()
  private readonly watch: NodeJS.Timeout
  private failure: AppError | null = null
  private kept = ''
  private lineTail = ''
  private stderrBytes = 0
  private waitedMs = 0
  private isSoundlyExited = false
  private exitText = ''
  /** A message of level error was seen: exit code 0 does not mean that all is well (RELIABILITY finding 1). */
  sawError = false

  constructor(
    command: ChildCommand,
    private readonly path: string,
    private readonly limits: TimeLimits
  ) {
    this.child = spawn(command.file, command.args, {
      cwd: command.cwd,
      env: command.env,
      shell: false,
      windowsHide: true,
      stdio: ['ignore', 'pipe', 'pipe']
    })
    // Without a lasting listener Node, at the child's exit, lets flow away what was not read yet.
    this.child.stdout.on('readable', () => undefined)
    this.child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.takeStderr(text)
    })
    this.child.once('error', (error) => {
      // A process that never started emits no close.
      this.stop(new AppError('E_NO_FFMPEG', { path, detail: error.message }, error))
      this.end()
    })
    this.child.once('close', (code, signal) => {
      this.isSoundlyExited = code === 0
      this.exitText = signal === null ? `exit code ${code ?? ''}` : `signal ${signal}`
      this.end()
    })
    this.watch = setInterval(() => void this.watchMemory(), RSS_WATCH_MS).unref()
  }

  /** What it said, at most 16 KiB. */
  get stderr(): string {
    return this.kept
  }

  /** Exited by itself with code 0; known once `read` has returned null. */
  get exitedWell(): boolean {
    return this.isSoundlyExited && this.failure === null
  }

  /** How it ended, for a message. */
  get ending(): string {
    return this.exitText
  }

  /** The next bytes of stdout; null once the process has closed. Throws the reason where a limit was passed. */
  async read(audioSecSoFar: number): Promise<Buffer | null> {
    for (;;) {
      this.throwFailure()
      const chunk = this.child.stdout.read() as Buffer | null
      if (chunk !== null) return chunk
      if (this.child.stdout.readableEnded || this.child.stdout.destroyed) break
      await this.waitForMore(audioSecSoFar)
    }
    await this.withTimeLimit(this.closed.reached(), audioSecSoFar)
    this.throwFailure()
    return null
  }

  /** Kills the process if it still runs and waits until it is gone. */
  async close(): Promise<void> {
    if (!this.closed.isOver) killChild(this.child)
    this.child.stdout.destroy()
    await this.closed.reached()
  }

  /** Kills the process; the next `read` throws `reason`. */
  stop(reason: AppError): void {
    this.failure ??= reason
    killChild(this.child)
  }

  private end(): void {
    clearInterval(this.watch)
    this.closed.end()
  }

  private throwFailure(): void {
    if (this.failure !== null) throw this.failure
  }

  private async waitForMore(audioSecSoFar: number): Promise<void> {
    const { stdout } = this.child
    let wake: () => void = () => undefined
    const more = new Promise<void>((done) => {
      wake = done
      stdout.once('readable', done).once('end', done).once('close', done)
    })
    try {
      await this.withTimeLimit(this.closed.orEnd(more), audioSecSoFar)
    } finally {
      stdout.off('readable', wake).off('end', wake).off('close', wake)
    }
  }

  /**
   * Waits in ticks, none of which counts for more than two: while a model blocks this thread, or the machine sleeps, the
   * child cannot be blamed for bytes that nobody took.
   */
  private async withTimeLimit(event: Promise<void>, audioSecSoFar: number): Promise<void> {
    const budgetMs = (this.limits.baseSec + audioSecSoFar) * 1000
    let stalledMs = 0
    let lastMs = performance.now()
    const tick = (): void => {
      const nowMs = performance.now()
      const stepMs = Math.min(nowMs - lastMs, 2 * TICK_MS)
      lastMs = nowMs
      stalledMs += stepMs
      this.waitedMs += stepMs
    }
    let timer: NodeJS.Timeout | undefined
    const timeout = new Promise<void>((done) => {
      timer = setInterval(() => {
        tick()
        if (stalledMs < this.limits.stallSec * 1000 && this.waitedMs < budgetMs) return
        this.stop(new AppError('E_TIMEOUT', { path: this.path }))
        done()
      }, TICK_MS)
    })
    await Promise.race([event, timeout])
    clearInterval(timer)
    tick()
  }

  private takeStderr(text: string): void {
    this.stderrBytes += text.length
    if (this.kept.length < MAX_KEPT_STDERR_CHARS) this.kept += text.slice(0, MAX_KEPT_STDERR_CHARS - this.kept.length)
    const seen = this.lineTail + text
    this.sawError ||= /\[(?:error|fatal|panic)\]/.test(seen)
    this.lineTail = seen.slice(-16)
    if (this.stderrBytes > MAX_STDERR_BYTES) {
      this.stop(new AppError('E_CORRUPT', { path: this.path, detail: 'the decoder complained without end' }))
    }
  }

  /** Second line behind the address space limit; only where /proc tells. */
  private async watchMemory(): Promise<void> {
    const { pid } = this.child
    if (process.platform !== 'linux' || pid === undefined) return
    // The process may be gone by now: then there is nothing to watch.
    const status = await readFile(`/proc/${pid}/status`, 'latin1').catch(() => '')
    const rssBytes = Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024
    if (rssBytes > MAX_RSS_BYTES) this.stop(new AppError('E_MEMORY', { path: this.path, detail: 'the decoder' }))
  }
}
