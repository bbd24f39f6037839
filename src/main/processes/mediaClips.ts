import type { ClipFacts, Excerpt, MediaRequest } from '../../media/protocol'
import { AppError, toAppError } from '../../shared/errors/appError'
import { blameOf, MAX_CRASHES } from './mediaBlame'
import { MediaClip, type ClipProgressListener, type ClipSpec } from './mediaClip'
import type { ClipAnswer, ClipProgressEvent, ClipQuestion, MediaEnd, MediaProcess } from './mediaProcess'
import type { QueueOwner } from './probeQueue'

export type AnswerType = Exclude<ClipAnswer['type'], 'probed'>
export type ValueOf<T extends AnswerType> = Extract<Extract<ClipAnswer, { type: T }>['result'], { ok: true }>['value']

type Without<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never
/** A request of an open clip, before it is known which process and which clip of it that will be. */
export type ClipWish = Without<Exclude<ClipQuestion, { type: 'openClip' | 'excerpt' }>, 'id' | 'clipId'>
export type ExcerptWish = Omit<Extract<MediaRequest, { type: 'excerpt' }>, 'type' | 'id'>

/** What may be to blame for a crash: a clip, or a file that an excerpt is cut from. */
interface Suspect {
  readonly path: string
  crashes: number
}

/** A clip as the processes have it, one after the other. */
export interface ClipState extends Suspect {
  readonly spec: ClipSpec
  readonly onProgress: ClipProgressListener
  /** Its number in the present process; null where it is not open there. */
  clipId: number | null
  isOpen: boolean
  /** The process works on it unasked. */
  isReading: boolean
  facts: ClipFacts | null
  /** Nothing comes of it any more, and this is why. */
  error: AppError | null
}

interface Asked {
  readonly suspect: Suspect
  readonly clip: ClipState | null
  /** Null where the clip only has to be open. */
  readonly question: ((id: number, clipId: number) => ClipQuestion) | null
  readonly resolve: (event: ClipAnswer | null) => void
  readonly reject: (error: AppError) => void
  /** Nobody waits for it any more. */
  isOver: boolean
}

export interface ClipsOwner extends QueueOwner {
  closeClip(clipId: number): void
  /** Why nothing can be asked now. */
  refusal(): AppError | null
}

/**
 * Requests of the player: past the probes that wait. After a crash a clip is opened again in the next process as soon as
 * something is asked of it; one that is at work in two crashes in a row is given up. While one is on trial no probe runs, so
 * that no other file is blamed for it.
 */
export class MediaClips {
  private waiting: Asked[] = []
  private readonly inFlight = new Map<number, Asked>()
  private readonly opening = new Map<number, ClipState>()
  private readonly clips = new Set<ClipState>()

  constructor(private readonly owner: ClipsOwner) {}

  get hasNeed(): boolean {
    return this.waiting.length > 0
  }

  get isBusy(): boolean {
    return this.working().length > 0
  }

  /** All at work was in a crash before: whose fault the next one is, is known. */
  get isKnown(): boolean {
    return this.working().every(({ crashes }) => crashes > 0)
  }

  get isOnTrial(): boolean {
    return [...this.working(), ...this.waiting.map(({ suspect }) => suspect)].some(({ crashes }) => crashes > 0)
  }

  /** See {@link MediaHost.openClip}. */
  async open(spec: ClipSpec, onProgress: ClipProgressListener, signal?: AbortSignal): Promise<MediaClip> {
    const clip: ClipState = {
      spec,
      onProgress,
      path: spec.originalPath,
      crashes: 0,
      clipId: null,
      isOpen: false,
      isReading: true,
      facts: null,
      error: null
    }
    this.clips.add(clip)
    try {
      await this.add({ suspect: clip, clip, question: null }, signal)
      if (clip.facts === null) throw new AppError('E_INTERNAL', { detail: 'a clip was opened without facts' })
      return new MediaClip(this, clip, clip.facts)
    } catch (thrown) {
      this.close(clip)
      throw thrown
    }
  }

