import { MediaEvent, type MediaRequest } from '../../media/protocol'
import { describeExit, type KillReason } from './engineErrors'
import type { MediaTransport } from './mediaTransport'
import type { ExitInfo } from './processTransport'
import { SilenceMeter } from './silence'

type EventOf<T extends MediaEvent['type']> = Extract<MediaEvent, { type: T }>
export type ConfiguredEvent = EventOf<'configured'>
export type ProbedEvent = EventOf<'probed'>
export type ClipProgressEvent = EventOf<'clipProgress'>
/** What answers the requests of clips and excerpts. */
export type ClipAnswer = Exclude<MediaEvent, ConfiguredEvent | ClipProgressEvent>
/** What is answered. */
export type Question = Extract<MediaRequest, { id: number }>
export type ClipQuestion = Exclude<Question, { type: 'configure' | 'probe' | 'cancel' }>

/** Deadlines; the defaults are the product's, tests shorten them. */
export interface MediaLimits {
  readonly shutdownMs: number
  /** Without any answer while something was asked: longer than a child of ffmpeg may take. */
  readonly silentSec: number
  /** The same until its first answer: a program that starts on a busy machine. */
  readonly silentAtStartSec: number
  /** The same while an excerpt is cut: hours of a compressed file are decoded for it, and nothing is told of that. */
  readonly silentExcerptSec: number
  readonly tickMs: number
  /** How long a process that cannot be had is not tried again. */
  readonly restMs: number
}

export const MEDIA_LIMITS: MediaLimits = {
  shutdownMs: 2000,
  silentSec: 45,
  silentAtStartSec: 60,
  silentExcerptSec: 300,
  tickMs: 1000,
  restMs: 30_000
}

/** How a process ended. */
export interface MediaEnd {
  readonly reason: KillReason | null
  /** In a few words, for a report. */
  readonly detail: string
}

export interface MediaListener {
  onConfigured(event: ConfiguredEvent): void
  onAnswer(event: ClipAnswer): void
  onClipProgress(event: ClipProgressEvent): void
  onEnd(end: MediaEnd): void
}

/** One life of the media process: what was asked of it, and the watch over its answers. Never reused after its end. */
export class MediaProcess {
  /** Resolves at the exit event. */
  readonly exited: Promise<void>
  private settleExited!: () => void
  private readonly asked = new Map<number, Question['type']>()
  private readonly meter: SilenceMeter
  private readonly ticker: NodeJS.Timeout
  private killReason: KillReason | null = null
  private hasAnswered = false

  constructor(
    private readonly transport: MediaTransport,
    private readonly limits: MediaLimits,
    private readonly listener: MediaListener
  ) {
    this.meter = new SilenceMeter((2 * limits.tickMs) / 1000, monotonicSec())
    this.exited = new Promise((resolve) => (this.settleExited = resolve))
    this.ticker = setInterval(() => {
      this.checkSilence()
    }, limits.tickMs)
    transport.onMessage((message) => {
      this.receive(message)
    })
    transport.onExit((exit) => {
      this.end(exit)
    })
  }

  get pid(): number | undefined {
    return this.transport.pid
  }

  /** False once it has ended or is being ended: nothing may be asked of it any more. */
  get usable(): boolean {
    return this.killReason === null && this.transport.isAlive
  }

  /** Asks for an answer that carries the request's id. */
  ask(request: Exclude<Question, { type: 'cancel' }>): void {
    // Silence counts from the question on, not from the last answer before an idle hour.
    if (this.asked.size === 0) this.meter.heard(monotonicSec())
    this.asked.set(request.id, request.type)
    this.transport.send(request)
  }

  cancel(id: number): void {
    if (this.asked.has(id)) this.transport.send({ type: 'cancel', id })
  }

  closeClip(clipId: number): void {
    this.transport.send({ type: 'closeClip', clipId })
  }

  kill(reason: KillReason): void {
    this.killReason ??= reason
    this.transport.kill()
  }

  /** Asks the process to end, and makes it end when it does not. */
  async shutdown(): Promise<void> {
    this.killReason ??= 'shutdown'
    this.transport.send({ type: 'shutdown' })
    const deadline = setTimeout(() => {
      this.transport.kill()
    }, this.limits.shutdownMs)
    await this.exited
    clearTimeout(deadline)
  }

  private receive(message: unknown): void {
    const parsed = MediaEvent.safeParse(message)
    if (!parsed.success) {
      // It may have been the answer that somebody waits for.
      this.kill('unreadable message')
      return
    }
    const event = parsed.data
    this.meter.heard(monotonicSec())
    this.hasAnswered = true
    if (event.type === 'clipProgress') this.listener.onClipProgress(event)
    else if (!this.asked.delete(event.id)) return
    else if (event.type === 'configured') this.listener.onConfigured(event)
    else this.listener.onAnswer(event)
  }

  private checkSilence(): void {
    const silentSec = this.meter.advance(monotonicSec())
    if (this.asked.size > 0 && silentSec > this.allowedSec()) this.kill('silent')
  }

  private allowedSec(): number {
    const { silentSec, silentAtStartSec, silentExcerptSec } = this.limits
    if (!this.hasAnswered) return silentAtStartSec
    return [...this.asked.values()].includes('excerpt') ? silentExcerptSec : silentSec
  }

  private end(exit: ExitInfo): void {
    clearInterval(this.ticker)
    this.listener.onEnd({ reason: this.killReason, detail: describeExit(this.killReason, exit) })
    this.settleExited()
  }
}

function monotonicSec(): number {
  return performance.now() / 1000
}
