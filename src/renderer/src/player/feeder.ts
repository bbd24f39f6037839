import { wrapped, type Loop, type Piece } from './frameQueue'
import type { ToPlayback } from './messages'

/** How far ahead the audio thread is kept, and how much is asked for at once; seconds. */
export const AHEAD_SEC = 8
const PIECE_SEC = 1
/** The first after a jump is short: it is waited for. */
const FIRST_SEC = 0.2

export interface FeederOptions {
  readonly frames: number
  readonly rateHz: number
  /** Interleaved samples of all signals. */
  readonly read: (startFrame: number, frames: number, signal: AbortSignal) => Promise<Float32Array>
  readonly send: (message: ToPlayback, transfer: Transferable[]) => void
  readonly onError: (thrown: unknown) => void
}

/** What to read next: frames, nothing as they are not there yet, or nothing as the file ends. */
export type Plan =
  { readonly kind: 'read'; readonly startFrame: number; readonly frames: number } | { readonly kind: 'wait' | 'end' }

export interface Ahead {
  readonly frames: number
  readonly readyFrames: number
  readonly loop: Loop | null
  readonly mostFrames: number
}

/** Pure: never over the loop's end, the file's end, or what has been decoded. */
export function planNext(cursor: number, { frames, readyFrames, loop, mostFrames }: Ahead): Plan {
  const at = wrapped(cursor, loop)
  if (at >= frames) return { kind: 'end' }
  if (at >= readyFrames) return { kind: 'wait' }
  const end = Math.min(loop && at < loop.toFrame ? loop.toFrame : frames, readyFrames)
  return { kind: 'read', startFrame: at, frames: Math.min(mostFrames, end - at) }
}

/** Reads ahead of the playhead and hands the frames to the audio thread: some seconds, whatever the length of the file. */
export class Feeder {
  readonly #options: FeederOptions
  #epoch = 0
  #cursor = 0
  #loop: Loop | null = null
  #ready = 0
  #sent = 0
  #heard = 0
  #isFirst = true
  #isHeld = true
  #hasEnded = false
  #isReading = false
  #abort = new AbortController()

  constructor(options: FeederOptions) {
    this.#options = options
  }

  /** Begins anew at a frame; what is on its way is given up. */
  restart(epoch: number, frame: number, loop: Loop | null): void {
    this.#begin(epoch, frame, { loop, queuedFrames: 0 })
    this.#isFirst = true
    void this.#pump()
  }

  /** Reads nothing until it is told where to go on. */
  hold(epoch: number, loop: Loop | null): void {
    this.#begin(epoch, this.#cursor, { loop, queuedFrames: 0 })
    this.#isHeld = true
  }

  /** Goes on after {@link hold}. */
  goOn(epoch: number, nextFrame: number, queuedFrames: number): void {
    if (epoch !== this.#epoch) return
    this.#begin(epoch, nextFrame, { loop: this.#loop, queuedFrames })
    void this.#pump()
  }

  /** So many frames of an epoch were heard. */
  heard(epoch: number, frames: number): void {
    if (epoch !== this.#epoch) return
    this.#heard = frames
    void this.#pump()
  }

  /** So many frames of the file can be read. */
  setReady(frames: number): void {
    this.#ready = frames
    void this.#pump()
  }

  close(): void {
    this.#abort.abort()
    this.#isHeld = true
  }

  #begin(epoch: number, cursor: number, now: { readonly loop: Loop | null; readonly queuedFrames: number }): void {
    this.#abort.abort()
    this.#abort = new AbortController()
    this.#epoch = epoch
    this.#cursor = cursor
    this.#loop = now.loop
    this.#sent = now.queuedFrames
    this.#heard = 0
    this.#isHeld = false
    this.#hasEnded = false
    this.#isReading = false
  }

  async #pump(): Promise<void> {
    if (this.#isReading || this.#isHeld || this.#hasEnded) return
    const { signal } = this.#abort
    this.#isReading = true
    try {
      while (!signal.aborted && (await this.#readOne(signal)));
    } catch (thrown) {
      if (signal.aborted) return
      this.#isHeld = true
      this.#options.onError(thrown)
    } finally {
      if (!signal.aborted) this.#isReading = false
    }
  }

  /** False where there is nothing to do for now. */
  async #readOne(signal: AbortSignal): Promise<boolean> {
    const { frames, rateHz, read, send } = this.#options
    if (this.#sent - this.#heard >= AHEAD_SEC * rateHz) return false
    const mostFrames = Math.ceil((this.#isFirst ? FIRST_SEC : PIECE_SEC) * rateHz)
    const plan = planNext(this.#cursor, { frames, readyFrames: this.#ready, loop: this.#loop, mostFrames })
    const epoch = this.#epoch
    if (plan.kind === 'end') {
      this.#hasEnded = true
      send({ kind: 'end', epoch }, [])
    }
    if (plan.kind !== 'read') return false
    const samples = await read(plan.startFrame, plan.frames, signal)
    if (signal.aborted) return false
    const piece: Piece = { startFrame: plan.startFrame, frames: plan.frames, samples }
    send({ kind: 'piece', epoch, piece }, [samples.buffer])
    this.#cursor = plan.startFrame + plan.frames
    this.#sent += plan.frames
    this.#isFirst = false
    return true
  }
}
