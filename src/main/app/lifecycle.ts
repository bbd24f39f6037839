import { app, powerMonitor, type BrowserWindow } from 'electron'
import { SecondStart, type PathInbox } from './pathInbox'
import type { Quitting } from './quitting'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** False where the app runs already: that one has got the paths then, and this start ends. */
export function isFirstStart(paths: readonly string[]): boolean {
  const start: SecondStart = { paths: [...paths] }
  return app.requestSingleInstanceLock({ ...start })
}

export interface IncomingOptions {
  readonly inbox: PathInbox
  readonly showWindow: () => void
  readonly log: (line: string) => void
}

/** Takes what the system opens with the app, from the first moment on. */
export function listenForPaths({ inbox, showWindow, log }: IncomingOptions): void {
  app.on('second-instance', (_event, _argv, _cwd, data) => {
    const parsed = SecondStart.safeParse(data)
    if (parsed.success) inbox.add(parsed.data.paths)
    else log('a second start handed over something else than paths')
    showWindow()
  })
  app.on('open-file', (event, filePath) => {
    event.preventDefault()
    inbox.add([filePath])
    showWindow()
  })
  app.on('activate', showWindow)
}

/** All ways to quit lead to the one way out. Electron must be ready: it sets signal handlers of its own before. */
export function listenForQuit(quitting: Quitting, window: BrowserWindow): void {
  app.on('before-quit', (event) => {
    event.preventDefault()
    void quitting.request()
  })
  window.on('close', (event) => {
    event.preventDefault()
    void quitting.request()
  })
  const now = (): void => {
    void quitting.now()
  }
  window.on('session-end', now)
  powerMonitor.on('shutdown', now)
  for (const signal of SIGNALS) process.on(signal, now)
}
