import type { WatchView } from '../../shared/ipc/views'
import { FolderWatch } from '../jobs/folderWatch'
import type { ScannedFile } from '../jobs/scanInputs'

export interface WatcherParts {
  /** The folder that is to be watched; null for none. */
  readonly folder: () => string | null
  /** All files of it that may be taken. */
  readonly look: (folder: string, signal: AbortSignal) => Promise<readonly ScannedFile[]>
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
    this.tell(folder === null ? null : { folder, taken: 0, isLost: false })
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
    const watch = new FolderWatch(() => this.parts.look(folder, signal), {
      everyMs: this.parts.everyMs ?? EVERY_MS,
      onLost: () => {
        change({ isLost: true })
      },
      onBack: () => {
        change({ isLost: false })
      },
      signal
    })
    for (let files = await watch.next(); files !== null; files = await watch.next()) {
      try {
        const taken = await this.parts.take(folder, files, signal)
        if (taken > 0) change({ taken: (this.view?.taken ?? 0) + taken })
      } catch (thrown) {
        // The folder went in this very moment: the next look says so.
        if (!signal.aborted) this.parts.log(`a watched file was not taken: ${String(thrown)}`)
      }
    }
  }

  private tell(view: WatchView | null): void {
    this.view = view
    this.parts.onView(view)
  }
}
