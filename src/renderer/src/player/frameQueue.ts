/** Frames of the loop's first sample and the one after its last. */
export interface Loop {
  readonly fromFrame: number
  readonly toFrame: number
}

/** Frames in a row, interleaved, as they come from the address of the clip. */
export interface Piece {
  readonly startFrame: number
  readonly frames: number
  readonly samples: Float32Array
}

/** Frames in the order in which they will be heard. With a loop that is not the order of the file: pieces may jump. */
export class FrameQueue {
  readonly #stride: number
  #pieces: Piece[] = []
  /** Frames of the first piece that were heard. */
  #offset = 0
  #queued = 0

  /** `stride`: samples of one frame, all signals together. */
  constructor(stride: number) {
    this.#stride = stride
  }

  get queuedFrames(): number {
    return this.#queued
  }

  /** Where in the file the next frame lies; null while there is none. */
  get headFrame(): number | null {
    const first = this.#pieces[0]
    return first ? first.startFrame + this.#offset : null
  }

  /** The samples that hold the next frame, from `base` on; null while there is none. */
  get samples(): Float32Array | null {
    return this.#pieces[0]?.samples ?? null
  }

  get base(): number {
    return this.#offset * this.#stride
  }

  push(piece: Piece): void {
    if (piece.frames === 0) return
    this.#pieces.push(piece)
    this.#queued += piece.frames
  }

  /** The next frame has been heard. */
  drop(): void {
    const first = this.#pieces[0]
    if (!first) return
    this.#offset++
    this.#queued--
    if (this.#offset < first.frames) return
    this.#pieces.shift()
    this.#offset = 0
  }

  clear(): void {
    this.#pieces = []
    this.#offset = 0
    this.#queued = 0
  }

  /**
   * After a change of the loop: what would not be heard so any more is cut off, what would stays. `position` is the frame to be
   * heard next. Gives the frame that has to come after what stays.
   */
  relink(loop: Loop | null, position: number): number {
    let next = wrapped(position, loop)
    for (const [at, piece] of this.#pieces.entries()) {
      const start = piece.startFrame + (at === 0 ? this.#offset : 0)
      const end = piece.startFrame + piece.frames
      if (start !== next) return this.#cut(at, next)
      if (loop && start < loop.toFrame && end > loop.toFrame) {
        this.#pieces[at] = { ...piece, frames: loop.toFrame - piece.startFrame }
        return this.#cut(at + 1, loop.fromFrame)
      }
      next = wrapped(end, loop)
    }
    return next
  }

  #cut(at: number, next: number): number {
    this.#pieces = this.#pieces.slice(0, at)
    if (at === 0) this.#offset = 0
    this.#queued = this.#pieces.reduce((sum, piece) => sum + piece.frames, 0) - this.#offset
    return next
  }
}

/** The frame itself, or the loop's first where it is the one after its last. */
export function wrapped(frame: number, loop: Loop | null): number {
  return frame === loop?.toFrame ? loop.fromFrame : frame
}