  async ask<T extends AnswerType>(clip: ClipState, type: T, wish: ClipWish, signal?: AbortSignal): Promise<ValueOf<T>> {
    const question = (id: number, clipId: number): ClipQuestion => ({ ...wish, id, clipId })
    return valueOf(await this.add({ suspect: clip, clip, question }, signal), type)
  }

  async excerpt(wish: ExcerptWish, signal?: AbortSignal): Promise<Excerpt> {
    const suspect = { path: wish.path, crashes: 0 }
    const question = (id: number): ClipQuestion => ({ ...wish, type: 'excerpt', id })
    return valueOf(await this.add({ suspect, clip: null, question }, signal), 'excerpted')
  }

  /** What was asked of it fails with `E_CANCELLED`. */
  close(clip: ClipState): void {
    if (!this.clips.delete(clip)) return
    if (clip.clipId !== null) this.owner.closeClip(clip.clipId)
    this.giveUp(clip, new AppError('E_CANCELLED', { path: clip.path }))
  }

  /** Sends what can be sent. */
  pump(process: MediaProcess): void {
    const waiting = this.waiting
    this.waiting = []
    for (const asked of waiting) if (!this.send(asked, process)) this.waiting.push(asked)
  }

  /** False for an answer to something else. */
  answered(event: ClipAnswer): boolean {
    const opened = this.opening.get(event.id)
    this.opening.delete(event.id)
    if (opened) this.opened(opened, event)
    const asked = this.inFlight.get(event.id)
    this.inFlight.delete(event.id)
    if (asked) {
      asked.resolve(event)
      if (asked.clip) this.acquit(asked.clip)
    }
    return opened !== undefined || asked !== undefined
  }

  progressed({ clipId, fraction, readyFrames, error }: ClipProgressEvent): void {
    const clip = [...this.clips].find((other) => other.clipId === clipId)
    if (!clip) return
    clip.isReading = fraction < 1 && error === null
    this.acquit(clip)
    clip.onProgress({ fraction, readyFrames, error })
  }

  /** The process has ended; `wasReady`: what it was asked was in its hands. */
  ended(end: MediaEnd, wasReady: boolean): void {
    const working = this.working()
    const asked = [...this.inFlight.values()].filter(({ isOver }) => !isOver)
    this.shutAll()
    this.waiting = [...asked, ...this.waiting]
    if (!wasReady) return
    for (const suspect of working) {
      suspect.crashes++
      if (suspect.crashes >= MAX_CRASHES) this.convict(suspect, blameOf(suspect.path, end))
    }
    for (const clip of this.clips) if (clip.isReading && clip.facts && clip.error === null) this.reopen(clip)
  }

  /** Clips stay: they are opened again when there is a process. */
  rejectAll(error: AppError): void {
    const asked = [...this.waiting, ...this.inFlight.values()]
    this.shutAll()
    this.waiting = []
    for (const { reject } of asked) reject(error)
  }

  private shutAll(): void {
    this.inFlight.clear()
    this.opening.clear()
    for (const clip of this.clips) Object.assign(clip, { clipId: null, isOpen: false })
  }

  private add(
    wish: Pick<Asked, 'suspect' | 'clip' | 'question'>,
    signal: AbortSignal | undefined
  ): Promise<ClipAnswer | null> {
    return new Promise((resolve, reject) => {
      const { path } = wish.suspect
      const cancelled = new AppError('E_CANCELLED', { path })
      const isClosed = wish.clip !== null && !this.clips.has(wish.clip)
      const refusal = signal?.aborted || isClosed ? cancelled : (this.owner.refusal() ?? wish.clip?.error ?? null)
      if (refusal !== null) {
        reject(refusal)
        return
      }
      const abort = (): void => {
        this.withdraw(asked)
        asked.reject(cancelled)
      }
      const over = <T>(settle: (value: T) => void) => {
        return (value: T): void => {
          asked.isOver = true
          signal?.removeEventListener('abort', abort)
          settle(value)
        }
      }
      const asked: Asked = { ...wish, resolve: over(resolve), reject: over(reject), isOver: false }
      signal?.addEventListener('abort', abort, { once: true })
      this.waiting.push(asked)
      this.owner.pump()
    })
  }

