import type { EngineSettings } from '../../engine/protocol'
import { AppError } from '../../shared/errors/appError'
import type { Handlers } from '../../shared/ipc/contract'
import type { PushEvent } from '../../shared/ipc/views'
import type { AppSettings } from '../../shared/settings/appSettings'
import type { JobSettings } from '../../shared/settings/jobSettings'
import type { QueueStore } from '../jobs/queueStore'
import type { EngineHost } from '../processes/engineHost'
import type { OpenTransport } from '../processes/engineTransport'
import type { MediaHost } from '../processes/mediaHost'
import type { PreviewFiles } from './previewFiles'

export type PreviewRoute = 'preview.start' | 'preview.cancel'

export interface PreviewOptions {
  readonly store: QueueStore
  readonly media: MediaHost
  /** The batch's engine: a preview with its settings goes into it. */
  readonly host: EngineHost
  /** For settings other than the batch's: an engine of its own for as long as the preview takes, the batch held meanwhile. */
  readonly openEngine: OpenTransport
  readonly engineSettings: (settings: JobSettings) => Promise<EngineSettings>
  readonly settings: () => AppSettings
  readonly cacheFolder: string
  /** Seconds of audio a second, measured with these settings. */
  readonly onSpeed: (speed: number, settings: JobSettings) => void
  readonly push: (event: PushEvent) => void
}

/** Denoises a few seconds of a file on the side, with the form's settings. */
export class PreviewService {
  readonly handlers: Pick<Handlers, PreviewRoute>

  constructor(readonly options: PreviewOptions) {
    const none = (): Promise<never> => Promise.reject(new AppError('E_INTERNAL', { detail: 'there is no preview' }))
    this.handlers = { 'preview.start': none, 'preview.cancel': none }
  }

  get isRunning(): boolean {
    return this.enginePids.length > 0
  }

  /** Of an engine of its own, while there is one. */
  get enginePids(): readonly number[] {
    return []
  }

  /** Null where there is none, or it is not done. */
  filesOf(_previewId: string): PreviewFiles | null {
    return null
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}
