import { AppError, toAppError } from '../shared/errors/appError'
import { MediaRequest } from './protocol'
import type { MediaEvent } from './protocol'
import { Prober } from './probe'

/** The media process's side of the protocol, whatever carries the messages. Every request that has an id is answered once. */
export class MediaServer {
  private readonly prober = new Prober()
  /** What is under way, by the id of its request. */
  private readonly working = new Map<number, { readonly controller: AbortController; readonly ended: Promise<void> }>()
  private isClosing = false

  constructor(private readonly send: (event: MediaEvent) => void) {}

  /** Takes one message as it came off the wire. Resolves at once except for `shutdown`, which it sees through. */
  async handle(message: unknown): Promise<'open' | 'closed'> {
    const parsed = MediaRequest.safeParse(message)
    if (!parsed.success) {
      this.refuse(message, parsed.error.message)
      return 'open'
    }
    const request = parsed.data
    switch (request.type) {
      case 'configure':
        void this.configure(request.id, request.ffmpegPath)
        return 'open'
      case 'probe':
        this.probe(request.id, request.path)
        return 'open'
      case 'openClip':
      case 'closeClip':
      case 'readClip':
      case 'peaks':
      case 'tile':
      case 'loudness':
      case 'excerpt':
        return 'open'
      case 'cancel':
        this.working.get(request.id)?.controller.abort(new AppError('E_CANCELLED'))
        return 'open'
      case 'shutdown':
        await this.shutdown()
        return 'closed'
    }
  }

  /** Cancels what is under way and waits until no child is left. */
  async shutdown(): Promise<void> {
    this.isClosing = true
    const working = [...this.working.values()]
    for (const { controller } of working) controller.abort(new AppError('E_CANCELLED'))
    await Promise.all(working.map(({ ended }) => ended))
  }

  private async configure(id: number, ffmpegPath: string | null): Promise<void> {
    try {
      const ffmpeg = await this.prober.configure(ffmpegPath)
      this.send({ type: 'configured', id, ffmpeg, error: null })
    } catch (thrown) {
      this.send({ type: 'configured', id, ffmpeg: null, error: toAppError(thrown).toPayload() })
    }
  }

  private probe(id: number, path: string): void {
    if (this.isClosing || this.working.has(id)) {
      const error = this.isClosing
        ? new AppError('E_CANCELLED')
        : new AppError('E_INTERNAL', { detail: `request ${id} was sent twice` })
      this.send({ type: 'probed', id, probe: { ok: false, error: error.toPayload() } })
      return
    }
    const controller = new AbortController()
    const ended = this.prober.probe(path, controller.signal).then((probe) => {
      this.working.delete(id)
      this.send({ type: 'probed', id, probe })
    })
    this.working.set(id, { controller, ended })
  }

  /** A request that cannot be read is answered where it says which it is, so that nobody waits for ever. */
  private refuse(message: unknown, detail: string): void {
    const error = new AppError('E_INTERNAL', { detail: `message not understood: ${detail}` })
    console.error(error.message)
    const id = typeof message === 'object' && message !== null && 'id' in message ? message.id : null
    if (typeof id !== 'number' || !Number.isInteger(id)) return
    this.send({ type: 'probed', id, probe: { ok: false, error: error.toPayload() } })
  }
}
