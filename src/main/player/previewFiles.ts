import { mkdir, rm } from 'node:fs/promises'
import path from 'node:path'

/** A preview that is done: a pair of files in the cache, and the part of them that is shown. */
export interface PreviewFiles {
  readonly jobId: string
  readonly originalPath: string
  readonly cleanPath: string
  readonly window: { readonly startFrame: number; readonly frames: number }
  /** Where the part begins in the source. */
  readonly startSec: number
}

/** So many are kept: enough to compare settings by ear. */
const KEPT = 5

/** The folder of the previews: nothing in it outlives the app, and only the last few the next preview. */
export class PreviewFolder {
  private readonly done = new Map<string, PreviewFiles>()
  private readonly swept: Promise<void>

  /** What an earlier life left goes at once; `folder` is nobody else's. */
  constructor(private readonly folder: string) {
    this.swept = removeAll(folder)
  }

  filesOf(previewId: string): PreviewFiles | null {
    return this.done.get(previewId) ?? null
  }

  /** A new folder for a preview. */
  async make(previewId: string): Promise<string> {
    await this.swept
    const made = path.join(this.folder, previewId)
    await mkdir(made, { recursive: true })
    return made
  }

  async keep(previewId: string, files: PreviewFiles): Promise<void> {
    this.done.set(previewId, files)
    for (const old of [...this.done.keys()].slice(0, -KEPT)) {
      this.done.delete(old)
      await this.drop(old)
    }
  }

  async drop(previewId: string): Promise<void> {
    await removeAll(path.join(this.folder, previewId))
  }

  async clear(): Promise<void> {
    this.done.clear()
    await removeAll(this.folder)
  }
}

/** What cannot be removed now (a file that is open, on Windows) goes with the next sweep. */
function removeAll(folder: string): Promise<void> {
  return rm(folder, { recursive: true, force: true }).catch(() => undefined)
}
