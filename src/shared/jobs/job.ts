import type { ErrorPayload, WarningCode } from '../errors/appError'
import type { SoundLevels } from './soundLevels'

/** Which file it was when it was added (RELIABILITY section 3, rule 5). Device and inode are decimal strings: inodes pass 2^53. */
export interface SourceIdentity {
  readonly device: string
  readonly inode: string
  readonly sizeBytes: number
  readonly modifiedNs: string
}

/** One track of sound of a file that has several. */
export interface AudioTrack {
  /** As the file has it (`eng`, `de`); null where it says none. */
  readonly language: string | null
  readonly title: string | null
  readonly channels: number
  /** Players take it where nobody chooses, and so do we. */
  readonly isDefault: boolean
}

/** What the media process found out about a file before any work: shown in the list, never trusted for the work itself. */
export interface MediaInfo {
  /** Null where the header does not tell. */
  readonly durationSec: number | null
  readonly sampleRateHz: number
  readonly channels: number
  /** Bits of a PCM sample (16, 24, 32 ...); null where the codec has none. */
  readonly bitDepth: number | null
  /** A short name to show: `WAV`, `FLAC`, `MP3`, `AAC` ... */
  readonly format: string
  /** Where there are several, in the file's order; the other facts are those of the default one. */
  readonly tracks?: readonly AudioTrack[]
}

/** A file's probe: its facts, or why it has none (the run will say the same, with a report). */
export type Probe =
  { readonly ok: true; readonly info: MediaInfo } | { readonly ok: false; readonly error: ErrorPayload }

/** What is known of a file once it is done; times in seconds, memory in bytes. */
export interface JobResult {
  /** Where the file is: the planned path, or another where the plan had to give way. */
  readonly outputPath: string
  readonly warnings: readonly WarningCode[]
  /** Length of the audio. */
  readonly durationSec: number
  readonly sampleRateHz: number
  readonly channels: number
  /** Wall time from the job's start to its end, pauses left out. */
  readonly processingSec: number
  /** The engine's highest resident memory while this file was in its hands. */
  readonly peakRssBytes: number
  /** Of the file as it was written; absent in older journals. */
  readonly sha256?: string
  /** Made from what was kept of an earlier run: the model did not run. */
  readonly isFromKept?: boolean
  /** Of the source and of the result; absent in journals that were written before this was measured. */
  readonly sound?: { readonly before: SoundLevels; readonly after: SoundLevels }
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
  /** The folder that was added (or the added file's own folder), and the file's place under it. */
  readonly root: string
  readonly relativePath: string
  /** The file was named itself, not found in a folder. */
  readonly explicit: boolean
  readonly identity: SourceIdentity
  readonly outputPath: string | null
  /** Names the frozen settings in `QueueState.settings`. */
  readonly settingsKey: string
  /** Null until the media process has looked. */
  readonly probe: Probe | null
  readonly status: JobStatus
}

/** A job as it is added. `error` says why it cannot have an output path: it begins failed. */
export type NewJob = Omit<Job, 'status' | 'probe' | 'settingsKey'> & { readonly error: ErrorPayload | null }
