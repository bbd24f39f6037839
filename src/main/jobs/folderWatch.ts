import { open } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { SourceIdentity } from '../../shared/jobs/job'
import type { ScannedFile } from './scanInputs'

export interface WatchOptions {
  /** From the end of one look to the next. */
  readonly everyMs: number
  /** The folder cannot be read (an unmounted drive); told once until it is back. */
  readonly onLost: (reason: unknown) => void
  readonly onBack: () => void
  readonly signal: AbortSignal
}

interface Seen {
  readonly identity: SourceIdentity
  /** In a row with the same size and time of change. */
  readonly looks: number
  readonly isTaken: boolean
}

/** A file that was the same at so many looks is complete: nobody writes to it any more. */
const STEADY_LOOKS = 3

/**
 * Hands out the files of a folder when they are complete, each once for every state that it comes to rest in. It looks again and again
 * instead of being told: that works on network drives too. What it remembers is what is in the folder now.
 */
export class FolderWatch {
  private seen: ReadonlyMap<string, Seen> = new Map()
  private isLost = false

  constructor(
    /** All files that may be taken; throws where the folder cannot be read. */
    private readonly look: () => Promise<readonly ScannedFile[]>,
    private readonly options: WatchOptions
  ) {}

  /** Waits for files that are complete; null once the signal says to end. */
  async next(): Promise<readonly ScannedFile[] | null> {
    const { signal, everyMs } = this.options
    while (!signal.aborted) {
      const complete = await this.completeNow()
      if (complete.length > 0) return complete
      await sleep(everyMs, undefined, { signal }).catch(() => undefined) // The loop's head looks at the signal.
    }
    return null
  }

  /** They could not be taken after all: they are handed out again. */
  giveBack(files: readonly ScannedFile[]): void {
    const given = new Set(files.map((file) => file.path))
    this.seen = new Map(
      [...this.seen].map(([path, seen]) => [path, given.has(path) ? { ...seen, isTaken: false } : seen])
    )
  }

  private async completeNow(): Promise<readonly ScannedFile[]> {
    const files = await this.lookOnce()
    if (files === null) return []
    const complete: ScannedFile[] = []
    const now = new Map<string, Seen>()
    for (const file of files) {
      const before = this.seen.get(file.path)
      const isSame = before !== undefined && isSameState(before.identity, file.identity)
      const seen = isSame
        ? { ...before, looks: before.looks + 1 }
        : { identity: file.identity, looks: 1, isTaken: false }
      const isComplete = !seen.isTaken && seen.looks >= STEADY_LOOKS && file.identity.sizeBytes > 0
      const isTaken = seen.isTaken || (isComplete && (await canOpen(file.path)))
      if (isTaken && !seen.isTaken) complete.push(file)
      now.set(file.path, { ...seen, isTaken })
    }
    this.seen = now
    return complete
  }

  /** Null where the folder is not there: what was seen of it is kept until it is back. */
  private async lookOnce(): Promise<readonly ScannedFile[] | null> {
    try {
      const files = await this.look()
      if (this.isLost) this.options.onBack()
      this.isLost = false
      return files
    } catch (thrown) {
      if (this.options.signal.aborted) return null
      if (!this.isLost) this.options.onLost(thrown)
      this.isLost = true
      return null
    }
  }
}

/** A remounted drive may number its files anew: size and time of change tell. */
function isSameState(one: SourceIdentity, other: SourceIdentity): boolean {
  return one.sizeBytes === other.sizeBytes && one.modifiedNs === other.modifiedNs
}

/** Who copies a file on Windows may keep it to himself until it is whole. */
async function canOpen(filePath: string): Promise<boolean> {
  const handle = await open(filePath, 'r').catch(() => null)
  await handle?.close()
  return handle !== null
}
