import { WorkshopEvent, type Inspection, type WorkshopRequest } from '../../engine/workshopProtocol'
import { AppError, toAppError, type ErrorPayload } from '../../shared/errors/appError'
import { describeExit } from './engineErrors'
import type { ExitInfo } from './processTransport'
import type { OpenWorkshopTransport, WorkshopTransport } from './workshopTransport'

type EventOf<T extends WorkshopEvent['type']> = Extract<WorkshopEvent, { type: T }>
type RequestOf<T extends WorkshopRequest['type']> = Omit<Extract<WorkshopRequest, { type: T }>, 'type'>

export interface AskWorkshop {
  readonly signal?: AbortSignal
  readonly onStep?: (done: number, of: number) => void
}

/**
 * Runs requests about model files, each in a process of its own that is gone when its promise settles. The signal ends the process
 * at once, whatever it is doing. Rejects with the process's own error, `E_CANCELLED`, or `E_WORKSHOP_CRASH`. What a request wrote
 * until then is left to the caller, who chose the folder.
 */
export class WorkshopHost {
  private readonly running = new Set<WorkshopTransport>()
  private isLeaving = false

  constructor(private readonly open: OpenWorkshopTransport) {}

  /** Pids of what runs now. */
  get pids(): readonly number[] {
    return [...this.running].flatMap(({ pid }) => (pid === undefined ? [] : [pid]))
  }

  async inspect(path: string, options: AskWorkshop = {}): Promise<Inspection> {
    return (await this.ask({ type: 'inspect', path }, 'inspected', options)).found
  }

  convert(request: RequestOf<'convert'>, options: AskWorkshop = {}): Promise<EventOf<'converted'>> {
    return this.ask({ type: 'convert', ...request }, 'converted', options)
  }

  try(request: RequestOf<'try'>, options: AskWorkshop = {}): Promise<EventOf<'tried'>> {
    return this.ask({ type: 'try', ...request }, 'tried', options)
  }

  probe(request: RequestOf<'probe'>, options: AskWorkshop = {}): Promise<EventOf<'probed'>> {
    return this.ask({ type: 'probe', ...request }, 'probed', options)
  }

  unpack(request: RequestOf<'unpack'>, options: AskWorkshop = {}): Promise<EventOf<'unpacked'>> {
    return this.ask({ type: 'unpack', ...request }, 'unpacked', options)
  }

  /** For a parent that must leave at once: what ran, and what is asked for after it, rejects with `E_CANCELLED`. */
  killNow(): void {
    this.isLeaving = true
    for (const transport of this.running) transport.kill()
  }

  private isOver(signal: AbortSignal | undefined): boolean {
    return this.isLeaving || signal?.aborted === true
  }

  private async ask<T extends WorkshopEvent['type']>(
    request: WorkshopRequest,
    wanted: T,
    { signal, onStep }: AskWorkshop
  ): Promise<EventOf<T>> {
    if (this.isOver(signal)) throw new AppError('E_CANCELLED')
    const transport = this.open()
    this.running.add(transport)
    const kill = (): void => {
      transport.kill()
    }
    signal?.addEventListener('abort', kill, { once: true })
    try {
      const events = await answers(transport, request, onStep)
      const result = events.find((event): event is EventOf<T> => event.type === wanted)
      if (result === undefined) throw new AppError('E_INTERNAL', { detail: `no answer to ${request.type}` })
      return result
    } catch (thrown) {
      throw this.isOver(signal) ? new AppError('E_CANCELLED') : toAppError(thrown)
    } finally {
      signal?.removeEventListener('abort', kill)
      this.running.delete(transport)
    }
  }
}

function answers(
  transport: WorkshopTransport,
  request: WorkshopRequest,
  onStep: AskWorkshop['onStep']
): Promise<readonly WorkshopEvent[]> {
  return new Promise((resolve, reject) => {
    const events: WorkshopEvent[] = []
    let ended: EventOf<'ended'> | null = null
    let unreadable: Error | null = null
    transport.onMessage((message) => {
      const parsed = WorkshopEvent.safeParse(message)
      if (!parsed.success) unreadable = parsed.error
      else if (parsed.data.type === 'step') {
        onStep?.(parsed.data.done, parsed.data.of)
        return
      } else if (parsed.data.type !== 'ended') {
        events.push(parsed.data)
        return
      } else ended = parsed.data
      // It holds nothing but memory: there is nothing to end in order.
      transport.kill()
    })
    // Settled by its exit only: nobody may remove its files before that.
    transport.onExit((exit) => {
      if (unreadable !== null) reject(unreadable)
      else if (ended === null) reject(new AppError('E_WORKSHOP_CRASH', { detail: describeExit(null, exit) }))
      else if (ended.error !== null) reject(errorOf(ended.error, exit))
      else resolve(events)
    })
    transport.send(request)
  })
}

/** What a device lacks ONNX Runtime tells on stderr only: `said` has the end of it. */
function errorOf({ code, data }: ErrorPayload, { lastWords }: ExitInfo): AppError {
  return new AppError(code, code === 'E_DEVICE_UNAVAILABLE' && lastWords !== '' ? { ...data, said: lastWords } : data)
}
