import type { Handlers } from '../../shared/ipc/contract'

/** Routes that need Electron itself: dialogs, the shell, the clipboard. Core answers all others. */
export type ElectronRoute =
  | 'queue.pick'
  | 'settings.pickFolder'
  | 'settings.pickFfmpeg'
  | 'job.reveal'
  | 'job.open'
  | 'job.copyReport'
  | 'app.cancelCountdown'
  | 'app.openLogs'

export type ElectronHandlers = Pick<Handlers, ElectronRoute>
export type CoreHandlers = Omit<Handlers, ElectronRoute>

/** One function for every route. `onSnapshot` hears that a page asks for the snapshot, before it is made. */
export function mergeHandlers(core: CoreHandlers, electron: ElectronHandlers, onSnapshot: () => void): Handlers {
  const handlers: Handlers = { ...core, ...electron }
  return {
    ...handlers,
    'app.snapshot': (request) => {
      onSnapshot()
      return handlers['app.snapshot'](request)
    }
  }
}
