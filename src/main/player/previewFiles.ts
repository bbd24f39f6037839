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
  private swept: Promise<void> | null = null

  constructor(private readonly folder: string) {}

  filesOf(previewId: string): PreviewFiles | null {
    return this.done.get(previewId) ?? null
  }

  /** A new folder for a preview; the first sweeps what an earlier life left. */
  async make(previewId: string): Promise<string> {
    this.swept ??= rm(this.folder, { recursive: true, force: true })
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

  /** What cannot be removed now (a file that is open, on Windows) goes with the next sweep. */
  async drop(previewId: string): Promise<void> {
    await rm(path.join(this.folder, previewId), { recursive: true, force: true }).catch(() => undefined)
  }

  async clear(): Promise<void> {
    this.done.clear()
    await rm(this.folder, { recursive: true, force: true }).catch(() => undefined)
  }
}
