import { AppError, toAppError } from '../shared/errors/appError'

interface Working {
  readonly clipId: number | null
  readonly controller: AbortController
  readonly ended: Promise<void>
}

/** How one request is worked on, and how its answer goes out. */
export interface Work<T> {
  /** Requests of a clip end with it. */
  readonly clipId: number | null
  readonly run: (signal: AbortSignal) => Promise<T>
  readonly answer: (result: Result<T>) => void
}

export type Result<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: ReturnType<AppError['toPayload']> }

/** Requests under way, by their ids: each is answered once, whatever becomes of it. */
export class Requests {
  private readonly working = new Map<number, Working>()
  private isClosing = false

  start<T>(id: number, { clipId, run, answer }: Work<T>): void {
    if (this.isClosing || this.working.has(id)) {
      const twice = new AppError('E_INTERNAL', { detail: `request ${id} was sent twice` })
      answer({ ok: false, error: (this.isClosing ? new AppError('E_CANCELLED') : twice).toPayload() })
      return
    }
    const controller = new AbortController()
    const work = async (): Promise<void> => {
      const result = await resultOf(run, controller.signal)
      this.working.delete(id)
      answer(result)
    }
    // Entered before it begins: it may be over at once.
    const entry = { clipId, controller, ended: Promise.resolve() }
    this.working.set(id, entry)
    entry.ended = work()
  }

  cancel(id: number): void {
    this.working.get(id)?.controller.abort(new AppError('E_CANCELLED'))
  }

  /** Ends all that was asked of a clip. */
  cancelClip(clipId: number): void {
    for (const one of this.working.values()) {
      if (one.clipId === clipId) one.controller.abort(new AppError('E_CANCELLED'))
    }
  }

  /** Cancels everything, takes nothing more, and waits until all is answered. */
  async close(): Promise<void> {
    this.isClosing = true
    const working = [...this.working.values()]
    for (const { controller } of working) controller.abort(new AppError('E_CANCELLED'))
    await Promise.all(working.map(({ ended }) => ended))
  }
}

async function resultOf<T>(run: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<Result<T>> {
  try {
    return { ok: true, value: await run(signal) }
  } catch (thrown) {
    const error = signal.aborted ? new AppError('E_CANCELLED') : toAppError(thrown)
    if (error.code === 'E_INTERNAL') console.error(error.stack, error.cause ?? '')
    return { ok: false, error: error.toPayload() }
  }
}
