import { app } from 'electron'
import type { PushEvent } from '../../shared/ipc/views'
import type { ElectronHandlers } from '../ipc/handlers'
import type { AppCore } from '../core/appCore'
import type { MenuActions } from './menu'
import { queueFacts } from './queueFacts'

export interface MenuActionOptions {
  readonly core: AppCore
  readonly electron: ElectronHandlers
  readonly push: (event: PushEvent) => void
  /** Tells a person what did not work. */
  readonly tell: (thrown: unknown) => void
}

/** The menu does what the window's buttons do, through the same routes. */
export function menuActions({ core, electron, push, tell }: MenuActionOptions): MenuActions {
  const { handlers } = core
  const doing = (work: () => Promise<unknown>) => (): void => {
    work().catch(tell)
  }
  return {
    addFiles: doing(() => electron['queue.pick']({ what: 'files' })),
    addFolder: doing(() => electron['queue.pick']({ what: 'folders' })),
    quit: () => {
      app.quit()
    },
    start: doing(() => handlers['queue.start']({})),
    pause: doing(() => handlers['queue.pause']({})),
    resume: doing(() => handlers['queue.resume']({})),
    stop: doing(() => handlers['queue.stop']({})),
    stopAfter: (on) => {
      doing(() => handlers['queue.stopAfter']({ on }))()
    },
    retryFailed: doing(() => handlers['queue.retry']({ jobIds: [...queueFacts(core.queueState).failedIds] })),
    clearFinished: doing(() => handlers['queue.clearFinished']({})),
    saveReport: doing(() => electron['queue.saveReport']({})),
    setTheme: (theme) => {
      doing(() => core.patchSettings({ theme }))()
    },
    openLogs: doing(() => electron['app.openLogs']({})),
    inWindow: (command) => {
      push({ topic: 'command', command })
    }
  }
}
