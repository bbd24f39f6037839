import { toAppError, type AppError } from '../shared/errors/appError'
import { convertCheckpoint } from './workshopConvert'
import { inspectModel } from './workshopInspect'
import { WorkshopRequest, type WorkshopEvent } from './workshopProtocol'
import { probeDevice } from './workshopProbe'
import { tryModel } from './workshopTrial'
import { unpackLibraries } from './workshopUnpack'

/** Serves one request at a time. */
export class WorkshopServer {
  private work: Promise<void> = Promise.resolve()

  constructor(private readonly send: (event: WorkshopEvent) => void) {}

  /** Takes one message as it came off the wire. */
  handle(message: unknown): Promise<'open' | 'closed'> {
    const parsed = WorkshopRequest.safeParse(message)
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

  private async serve(request: Exclude<WorkshopRequest, { type: 'shutdown' }>): Promise<void> {
    try {
      if (request.type === 'inspect') this.send({ type: 'inspected', found: await inspectModel(request.path) })
      else if (request.type === 'try') this.send(await tryModel(request))
      else if (request.type === 'probe') this.send(await probeDevice(request))
      else if (request.type === 'unpack') this.send(await unpackLibraries(request, this.send))
      else this.send(await convertCheckpoint(request, this.send))
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
