import type { Handlers } from '../../shared/ipc/contract'
import type { PushEvent } from '../../shared/ipc/views'
import type { Layout } from '../layout'
import type { Log } from '../logNames'
import type { OpenTransport } from '../processes/engineTransport'
import type { OpenMediaTransport } from '../processes/mediaTransport'
import type { OpenNaiveTransport } from '../processes/naiveTransport'
import type { OpenWorkshopTransport } from '../processes/workshopTransport'

/** What the core stands on. Paths are absolute; `locale` is a BCP 47 tag. */
export interface CoreOptions {
  readonly layout: Layout
  /** Settings, journal and lock lie here. */
  readonly dataFolder: string
  readonly logFolder: string
  readonly locale: string
  readonly openEngine: OpenTransport
  readonly openMedia: OpenMediaTransport
  /** A process that denoises the naive way, for "Measure this machine". */
  readonly openNaive: OpenNaiveTransport
  /** A process that deals with model files. */
  readonly openWorkshop: OpenWorkshopTransport
  /** Resident bytes of all processes of the app by their pid (main, windows, helpers); absent where nobody tells. */
  readonly processMemory?: () => ReadonlyMap<number, number>
  /** The address under which a clip's virtual WAV is served, by its token. */
  readonly mediaUrl: (token: string) => string
  /** Everything that the window is told by itself, in order. */
  readonly push: (event: PushEvent) => void
  readonly log: Log
}

/** Those of the player, the preview, the memory panel and "Measure this machine". */
export type ServiceRoute =
  | 'player.open'
  | 'player.close'
  | 'player.peaks'
  | 'player.tile'
  | 'player.loudness'
  | 'preview.start'
  | 'preview.cancel'
  | 'metrics.history'
  | 'bench.view'
  | 'bench.start'
  | 'bench.cancel'
  | 'models.addPaths'
  | 'models.download'
  | 'models.verify'
  | 'models.selfCheck'
  | 'models.remove'
  | 'models.cancelTask'
  | 'models.dismissTask'
  | 'devices.view'
  | 'devices.probe'
  | 'devices.getCuda'
  | 'devices.cancel'
  | 'updates.view'
  | 'updates.ask'

/** The routes that need no Electron API. */
export type CoreRoute =
  | 'app.snapshot'
  | 'app.licences'
  | 'queue.addPaths'
  | 'queue.cancelScan'
  | 'queue.start'
  | 'queue.pause'
  | 'queue.resume'
  | 'queue.stop'
  | 'queue.stopAfter'
  | 'queue.cancel'
  | 'queue.retry'
  | 'queue.changeStrength'
  | 'queue.remove'
  | 'queue.move'
  | 'queue.runNext'
  | 'queue.clearFinished'
  | 'queue.applySettings'
  | 'queue.preflight'
  | 'queue.outlook'
  | 'queue.recover'
  | 'settings.patch'
  | 'kept.size'
  | 'kept.clear'
  | 'engine.retry'
  | ServiceRoute

export type CoreHandlers = Pick<Handlers, CoreRoute>
