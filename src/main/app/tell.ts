import { dialog, shell, type BrowserWindow } from 'electron'
import { toAppError } from '../../shared/errors/appError'
import type { Log } from '../logNames'
import { errorText, filled, type Words } from './words'

export interface TellOptions {
  readonly window: () => BrowserWindow | null
  readonly words: () => Words
  readonly logFolder: string
  readonly log: Log
  readonly quit: () => void
  /** Nobody is shown anything any more. */
  readonly isLeaving: () => boolean
}

function traceOf(thrown: unknown): string {
  return thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)
}

/** Words to a person from main itself, in boxes that block nothing. */
export class Teller {
  private unexpectedShown = false

  constructor(private readonly options: TellOptions) {}

  /** Something a person asked for did not work. */
  failed(thrown: unknown): void {
    const { words, log } = this.options
    const error = toAppError(thrown)
    log(`failed: ${traceOf(thrown)}`, 'warn')
    void this.box({
      type: 'warning',
      message: words().dialogs.failed.message,
      detail: errorText(words(), error.toPayload())
    })
  }

  sleepFailed(thrown: unknown): void {
    const { words, log } = this.options
    const { message, detail } = words().dialogs.sleepFailed
    log(`sleep failed: ${traceOf(thrown)}`, 'warn')
    const reason = thrown instanceof Error ? thrown.message : String(thrown)
    void this.box({ type: 'warning', message, detail: filled(detail, { detail: reason }) })
  }

  /** A mistake of ours that nothing caught: logged always, shown once at a time; the list and the batch stay. */
  async unexpected(thrown: unknown): Promise<void> {
    const { words, log, logFolder, quit } = this.options
    log(`uncaught: ${traceOf(thrown)}`, 'error')
    if (this.unexpectedShown || this.options.isLeaving()) return
    this.unexpectedShown = true
    const text = words().dialogs.unexpected
    const choice = await this.box({
      type: 'error',
      message: text.message,
      detail: text.detail,
      buttons: [text.goOn, text.logs, text.quit]
    })
    this.unexpectedShown = false
    if (choice === 1) log(await shell.openPath(logFolder))
    if (choice === 2) quit()
  }

  /** Whether to quit in mid-batch. */
  async confirmQuit(): Promise<boolean> {
    const { message, detail, keep, quit } = this.options.words().dialogs.quit
    return (await this.box({ type: 'question', message, detail, buttons: [keep, quit] })) === 1
  }

  private async box(text: {
    type: 'warning' | 'error' | 'question'
    message: string
    detail: string
    buttons?: string[]
  }): Promise<number> {
    const { window, words } = this.options
    const options = { buttons: [words().dialogs.ok], defaultId: 0, cancelId: 0, noLink: true, ...text }
    const parent = window()
    const { response } = parent ? await dialog.showMessageBox(parent, options) : await dialog.showMessageBox(options)
    return response
  }
}
