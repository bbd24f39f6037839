import type { ErrorPayload, WarningCode } from '../errors/appError'

/** What is known of a file once it is done; times in seconds, memory in bytes. */
export interface JobResult {
  /** Where the file is: the planned path, or another where the plan had to give way. */
  readonly outputPath: string
  readonly warnings: readonly WarningCode[]
  /** Length of the audio. */
  readonly durationSec: number
  readonly sampleRateHz: number
  readonly channels: number
  /** Wall time from the job's start to its end. */
  readonly processingSec: number
  /** The engine's highest resident memory so far. */
  readonly peakRssBytes: number
}

/** Where a job stands. `attempts` counts the runs begun, the present one included. */
export type JobStatus =
  | { readonly kind: 'pending'; readonly attempts: number }
  | { readonly kind: 'running'; readonly attempts: number }
  | { readonly kind: 'done'; readonly result: JobResult }
  | { readonly kind: 'failed'; readonly error: ErrorPayload }
  /** The output was there already and was kept. */
  | { readonly kind: 'skipped' }
  /** `because` is what ended the batch (a full disk ...); null where a person cancelled. */
  | { readonly kind: 'cancelled'; readonly because: ErrorPayload | null }

/** One file to denoise. Paths are absolute; `outputPath` is null where none could be given (the job has failed then). */
export interface Job {
  readonly id: string
  readonly inputPath: string
  readonly outputPath: string | null
  readonly status: JobStatus
}

/** A job as it is added. */
export type NewJob = Omit<Job, 'status'>
