import { setTimeout as sleep } from 'node:timers/promises'
import type { ScannedFile } from './scanInputs'
import { WatchedFolder, type WatchedFolderParts } from './watchedFolder'

export interface WatchOptions extends WatchedFolderParts {
  /** From the end of one look to the next, at least. */
  readonly everyMs: number
}

/** The rest after a look is so many times as long as the look: ten thousand files take a third of a second of CPU each time. */
const REST_FACTOR = 9

/**
 * Hands out the files of folders when they are complete, each once for every state that it comes to rest in. It looks again and again
 * instead of being told: that works on network drives too. A folder that cannot be read keeps no other one waiting.
 */
export class FolderWatch {
  private readonly watched: readonly WatchedFolder[]

  constructor(
    folders: readonly string[],
    private readonly options: WatchOptions
  ) {
    this.watched = folders.map((folder) => new WatchedFolder(folder, options))
  }

  /** Waits for files that are complete; null once the signal says to end. */
  async next(): Promise<readonly ScannedFile[] | null> {
    while (!this.options.signal.aborted) {
      const begunMs = performance.now()
      const complete = (await Promise.all(this.watched.map((one) => one.completeNow()))).flat()
      if (complete.length > 0) return complete
      await this.rest((performance.now() - begunMs) * REST_FACTOR)
    }
    return null
  }

  /** They could not be taken after all: they are handed out again, after a rest. */
  async giveBack(files: readonly ScannedFile[]): Promise<void> {
    const paths = new Set(files.map((file) => file.path))
    for (const one of this.watched) one.giveBack(paths)
    await this.rest(0)
  }

  private async rest(leastMs: number): Promise<void> {
    const { everyMs, signal } = this.options
    // Who waits looks at the signal.
    await sleep(Math.max(everyMs, leastMs), undefined, { signal }).catch(() => undefined)
  }
}
