import { toAppError, type AppError, type ErrorPayload } from '../shared/errors/appError'

/** How each request of such a process ends. */
interface Ended {
  readonly type: 'ended'
  readonly error: ErrorPayload | null
}

/** Reads a message as it came off the wire; throws what makes an `ended`. */
type Parse<Request> = (message: unknown) => Request

export interface RequestServerParts<Request, Event> {
  readonly parse: Parse<Request>
  /** Sends what it finds; throws what went wrong. */
  readonly serve: (request: Exclude<Request, { type: 'shutdown' }>, send: (event: Event) => void) => Promise<void>
}

/**
 * Serves one request at a time, each ended by an `ended` with its error or null. Nothing of it needs to be put in order at the end:
 * its files lie in a folder that its parent removes.
 */
export class RequestServer<Request extends { readonly type: string }, Event> {
  private work: Promise<void> = Promise.resolve()

  constructor(
    private readonly send: (event: Event | Ended) => void,
    private readonly parts: RequestServerParts<Request, Event>
  ) {}

  handle(message: unknown): Promise<'open' | 'closed'> {
    let request: Request
    try {
      request = this.parts.parse(message)
    } catch (thrown) {
      this.end(toAppError(thrown))
      return Promise.resolve('open')
    }
    if (request.type === 'shutdown') return Promise.resolve('closed')
    this.work = this.work.then(() => this.serve(request as Exclude<Request, { type: 'shutdown' }>))
    return Promise.resolve('open')
  }

  shutdown(): Promise<void> {
    return Promise.resolve()
  }

  private async serve(request: Exclude<Request, { type: 'shutdown' }>): Promise<void> {
    try {
      await this.parts.serve(request, this.send)
      this.end(null)
    } catch (thrown) {
      this.end(toAppError(thrown))
    }
  }

  private end(error: AppError | null): void {
    // The stack of what is not foreseen goes to stderr: the payload carries only words.
    if (error?.code === 'E_INTERNAL') console.error(error.stack, error.cause ?? '')
    this.send({ type: 'ended', error: error?.toPayload() ?? null })
  }
}
