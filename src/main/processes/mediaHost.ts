import { setMaxListeners } from 'node:events'
import type { FoundFfmpeg } from '../../media/protocol'
import { AppError, type ErrorPayload } from '../../shared/errors/appError'
import type { Probe } from '../../shared/jobs/job'
import {
  MEDIA_LIMITS,
  MediaProcess,
  type ConfiguredEvent,
  type MediaEnd,
  type MediaLimits,
  type ProbedEvent
} from './mediaProcess'
import type { OpenMediaTransport } from './mediaTransport'

/** There is no media process, and trying again at once would not help. */
export class MediaUnavailable extends AppError {
  constructor(detail: string) {
    super('E_INTERNAL', { detail: `the media process cannot be had: ${detail}` })
    this.name = 'MediaUnavailable'
  }
}

/** Which ffmpeg is in use; where one was set that does not work, why. */
export interface FfmpegStatus {
  readonly ffmpeg: FoundFfmpeg | null
  readonly error: ErrorPayload | null
}

/** Probes in the process's hands: enough to keep it busy, few enough to be run again one by one after a crash. */
const WINDOW = 64
/** A path may be in two crashes; the second time it was alone. */
const MAX_CRASHES = 2
/** Crashes in a row that different files are to blame for, and crashes in a row at all, after which it is given a rest. */
const MAX_FAILURES = 3
const MAX_ENDS = 8

interface Asked {
  readonly path: string
  readonly resolve: (probe: Probe) => void
  readonly reject: (error: AppError) => void
  crashes: number
  /** Nobody waits for it any more. */
  withdrawn: boolean
}

interface FfmpegWait {
  readonly resolve: (status: FfmpegStatus) => void
  readonly reject: (error: AppError) => void
}

/**
 * Owns the one media process: starts it when something is asked, and again by need after a crash; then what it had in its hands
 * runs one by one, so that only the file that ends it is to blame. Nothing is posted from an exit listener.
 */
export class MediaHost {
  private process: MediaProcess | null = null
  private ffmpegPath: string | null = null
  /** The id of the `configure` that stands for the present setting; 0 before it was sent to this process. */
  private configureId = 0
  private status: FfmpegStatus | null = null
  private lastId = 0
  private waiting: Asked[] = []
  private suspects: Asked[] = []
  private readonly inFlight = new Map<number, Asked>()
  private ffmpegWaits: FfmpegWait[] = []
  private readonly listeners = new Set<(status: FfmpegStatus) => void>()
  private wantsFfmpeg = false
  private isAlone = false
  private failures = 0
  private ends = 0
  private resting: { readonly untilMs: number; readonly error: MediaUnavailable } | null = null
  private closing: Promise<void> | null = null

  constructor(
    private readonly open: OpenMediaTransport,
    private readonly limits: MediaLimits = MEDIA_LIMITS
  ) {}

  get pid(): number | undefined {
    return this.process?.pid
  }

  /**
   * What a file is, or why it cannot be told. Rejects with `E_CANCELLED` (the signal, {@link close}) and
   * {@link MediaUnavailable}; a file that ends the process twice is answered with a typed error like any other bad file.
   */
  probe(path: string, signal?: AbortSignal): Promise<Probe> {
    return new Promise((resolve, reject) => {
      const refusal = signal?.aborted ? new AppError('E_CANCELLED', { path }) : this.refusal()
      if (refusal !== null) {
        reject(refusal)
        return
      }
      const abort = (): void => {
        this.withdraw(asked)
        reject(new AppError('E_CANCELLED', { path }))
      }
      const settled = <T>(settle: (value: T) => void) => {
        return (value: T): void => {
          signal?.removeEventListener('abort', abort)
          settle(value)
        }
      }
      const asked: Asked = { path, resolve: settled(resolve), reject: settled(reject), crashes: 0, withdrawn: false }
      // Thousands of probes may share one signal: that is no leak.
      if (signal) setMaxListeners(0, signal)
      signal?.addEventListener('abort', abort, { once: true })
      this.waiting.push(asked)
      this.pump()
    })
  }

  /** Which ffmpeg to use from now on; null looks beside the app and on PATH. What is found is told by {@link onFfmpeg}. */
  setFfmpeg(path: string | null): void {
    this.ffmpegPath = path
    this.status = null
    this.configureId = 0
    this.wantsFfmpeg = true
    // Somebody acts: that is worth a try.
    this.resting = null
    this.pump()
  }

  /** What was found for the present setting, as soon as that is known. Rejects like {@link probe}. */
  ffmpeg(): Promise<FfmpegStatus> {
    if (this.status !== null) return Promise.resolve(this.status)
    const refusal = this.refusal()
    if (refusal !== null) return Promise.reject(refusal)
    this.wantsFfmpeg = true
    return new Promise((resolve, reject) => {
      this.ffmpegWaits.push({ resolve, reject })
      this.pump()
    })
  }

  /** Tells what was found, after each {@link setFfmpeg} and each start of the process; the answer ends that. */
  onFfmpeg(listener: (status: FfmpegStatus) => void): () => void {
    this.listeners.add(listener)
    return () => {
      this.listeners.delete(listener)
    }
  }

