import { toAppError, type AppError } from '../shared/errors/appError'
import { prepareMaterial } from './naiveMaterial'
import { denoiseWhole } from './naiveRun'
import { scoreResults } from './naiveScore'
import { NaiveRequest, type NaiveEvent } from './protocol'

/** Serves one request at a time; a process that was given one is of no use for another figure. */
export class NaiveServer {
  private work: Promise<void> = Promise.resolve()

  constructor(private readonly send: (event: NaiveEvent) => void) {}

  /** Takes one message as it came off the wire. */
  handle(message: unknown): Promise<'open' | 'closed'> {
    const parsed = NaiveRequest.safeParse(message)
    if (!parsed.success) {
      this.end(toAppError(parsed.error))
      return Promise.resolve('open')
    }
    const request = parsed.data
    if (request.type === 'shutdown') return Promise.resolve('closed')
    this.work = this.work.then(() => this.serve(request))
    return Promise.resolve('open')
  }

  /** Nothing of it needs to be put in order: its files lie in a folder that its parent removes. */
  shutdown(): Promise<void> {
    return Promise.resolve()
  }

  private async serve(request: Exclude<NaiveRequest, { type: 'shutdown' }>): Promise<void> {
    try {
      if (request.type === 'prepare') this.send(await prepareMaterial(request))
      else if (request.type === 'score') for await (const scores of scoreResults(request)) this.send(scores)
      else for await (const cost of denoiseWhole(request)) this.send(cost)
      this.end(null)
    } catch (thrown) {
      this.end(toAppError(thrown))
    }
  }

  private end(error: AppError | null): void {
    this.send({ type: 'ended', error: error?.toPayload() ?? null })
  }
}
