import { AppError } from '../../shared/errors/appError'
import type { Handlers } from '../../shared/ipc/contract'
import type { BenchReport } from '../../shared/ipc/benchViews'
import type { PushEvent } from '../../shared/ipc/views'
import type { JobSettings } from '../../shared/settings/jobSettings'
import type { ModelLibrary } from '../models/library'
import type { OpenTransport } from '../processes/engineTransport'
import type { OpenNaiveTransport } from '../processes/naiveTransport'

export type BenchRoute = 'bench.view' | 'bench.start' | 'bench.cancel'

export interface BenchOptions {
  readonly models: ModelLibrary
  readonly openEngine: OpenTransport
  readonly openNaive: OpenNaiveTransport
  readonly version: string
  /** The bundled samples and their clean tracks. */
  readonly samplesFolder: string
  /** For the material that is measured on, while it is measured. */
  readonly cacheFolder: string
  readonly settings: () => JobSettings
  readonly ffmpegPath: () => string | null
  /** A job's source, checked to be there. */
  readonly sourceOf: (jobId: string) => Promise<string>
  /** Something else is at work (a batch, a preview): nothing could be measured. */
  readonly isBusy: () => boolean
  readonly push: (event: PushEvent) => void
}

/** "Measure this machine". */
export class BenchService {
  readonly handlers: Pick<Handlers, BenchRoute>

  constructor(readonly options: BenchOptions) {
    const none = (): Promise<never> => Promise.reject(new AppError('E_INTERNAL', { detail: 'there is no benchmark' }))
    this.handlers = { 'bench.view': none, 'bench.start': none, 'bench.cancel': none }
  }

  get isRunning(): boolean {
    return false
  }

  /** The last one; null before there was any. */
  get report(): BenchReport | null {
    return null
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}
