import { HostEmitter, strict } from '../refuse'
import { CONTROLLED } from '../switches'
import { log } from '../log'

/** What the app asked of the system around it, in order: a test looks here, a person reads it on stderr. */
export const asked: { readonly what: string; readonly value: string }[] = []

function note(what: string, value: string): void {
  asked.push({ what, value })
  if (!CONTROLLED) log(`${what}: ${value}`)
}

export const shell = strict('shell', {
  openPath: (path: string): Promise<string> => {
    note('openPath', path)
    return Promise.resolve('')
  },
  openExternal: (url: string): Promise<void> => {
    note('openExternal', url)
    return Promise.resolve()
  },
  showItemInFolder: (path: string): void => {
    note('showItemInFolder', path)
  },
  beep: (): void => {
    note('beep', '')
  }
})

let copied = ''
export const clipboard = strict('clipboard', {
  writeText: (text: string): void => {
    copied = text
    note('clipboard', text)
  },
  readText: (): string => copied
})

class HostNotification extends HostEmitter {
  constructor(
    private readonly options: { readonly title?: string; readonly body?: string; readonly silent?: boolean }
  ) {
    super('Notification', ['show', 'click', 'close', 'failed', 'reply', 'action'])
  }

  static isSupported(): boolean {
    return true
  }

  show(): void {
    shown.push(this)
    note('notification', `${this.options.title ?? ''}\n${this.options.body ?? ''}`)
    this.emit('show')
  }

  close(): void {
    this.emit('close')
  }
}

/** Every notification that was shown, so that a test can click it. */
export const shown: HostNotification[] = []
export const Notification = strict('Notification', HostNotification)

const blockers = new Map<number, string>()
let lastBlocker = 0
export const powerSaveBlocker = strict('powerSaveBlocker', {
  start: (type: string): number => {
    blockers.set(++lastBlocker, type)
    note('powerSaveBlocker', `start ${type}`)
    return lastBlocker
  },
  stop: (id: number): boolean => {
    note('powerSaveBlocker', `stop ${blockers.get(id) ?? 'nothing'}`)
    return blockers.delete(id)
  },
  isStarted: (id: number): boolean => blockers.has(id)
})

export const powerMonitor = strict(
  'powerMonitor',
  new HostEmitter('powerMonitor', [
    'suspend',
    'resume',
    'shutdown',
    'on-ac',
    'on-battery',
    'lock-screen',
    'unlock-screen'
  ])
)

const area = { x: 0, y: 0, width: 2560, height: 1440 }
const display = { id: 1, bounds: area, workArea: area, size: area, workAreaSize: area, scaleFactor: 1 }
export const screen = strict(
  'screen',
  Object.assign(new HostEmitter('screen', ['display-added', 'display-removed', 'display-metrics-changed']), {
    getPrimaryDisplay: () => display,
    getAllDisplays: () => [display],
    getDisplayMatching: () => display
  })
)

export const crashReporter = strict('crashReporter', {
  start: (options: { readonly uploadToServer?: boolean }): void => {
    if (options.uploadToServer !== false) throw new Error('crash dumps would be sent away')
  }
})
