import { app, dialog, type BrowserWindow } from 'electron'
import { ReloadBudget } from './reloadBudget'
import type { Log } from '../logNames'
import type { Words } from './words'

const RELOAD_DELAY_MS = 250

export interface RecoveryOptions {
  readonly window: BrowserWindow
  readonly pageAddress: string
  readonly words: () => Words
  /** The page is gone: nothing reaches it until it asks again. */
  readonly onPageLoading: () => void
  readonly log: Log
}

/** A page that crashes or hangs comes back; the batch, which is main's, goes on meanwhile. */
export function watchPage(options: RecoveryOptions): void {
  const { window, pageAddress, log, onPageLoading } = options
  const budget = new ReloadBudget()
  const { webContents } = window
  const load = (): void => {
    if (window.isDestroyed()) return
    webContents.loadURL(pageAddress).catch((thrown: unknown) => {
      log(`the page did not load: ${String(thrown)}`)
    })
  }
  // Not `did-start-loading`: a navigation that is refused begins to load as well, and the page stays.
  webContents.on('did-navigate', onPageLoading)
  webContents.on('did-fail-load', (_event, code, description) => {
    log(`the page did not load: ${code} ${description}`)
  })
  webContents.on('preload-error', (_event, _path, error) => {
    log(`the preload failed: ${error.stack ?? error.message}`)
  })
  webContents.on('render-process-gone', (_event, { reason, exitCode }) => {
    onPageLoading()
    log(`the page's process is gone: ${reason} (${exitCode})`, 'warn')
    if (reason === 'clean-exit') return
    if (budget.take(Date.now())) setTimeout(load, RELOAD_DELAY_MS)
    else void askAfterCrashes(options, budget, load)
  })
  askWhenUnresponsive(options)
}

async function askAfterCrashes(options: RecoveryOptions, budget: ReloadBudget, load: () => void): Promise<void> {
  const text = options.words().dialogs.pageCrashes
  const { response } = await dialog.showMessageBox({
    type: 'error',
    message: text.message,
    detail: text.detail,
    buttons: [text.reload, text.quit],
    defaultId: 0,
    cancelId: 0,
    noLink: true
  })
  if (response === 1) {
    app.quit()
    return
  }
  budget.reset()
  load()
}

function askWhenUnresponsive({ window, words, log }: RecoveryOptions): void {
  let question: AbortController | null = null
  const ask = async (): Promise<void> => {
    question = new AbortController()
    const text = words().dialogs.unresponsive
    const { response } = await dialog.showMessageBox(window, {
      type: 'warning',
      message: text.message,
      detail: text.detail,
      buttons: [text.wait, text.reload],
      defaultId: 0,
      cancelId: 0,
      noLink: true,
      signal: question.signal
    })
    question = null
    // Its end is seen above, and it is loaded again.
    if (response === 1) window.webContents.forcefullyCrashRenderer()
  }
  window.on('unresponsive', () => {
    log('the page does not answer', 'warn')
    if (question === null) void ask()
  })
  window.on('responsive', () => {
    question?.abort()
  })
}
