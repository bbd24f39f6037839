import { Menu, Notification, nativeTheme, powerSaveBlocker, shell, type BrowserWindow } from 'electron'
import type { PushEvent } from '../../shared/ipc/views'
import type { AppCore } from '../core/appCore'
import type { Countdown } from './countdown'
import { endNotice, type EndFacts } from './endNotice'
import { menuTemplate, type MenuActions } from './menu'
import { queueFacts, taskbarView, wantsAwake } from './queueFacts'
import { focusWindow } from './window'
import type { Words } from './words'

/** Many events of the queue make one look at it. */
const REFRESH_DELAY_MS = 100

export interface MannersOptions {
  readonly core: AppCore
  readonly window: BrowserWindow
  readonly words: () => Words
  readonly actions: MenuActions
  readonly countdown: Countdown
  readonly devTools: boolean
}

/** What a good guest of the desktop does: menu, taskbar, no sleep in mid-batch, a word at the end. */
export class Manners {
  private timer: NodeJS.Timeout | null = null
  private awakeId: number | null = null
  private menuKey = ''
  /** Kept: a notice that is collected does not hear its click. */
  private notice: Notification | null = null

  constructor(private readonly options: MannersOptions) {
    this.refresh()
  }

  onEvent(event: PushEvent): void {
    if (event.topic === 'finished') this.onFinished(event)
    if (event.topic === 'queue' && this.options.core.queueState.run.kind !== 'idle') this.options.countdown.cancel()
    if (event.topic === 'queue' || event.topic === 'progress' || event.topic === 'settings') {
      this.timer ??= setTimeout(() => {
        this.timer = null
        this.refresh()
      }, REFRESH_DELAY_MS)
    }
  }

  dispose(): void {
    if (this.timer) clearTimeout(this.timer)
    this.keepAwake(false)
    this.options.countdown.cancel()
  }

  private refresh(): void {
    const { core, window } = this.options
    const { queueState, settings, batch } = core
    if (nativeTheme.themeSource !== settings.theme) nativeTheme.themeSource = settings.theme
    this.keepAwake(wantsAwake(queueState, settings))
    const facts = queueFacts(queueState)
    this.showMenu(facts)
    if (window.isDestroyed()) return
    const { value, mode } = taskbarView(facts, batch)
    window.setProgressBar(value, { mode })
  }

  private showMenu(facts: ReturnType<typeof queueFacts>): void {
    const { core, words, actions, devTools } = this.options
    const { theme, language } = core.settings
    const { run, stopAfter, pending, failedIds, ended } = facts
    const key = JSON.stringify([run, stopAfter, pending > 0, failedIds.length > 0, ended > 0, theme, language])
    if (key === this.menuKey) return
    this.menuKey = key
    const view = { words: words().menu, facts, theme, isMac: process.platform === 'darwin', devTools }
    Menu.setApplicationMenu(Menu.buildFromTemplate(menuTemplate(view, actions)))
  }

  private keepAwake(on: boolean): void {
    if (on) {
      this.awakeId ??= powerSaveBlocker.start('prevent-app-suspension')
    } else if (this.awakeId !== null) {
      powerSaveBlocker.stop(this.awakeId)
      this.awakeId = null
    }
  }

  private onFinished(facts: EndFacts): void {
    const { core, window, countdown } = this.options
    const { notify, sound, whenDone } = core.settings
    if (sound) shell.beep()
    if (notify && !window.isDestroyed() && !window.isFocused() && Notification.isSupported()) this.notify(facts)
    if (whenDone !== 'nothing') countdown.start(whenDone)
  }

  private notify(facts: EndFacts): void {
    const { window, words } = this.options
    this.notice = new Notification(endNotice(words(), facts))
    this.notice.on('click', () => {
      if (!window.isDestroyed()) focusWindow(window)
    })
    this.notice.show()
  }
}
