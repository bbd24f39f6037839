import type { Handlers, RouteName } from '../../shared/ipc/contract'
import type { CoreHandlers, CoreRoute } from '../core/appCore'

/** Routes that need Electron itself: dialogs, the shell, the clipboard. */
export type ElectronRoute = Exclude<RouteName, CoreRoute>
export type ElectronHandlers = Pick<Handlers, ElectronRoute>

/** One function for every route. `onSnapshot` hears that a page asks for the snapshot, before it is made. */
export function mergeHandlers(core: CoreHandlers, electron: ElectronHandlers, onSnapshot: () => void): Handlers {
  return {
    ...core,
    ...electron,
    'app.snapshot': (request) => {
      onSnapshot()
      return core['app.snapshot'](request)
    }
  }
}
