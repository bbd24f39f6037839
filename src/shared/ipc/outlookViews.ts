import type { ErrorPayload } from '../errors/appError'

/**
 * What a run does with a file: it writes a result (`new`, under another name than the wished one, in the place of an older one, or
 * only where something has changed since), leaves it out as its result is there, or cannot do it.
 */
export const OUTLOOK_ACTS = ['new', 'renamed', 'replaced', 'ifChanged', 'skipped', 'cannot'] as const
export type OutlookAct = (typeof OUTLOOK_ACTS)[number]

/** One waiting file, as a run from this moment on would find it. Paths are absolute; seconds and bytes. */
export interface OutlookFile {
  readonly jobId: string
  readonly input: string
  /** Null where the file cannot be done. */
  readonly output: string | null
  readonly act: OutlookAct
  /** The name that is taken, of a renamed one. */
  readonly wanted: string | null
  /** Why it cannot be done. */
  readonly error: ErrorPayload | null
  /** Null where nobody knows yet. */
  readonly durationSec: number | null
  /** What its result is expected to take at most; null where none is written. */
  readonly bytes: number | null
}

/** A disk that results go to. */
export interface OutlookDisk {
  /** What the folders of its results have in common, of folders that are there. */
  readonly path: string
  readonly files: number
  /** Of all results on it. */
  readonly bytes: number
  /** What lies beside the results while they are made. */
  readonly passingBytes: number
  /** Null where the system does not tell. */
  readonly freeBytes: number | null
}

/** What a run would do, in the order of the list. Nothing is written for it. */
export interface Outlook {
  readonly files: readonly OutlookFile[]
  readonly disks: readonly OutlookDisk[]
}

/** Whether a result comes of it. */
export function isWritten({ act }: Pick<OutlookFile, 'act'>): boolean {
  return act !== 'skipped' && act !== 'cannot'
}
