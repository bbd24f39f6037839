import { AppError } from '../../shared/errors/appError'
import type { Handlers } from '../../shared/ipc/contract'
import type { PushEvent } from '../../shared/ipc/views'
import type { AppSettings } from '../../shared/settings/appSettings'
import type { QueueStore } from '../jobs/queueStore'
import type { MediaHost } from '../processes/mediaHost'
import type { PreviewFiles } from './previewFiles'

export type PlayerRoute = 'player.open' | 'player.close' | 'player.peaks' | 'player.tile' | 'player.loudness'

export interface PlayerOptions {
  readonly store: QueueStore
  readonly media: MediaHost
  /** Previews that are done, by their id. */
  readonly previews: { filesOf(previewId: string): PreviewFiles | null }
  readonly cacheFolder: string
  readonly settings: () => AppSettings
  readonly mediaUrl: (token: string) => string
  readonly push: (event: PushEvent) => void
}

/** Clips that the window has open: their tokens, and what the media process answers for them. */
export class PlayerService {
  readonly handlers: Pick<Handlers, PlayerRoute>

  constructor(readonly options: PlayerOptions) {
    const none = (): Promise<never> => Promise.reject(new AppError('E_INTERNAL', { detail: 'there is no player' }))
    this.handlers = {
      'player.open': none,
      'player.close': none,
      'player.peaks': none,
      'player.tile': none,
      'player.loudness': none
    }
  }

  /** Answers a request for `/media/TOKEN`, with byte-exact ranges. */
  serve(_request: Request): Promise<Response> {
    return Promise.resolve(new Response(null, { status: 404 }))
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}
