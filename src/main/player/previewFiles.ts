/** A preview that is done: a pair of files in the cache, and the part of them that is shown. */
export interface PreviewFiles {
  readonly jobId: string
  readonly originalPath: string
  readonly cleanPath: string
  readonly window: { readonly startFrame: number; readonly frames: number }
  /** Where the part begins in the source. */
  readonly startSec: number
}
