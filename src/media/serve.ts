import { encodersOf } from '../audio/io/encode/encoderList'
import { AppError, toAppError } from '../shared/errors/appError'
import { Clips } from './clips/clips'
import { cutExcerpt } from './excerpts/cutExcerpt'
import { Prober } from './probe'
import { MediaRequest } from './protocol'
import type { MediaEvent } from './protocol'
import { Requests } from './requests'

type Request<T extends MediaRequest['type']> = Extract<MediaRequest, { type: T }>

/** The media process's side of the protocol, whatever carries the messages. Every request that has an id is answered once. */
export class MediaServer {
  private readonly prober = new Prober()
  private readonly requests = new Requests()
  private readonly clips: Clips

  constructor(private readonly send: (event: MediaEvent) => void) {
    this.clips = new Clips(() => this.prober.ffmpegPath(), send)
  }

  /** Takes one message as it came off the wire. Resolves at once except for `shutdown`, which it sees through. */
  async handle(message: unknown): Promise<'open' | 'closed'> {
    const parsed = MediaRequest.safeParse(message)
    if (!parsed.success) {
      this.refuse(message, parsed.error.message)
      return 'open'
    }
    const request = parsed.data
    if (request.type === 'shutdown') {
      await this.shutdown()
      return 'closed'
    }
    this.take(request)
    return 'open'
  }

  /** Cancels what is under way and waits until no child is left. */
  async shutdown(): Promise<void> {
    await this.requests.close()
    await this.clips.closeAll()
  }

  private take(request: Exclude<MediaRequest, { type: 'shutdown' }>): void {
    switch (request.type) {
      case 'configure':
        void this.configure(request.id, request.ffmpegPath)
        return
      case 'probe':
        this.probe(request)
        return
      case 'cancel':
        this.requests.cancel(request.id)
        return
      case 'closeClip':
        this.requests.cancelClip(request.clipId)
        this.clips.close(request.clipId)
        return
      case 'excerpt':
        this.excerpt(request)
        return
      default:
        this.takeOfClip(request)
    }
  }

  private takeOfClip(request: Request<'openClip' | 'readClip' | 'peaks' | 'tile' | 'loudness'>): void {
    const { id, clipId } = request
    switch (request.type) {
      case 'openClip':
        this.openClip(request)
        return
      case 'readClip':
        this.requests.start(id, {
          clipId,
          run: (signal) => this.clips.read(request, signal),
          answer: (result) => {
            this.send({ type: 'samples', id, result })
          }
        })
        return
      case 'peaks':
        this.requests.start(id, {
          clipId,
          run: (signal) => this.clips.peaks(request, signal),
          answer: (result) => {
            this.send({ type: 'peaks', id, result })
          }
        })
        return
      case 'tile':
        this.requests.start(id, {
          clipId,
          run: (signal) => this.clips.tile(request, signal),
          answer: (result) => {
            this.send({ type: 'tile', id, result })
          }
        })
        return
      case 'loudness':
        this.requests.start(id, {
          clipId,
          run: (signal) => this.clips.loudness(request, signal),
          answer: (result) => {
            this.send({ type: 'loudness', id, result })
          }
        })
    }
  }

  private openClip(request: Request<'openClip'>): void {
    const { id, clipId } = request
    this.requests.start(id, {
      clipId,
      run: async (signal) => {
        const facts = await this.clips.open(request, signal)
        // Closed while it was opened: nobody would close it again.
        if (signal.aborted) this.clips.close(clipId)
        signal.throwIfAborted()
        return facts
      },
      answer: (result) => {
        this.send({ type: 'clipOpened', id, result })
      }
    })
  }

  private excerpt(request: Request<'excerpt'>): void {
    const { id } = request
    this.requests.start(id, {
      clipId: null,
      run: async (signal) => cutExcerpt(request, { ffmpegPath: () => this.prober.ffmpegPath(), signal }),
      answer: (result) => {
        this.send({ type: 'excerpted', id, result })
      }
    })
  }

  private async configure(id: number, ffmpegPath: string | null): Promise<void> {
    try {
      const ffmpeg = await this.prober.configure(ffmpegPath)
      const encoders = [...(await encodersOf(ffmpeg?.path ?? null))]
      this.send({ type: 'configured', id, ffmpeg, encoders, error: null })
    } catch (thrown) {
      this.send({ type: 'configured', id, ffmpeg: null, encoders: [], error: toAppError(thrown).toPayload() })
    }
  }

  private probe({ id, path }: Request<'probe'>): void {
    this.requests.start(id, {
      clipId: null,
      run: (signal) => this.prober.probe(path, signal),
      answer: (result) => {
        this.send({ type: 'probed', id, probe: result.ok ? result.value : result })
      }
    })
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
