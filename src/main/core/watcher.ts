import { AppError } from '../../shared/errors/appError'
import type { PushEvent, WatchView } from '../../shared/ipc/views'
import { patternsOf, type AppSettings } from '../../shared/settings/appSettings'
import { FolderWatch } from '../jobs/folderWatch'
import type { ScannedFile } from '../jobs/scanInputs'
import type { Look } from '../jobs/watchedFolder'
import type { Adder } from './adder'

export interface QueueWatcherParts {
  readonly adder: Adder
  readonly settings: () => AppSettings
  /** Begins the queue, where that is right. */
  readonly start: () => Promise<void>
  readonly push: (event: PushEvent) => void
  readonly log: (text: string) => void
}

/** The one that feeds the queue, with the settings of the moment. */
export function queueWatcher({ adder, settings, start, push, log }: QueueWatcherParts): Watcher {
  return new Watcher({
    folder: () => settings().watchedFolder,
    look: async (folder, signal) =>
      adder.look(folder, { settings: settings().job, patterns: patternsOf(settings()) }, signal),
    take: async (folder, files, signal) => {
      const taken = await adder.addOnly(folder, files, { settings: settings().job, signal })
      if (taken > 0) await start()
      return taken
    },
    onView: (watch) => {
      push({ topic: 'watch', watch })
    },
    log
  })
}

export interface WatcherParts {
  /** The folder that is to be watched; null for none. */
  readonly folder: () => string | null
  /** All files of it that may be taken. */
  readonly look: (folder: string, signal: AbortSignal) => Promise<Look>
  /** Puts those of these files into the queue that it does not have; answers how many. */
  readonly take: (folder: string, files: readonly ScannedFile[], signal: AbortSignal) => Promise<number>
  readonly onView: (view: WatchView | null) => void
  readonly log: (text: string) => void
  readonly everyMs?: number
}

const EVERY_MS = 2000

/** Watches the folder of the settings: what comes into it goes into the queue once it is complete. */
export class Watcher {
  view: WatchView | null = null
  private abort: AbortController | null = null
  private work: Promise<void> = Promise.resolve()

  constructor(private readonly parts: WatcherParts) {}

  /** The settings may name another folder, or none. */
  update(): void {
    const folder = this.parts.folder()
    if (folder === (this.view?.folder ?? null)) return
    this.abort?.abort()
    this.abort = null
    this.tell(folder === null ? null : { folder, taken: 0, trouble: null })
    if (folder === null) return
    this.abort = new AbortController()
    this.work = this.run(folder, this.abort.signal)
  }

  async close(): Promise<void> {
    this.abort?.abort()
    await this.work
  }

  private async run(folder: string, signal: AbortSignal): Promise<void> {
    const change = (changes: Partial<WatchView>): void => {
      if (!signal.aborted && this.view) this.tell({ ...this.view, ...changes })
    }
    const watch = new FolderWatch([folder], {
      everyMs: this.parts.everyMs ?? EVERY_MS,
      look: () => this.parts.look(folder, signal),
      onTrouble: (_folder, trouble) => {
        change({ trouble })
      },
      onBack: () => {
        change({ trouble: null })
      },
      signal
    })
    for (let files = await watch.next(); files !== null; files = await watch.next()) {
      try {
        const taken = await this.parts.take(folder, files, signal)
        if (taken > 0) change({ taken: (this.view?.taken ?? 0) + taken })
      } catch (thrown) {
        if (signal.aborted) return
        this.parts.log(`watched files were not taken: ${thrown instanceof AppError ? thrown.code : String(thrown)}`)
        await watch.giveBack(files)
      }
    }
  }

  private tell(view: WatchView | null): void {
    this.view = view
    this.parts.onView(view)
  }
}