  /** Ends the process: by message, then by force. What was asked rejects with `E_CANCELLED`. */
  close(): Promise<void> {
    this.closing ??= (async () => {
      this.rejectAll(new AppError('E_CANCELLED'))
      await this.process?.shutdown()
    })()
    return this.closing
  }

  private refusal(): AppError | null {
    if (this.closing !== null) return new AppError('E_CANCELLED')
    if (this.resting !== null && performance.now() < this.resting.untilMs) return this.resting.error
    this.resting = null
    return null
  }

  /** Sends what there is room for; starts the process where something waits for it. */
  private pump(): void {
    if (this.closing !== null || this.resting !== null || !this.hasNeed()) return
    this.process ??= this.spawn()
    const { process } = this
    // One on its way out: its end comes first, and pumps again.
    if (!process.usable) return
    if (this.configureId === 0) {
      this.configureId = ++this.lastId
      process.ask({ type: 'configure', id: this.configureId, ffmpegPath: this.ffmpegPath })
    }
    // Until it has answered once nobody can be blamed for its end.
    if (this.status === null) return
    for (let asked = this.next(); asked; asked = this.next()) {
      const id = ++this.lastId
      this.inFlight.set(id, asked)
      process.ask({ type: 'probe', id, path: asked.path })
    }
  }

  private hasNeed(): boolean {
    return this.waiting.length > 0 || this.suspects.length > 0 || this.wantsFfmpeg
  }

  private next(): Asked | undefined {
    if (this.inFlight.size > 0 && (this.suspects.length > 0 || this.isAlone)) return undefined
    const suspect = takeWanted(this.suspects)
    this.isAlone = suspect !== undefined
    if (suspect) return suspect
    return this.inFlight.size < WINDOW ? takeWanted(this.waiting) : undefined
  }

  private spawn(): MediaProcess {
    this.configureId = 0
    this.status = null
    return new MediaProcess(this.open(), this.limits, {
      onConfigured: (event) => {
        this.configured(event)
      },
      onProbed: (event) => {
        this.probed(event)
      },
      onEnd: (end) => {
        this.ended(end)
      }
    })
  }

  private configured(event: ConfiguredEvent): void {
    if (event.id !== this.configureId) return
    const status = { ffmpeg: event.ffmpeg, error: event.error }
    this.status = status
    this.wantsFfmpeg = false
    for (const wait of this.ffmpegWaits.splice(0)) wait.resolve(status)
    for (const listener of [...this.listeners]) listener(status)
    this.pump()
  }

  private probed({ id, probe }: ProbedEvent): void {
    this.failures = 0
    this.ends = 0
    const asked = this.inFlight.get(id)
    this.inFlight.delete(id)
    asked?.resolve(probe)
    this.pump()
  }

  private ended(end: MediaEnd): void {
    const wasReady = this.status !== null
    const victims = [...this.inFlight.values()]
    this.process = null
    this.inFlight.clear()
    this.isAlone = false
    this.wantsFfmpeg ||= this.ffmpegWaits.length > 0
    if (this.closing !== null) return
    const known = victims.length > 0 && victims.every(({ crashes }) => crashes > 0)
    this.ends++
    if (!known) this.failures++
    for (const victim of victims) this.blame(victim, end, wasReady)
    if (this.failures >= MAX_FAILURES || this.ends >= MAX_ENDS) this.rest(end)
    // Not from here: this is the old one's exit listener.
    else
      setImmediate(() => {
        this.pump()
      })
  }

  private blame(victim: Asked, end: MediaEnd, wasReady: boolean): void {
    if (wasReady) victim.crashes++
    if (victim.crashes < MAX_CRASHES) {
      this.suspects.push(victim)
      return
    }
    const code = end.reason === 'silent' ? 'E_TIMEOUT' : 'E_ENGINE_CRASH'
    victim.resolve({ ok: false, error: { code, data: { path: victim.path, detail: end.detail } } })
  }

  /** Three different troubles in a row are the process's own. */
  private rest(end: MediaEnd): void {
    const error = new MediaUnavailable(end.detail)
    this.resting = { untilMs: performance.now() + this.limits.restMs, error }
    this.failures = 0
    this.ends = 0
    this.wantsFfmpeg = false
    this.rejectAll(error)
  }

  private rejectAll(error: AppError): void {
    const asked = [...this.waiting, ...this.suspects, ...this.inFlight.values()]
    this.waiting = []
    this.suspects = []
    this.inFlight.clear()
    for (const { reject } of asked) reject(error)
    for (const { reject } of this.ffmpegWaits.splice(0)) reject(error)
  }

  private withdraw(asked: Asked): void {
    asked.withdrawn = true
    // It keeps its place in the window until the process has answered: the answer goes nowhere.
    for (const [id, other] of this.inFlight) if (other === asked) this.process?.cancel(id)
  }
}

/** The first that somebody still waits for. */
function takeWanted(queue: Asked[]): Asked | undefined {
  for (let asked = queue.shift(); asked; asked = queue.shift()) if (!asked.withdrawn) return asked
  return undefined
}
