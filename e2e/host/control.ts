import { monitorEventLoopDelay, type IntervalHistogram } from 'node:perf_hooks'
import { chromium } from './chromium'
import { answerNextDialog, opened, type DialogAnswer } from './electron/dialog'
import { StrictMenu } from './electron/menu'
import { nativeTheme } from './electron/nativeTheme'
import { asked, powerMonitor, shown } from './electron/system'
import { children } from './electron/utilities'
import { openWindows } from './electron/windows'
import { refusals } from './refuse'

/** What a test asks of the host: one message each, answered by one. */
export interface ControlRequest {
  readonly id: number
  readonly method: keyof typeof METHODS
  readonly args: readonly unknown[]
}

export type ControlMethods = typeof METHODS

let delays: IntervalHistogram | null = null

function theWindow(): (typeof openWindows)[number] {
  const window = openWindows.at(-1)
  if (!window) throw new Error('the app has no window')
  return window
}

const METHODS = {
  /** Where Chromium listens, once the app has loaded its page. */
  window: async (): Promise<{ port: number; targetId: string; chromium: string } | null> => {
    const window = openWindows.at(-1)
    if (!window) return null
    const { port, path } = await chromium()
    await window.webContents.opened
    return { port, targetId: window.webContents.page.targetId, chromium: path }
  },
  answerDialog: (answer: DialogAnswer) => {
    answerNextDialog(answer)
  },
  dialogs: () => opened,
  menu: () =>
    StrictMenu.getApplicationMenu()
      ?.all()
      .map(({ id, label, role, enabled, accelerator }) => ({ id, label, role, enabled, accelerator })) ?? [],
  clickMenu: (idOrLabel: string) => {
    const item = StrictMenu.getApplicationMenu()
      ?.all()
      .find(({ id, label }) => id === idOrLabel || label === idOrLabel)
    if (!item) throw new Error(`the menu has no item ${idOrLabel}`)
    item.choose()
  },
  /** What the app asked of the system: notifications, the clipboard, shown folders, power. */
  asked: () => asked,
  clickNotification: () => {
    shown.at(-1)?.emit('click')
  },
  progressBar: () => theWindow().progress,
  windowState: () => {
    const window = openWindows.at(-1)
    return window ? { visible: window.isVisible(), title: window.getTitle(), size: window.getContentSize() } : null
  },
  windowCount: () => openWindows.length,
  /** The page is there, and not on its way. */
  pageReady: () => {
    const { webContents } = theWindow()
    return !webContents.isCrashed() && !webContents.isLoading()
  },
  resize: (width: number, height: number) => theWindow().setContentSize(width, height),
  minimize: () => {
    theWindow().minimize()
  },
  closeWindow: () => {
    theWindow().close()
  },
  crashRenderer: () => {
    theWindow().webContents.forcefullyCrashRenderer()
  },
  /** What Chromium tells Electron of a page that stops answering, or answers again. */
  pageAnswers: (answers: boolean) => {
    theWindow().emit(answers ? 'responsive' : 'unresponsive')
  },
  /** A mistake in main that nothing catches: in a timer, or as a promise that nobody awaits. */
  throwInMain: (kind: 'timer' | 'rejection') => {
    const planned = new Error(`planned: ${kind}`)
    if (kind === 'rejection') void Promise.reject(planned)
    else
      setTimeout(() => {
        throw planned
      })
  },
  webPreferences: () => theWindow().webContents.getLastWebPreferences(),
  utilities: () => [...children],
  systemTheme: (scheme: 'light' | 'dark') => {
    nativeTheme.setSystem(scheme)
  },
  powerEvent: (name: 'suspend' | 'resume' | 'shutdown') => {
    powerMonitor.emit(name)
  },
  refusals: () => refusals,
  memory: () => process.memoryUsage().rss,
  /** Main's event loop: begins to measure, or gives what was measured, in milliseconds. */
  watchLoop: () => {
    delays?.disable()
    delays = monitorEventLoopDelay({ resolution: 5 })
    delays.enable()
  },
  loopDelay: () => {
    if (!delays) throw new Error('watchLoop comes first')
    const ms = (nanoseconds: number): number => Math.round(nanoseconds / 1e4) / 100
    return { p50: ms(delays.percentile(50)), p95: ms(delays.percentile(95)), max: ms(delays.max) }
  }
}

/** Answers the test that started this host over Node's own channel, and takes the channel out of the app's sight. */
export function startControl(): void {
  const send = process.send?.bind(process)
  if (!send) return
  Object.defineProperty(process, 'send', { value: undefined, writable: true, configurable: true })
  process.on('message', (message) => {
    void answer(message as ControlRequest).then((reply) => send(reply))
  })
  process.on('disconnect', () => {
    // The test is gone.
    process.exit(0)
  })
  // The channel alone keeps no app alive.
  process.channel?.unref()
}

async function answer({ id, method, args }: ControlRequest): Promise<object> {
  try {
    const run = METHODS[method] as (...args: readonly unknown[]) => unknown
    return { id, value: (await run(...args)) ?? null }
  } catch (error) {
    return { id, error: String(error) }
  }
}
