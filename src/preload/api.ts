import { INVOKE_CHANNEL, PUSH_CHANNEL } from '../shared/ipc/channels'
import type { StillwaveApi } from '../shared/ipc/api'
import type { AnswerOf, RequestOf, RouteName } from '../shared/ipc/contract'
import type { Envelope } from '../shared/ipc/envelope'
import type { PushEvent } from '../shared/ipc/views'

/** The three things of Electron that the window's API stands on. */
export interface Bridge {
  invoke(channel: string, message: unknown): Promise<unknown>
  /** Listens without the event object; gives back the end of it. */
  listen(channel: string, listener: (data: unknown) => void): () => void
  /** Empty for files that are not on a disk. */
  pathOf(file: File): string
}

/** All of `window.stillwave`, name by name: what is not written here the page cannot ask for. */
export function createApi(bridge: Bridge): StillwaveApi {
  const call =
    <N extends RouteName>(route: N) =>
    async (request: RequestOf<N>): Promise<Envelope<AnswerOf<N>>> => {
      try {
        return (await bridge.invoke(INVOKE_CHANNEL, { route, request })) as Envelope<AnswerOf<N>>
      } catch (thrown) {
        // No handler, or a request that cannot be cloned: told like every other error.
        const detail = thrown instanceof Error ? thrown.message : String(thrown)
        return { ok: false, error: { code: 'E_INTERNAL', data: { detail } } }
      }
    }
  return Object.freeze({
    app: Object.freeze({
      snapshot: call('app.snapshot'),
      licences: call('app.licences'),
      cancelCountdown: call('app.cancelCountdown'),
      openLogs: call('app.openLogs')
    }),
    models: Object.freeze({
      addPaths: call('models.addPaths'),
      pick: call('models.pick'),
      download: call('models.download'),
      verify: call('models.verify'),
      selfCheck: call('models.selfCheck'),
      remove: call('models.remove'),
      cancelTask: call('models.cancelTask'),
      dismissTask: call('models.dismissTask'),
      reveal: call('models.reveal')
    }),
    updates: Object.freeze({ view: call('updates.view'), ask: call('updates.ask') }),
    devices: Object.freeze({
      view: call('devices.view'),
      probe: call('devices.probe'),
      getCuda: call('devices.getCuda'),
      cancel: call('devices.cancel')
    }),
    queue: Object.freeze({
      addPaths: call('queue.addPaths'),
      pick: call('queue.pick'),
      watchFolder: call('queue.watchFolder'),
      cancelScan: call('queue.cancelScan'),
      start: call('queue.start'),
      pause: call('queue.pause'),
      resume: call('queue.resume'),
      stop: call('queue.stop'),
      stopAfter: call('queue.stopAfter'),
      cancel: call('queue.cancel'),
      retry: call('queue.retry'),
      changeStrength: call('queue.changeStrength'),
      remove: call('queue.remove'),
      move: call('queue.move'),
      runNext: call('queue.runNext'),
      clearFinished: call('queue.clearFinished'),
      applySettings: call('queue.applySettings'),
      saveReport: call('queue.saveReport'),
      preflight: call('queue.preflight'),
      outlook: call('queue.outlook'),
      saveOutlook: call('queue.saveOutlook'),
      recover: call('queue.recover')
    }),
    settings: Object.freeze({
      patch: call('settings.patch'),
      pickFolder: call('settings.pickFolder'),
      pickFfmpeg: call('settings.pickFfmpeg')
    }),
    kept: Object.freeze({ size: call('kept.size'), clear: call('kept.clear') }),
    engine: Object.freeze({ retry: call('engine.retry') }),
    job: Object.freeze({
      reveal: call('job.reveal'),
      open: call('job.open'),
      copyReport: call('job.copyReport')
    }),
    player: Object.freeze({
      open: call('player.open'),
      close: call('player.close'),
      peaks: call('player.peaks'),
      tile: call('player.tile'),
      loudness: call('player.loudness')
    }),
    preview: Object.freeze({ start: call('preview.start'), cancel: call('preview.cancel') }),
    metrics: Object.freeze({ history: call('metrics.history') }),
    bench: Object.freeze({
      view: call('bench.view'),
      start: call('bench.start'),
      cancel: call('bench.cancel'),
      export: call('bench.export')
    }),
    diagnostics: Object.freeze({ save: call('diagnostics.save'), reveal: call('diagnostics.reveal') }),
    pathsOf: (files: readonly File[]) => files.map((file) => bridge.pathOf(file)).filter((path) => path !== ''),
    onPush: (listener: (event: PushEvent) => void) =>
      bridge.listen(PUSH_CHANNEL, (data) => {
        listener(data as PushEvent)
      })
  })
}
