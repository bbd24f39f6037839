import { AppError } from '../../shared/errors/appError'
import type { BatchProgress } from '../../shared/ipc/views'
import type { QueueState } from '../../shared/jobs/queue'
import type { AppSettings, SettingsPatch } from '../../shared/settings/appSettings'
import type { CoreHandlers, CoreOptions } from './coreOptions'

export type { CoreHandlers, CoreOptions, CoreRoute } from './coreOptions'

/** Everything of the app that is not Electron: settings, queue, engine and media process behind the routes. */
export abstract class AppCore {
  /** Settings and journal read, stale parts swept. Throws `E_IO` where another process holds `dataFolder`. */
  static open(options: CoreOptions): Promise<AppCore> {
    return Promise.reject(new AppError('E_INTERNAL', { detail: `in the making (${options.layout.version})` }))
  }

  /** They throw an {@link AppError}, never answer with an envelope. */
  abstract readonly handlers: CoreHandlers
  abstract readonly settings: AppSettings
  abstract readonly queueState: QueueState
  /** Null while nothing runs. */
  abstract readonly batch: BatchProgress | null
  abstract addPaths(paths: readonly string[]): Promise<{ readonly scanId: string }>
  /** Of a job; checked to be there. Throws `E_IO` where it is not. */
  abstract pathOf(jobId: string, which: 'source' | 'result'): Promise<string>
  abstract reportOf(jobId: string): string
  abstract patchSettings(patch: SettingsPatch): Promise<AppSettings>
  /** Ends engine and media in order; running jobs go back to waiting in the journal. 3 s at most. */
  abstract close(): Promise<void>
}