  /** False where its clip has to be opened first. */
  private send(asked: Asked, process: MediaProcess): boolean {
    const { clip, question } = asked
    if (asked.isOver) return true
    if (clip && !clip.isOpen) {
      if (clip.clipId === null) this.openIn(process, clip)
      return false
    }
    if (question === null) {
      asked.resolve(null)
      return true
    }
    const id = this.owner.newId()
    this.inFlight.set(id, asked)
    process.ask(question(id, clip?.clipId ?? 0))
    return true
  }

  private openIn(process: MediaProcess, clip: ClipState): void {
    const [id, clipId] = [this.owner.newId(), this.owner.newId()]
    clip.clipId = clipId
    clip.isReading = true
    this.opening.set(id, clip)
    process.ask({ type: 'openClip', id, clipId, ...clip.spec })
  }

  private opened(clip: ClipState, event: ClipAnswer): void {
    if (!this.clips.has(clip)) return
    try {
      const facts = valueOf(event, 'clipOpened')
      if (clip.facts && !isSame(clip.facts, facts)) throw new AppError('E_SOURCE_CHANGED', { path: clip.path })
      clip.facts = facts
      clip.isOpen = true
    } catch (thrown) {
      if (clip.clipId !== null) this.owner.closeClip(clip.clipId)
      this.convict(clip, toAppError(thrown))
    }
  }

  /** It answered, and has nothing more to do: what it was suspected of it did not do. */
  private acquit(clip: ClipState): void {
    const isPending = this.waiting.some((asked) => asked.clip === clip)
    if (!isPending && !this.working().includes(clip)) clip.crashes = 0
  }

  private convict(suspect: Suspect, error: AppError): void {
    const clip = [...this.clips].find((other) => other === suspect)
    if (clip) Object.assign(clip, { error, clipId: null, isOpen: false, isReading: false })
    this.giveUp(suspect, error)
    // Before it was open once, its opener is told.
    if (clip?.facts) clip.onProgress({ fraction: 0, readyFrames: 0, error: error.toPayload() })
  }

  private giveUp(suspect: Suspect, error: AppError): void {
    const asked = [...this.waiting, ...this.inFlight.values()].filter((other) => other.suspect === suspect)
    this.waiting = this.waiting.filter((other) => other.suspect !== suspect)
    for (const { reject } of asked) reject(error)
  }

  /** Somebody waits for the rest of its reading. */
  private reopen(clip: ClipState): void {
    if (this.waiting.some((asked) => asked.clip === clip)) return
    const nobody = (): void => undefined
    this.waiting.push({ suspect: clip, clip, question: null, resolve: nobody, reject: nobody, isOver: false })
  }

  private withdraw(asked: Asked): void {
    this.waiting = this.waiting.filter((other) => other !== asked)
    // The answer goes nowhere.
    for (const [id, other] of this.inFlight) if (other === asked) this.owner.cancel(id)
  }

  /** What the process has to do with now. */
  private working(): Suspect[] {
    const clips = [...this.clips].filter((clip) => clip.clipId !== null && (!clip.isOpen || clip.isReading))
    return [...new Set<Suspect>([...clips, ...[...this.inFlight.values()].map(({ suspect }) => suspect)])]
  }
}

/** Throws what the process answered instead. */
function valueOf<T extends AnswerType>(event: ClipAnswer | null, type: T): ValueOf<T> {
  const result = event?.type === 'probed' ? event.probe : event?.result
  if (result && !result.ok) throw new AppError(result.error.code, result.error.data)
  if (event?.type !== type || result === undefined || !('value' in result)) {
    throw new AppError('E_INTERNAL', { detail: `${type} was answered by ${event?.type ?? 'nothing'}` })
  }
  return result.value
}

function isSame(a: ClipFacts, b: ClipFacts): boolean {
  return (
    a.sampleRateHz === b.sampleRateHz &&
    a.frames === b.frames &&
    a.channels === b.channels &&
    Buffer.from(a.header).equals(b.header)
  )
}
