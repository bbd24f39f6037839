import type { ErrorPayload } from '../errors/appError'
import type { AppSettings } from '../settings/appSettings'
import type { JobSettings } from '../settings/jobSettings'

/**
 * What a diagnostics archive and `--doctor` say of a machine. Nothing in it is a path, a file's name, the user's or the machine's name.
 * Bytes and seconds throughout; moments are ISO 8601.
 */

/** What is wrong; its words are in `doctor.problems`. A `note` works without, a `fault` makes the doctor end with exit code 1. */
export const PROBLEM_IDS = [
  'modelDamaged',
  'selfTest',
  'ffmpegChosen',
  'ffmpegMissing',
  'lowDisk',
  'lowMemory',
  'recentErrors'
] as const
export type ProblemId = (typeof PROBLEM_IDS)[number]

export interface DoctorProblem {
  readonly id: ProblemId
  readonly weight: 'fault' | 'note'
  /** Of a file's hash, an error's code, free bytes; empty where the words say it all. */
  readonly detail: string
}

/** One file of a bundled model against the catalogue. */
export interface ModelFileState {
  readonly model: string
  readonly file: string
  readonly bytes: number | null
  readonly sha256: string | null
  readonly state: 'right' | 'changed' | 'missing'
}

/** A second of the bundled sample through the bundled model on the CPU. Levels are RMS in dBFS. */
export type SelfTest =
  | {
      readonly ok: true
      readonly device: string
      readonly audioSec: number
      readonly wallSec: number
      /** Of the wall time; null where it was not taken. */
      readonly modelSec: number | null
      readonly peakRssBytes: number
      readonly levelBeforeDb: number
      readonly levelAfterDb: number
    }
  | { readonly ok: false; readonly error: ErrorPayload }

export interface DeviceState {
  readonly device: string
  readonly state: string
  readonly reason: string | null
  readonly adapter: string | null
  readonly speed: number | null
  readonly matchDb: number | null
}

/** A line of the log that tells of trouble. */
export interface LoggedError {
  readonly at: string
  readonly level: 'warn' | 'error'
  /** Null where the line names none. */
  readonly code: string | null
  readonly text: string
}

/** Settings as they may be sent: a folder or a program is `set` or null, names of the user's own are left out. */
export interface SettingsState extends Omit<
  AppSettings,
  'job' | 'userPresets' | 'ffmpegPath' | 'modelMirror' | 'watchedFolder' | 'includeFiles' | 'excludeFiles'
> {
  readonly userPresets: number
  readonly ffmpegPath: 'set' | null
  readonly modelMirror: 'set' | null
  readonly watchedFolder: 'set' | null
  readonly includeFiles: 'set' | null
  readonly excludeFiles: 'set' | null
  readonly job: Omit<JobSettings, 'output' | 'modelId'> & {
    /** `own` for a model that the user added. */
    readonly modelId: string
    readonly output: Readonly<Record<string, string | number | boolean | null>>
  }
}

export interface Diagnostics {
  readonly version: 1
  readonly at: string
  readonly versions: Readonly<Record<string, string>>
  readonly system: {
    readonly platform: string
    readonly release: string
    readonly arch: string
    readonly cpu: string
    readonly cores: number
    readonly memoryBytes: number
    readonly freeMemoryBytes: number
    /** Where settings and models lie, and where temporary files do; null where nobody tells. */
    readonly freeDataDiskBytes: number | null
    readonly freeTemporaryDiskBytes: number | null
  }
  readonly devices: readonly DeviceState[]
  readonly models: readonly ModelFileState[]
  /** Models that the user added: how many, and how many are damaged. */
  readonly ownModels: { readonly count: number; readonly damaged: number }
  readonly ffmpeg: { readonly version: string; readonly encoders: readonly string[] } | null
  /** Null where no settings were written yet. */
  readonly settings: SettingsState | null
  readonly selfTest: SelfTest
  readonly errors: readonly LoggedError[]
  readonly problems: readonly DoctorProblem[]
}

/** What was saved. */
export interface SavedDiagnostics {
  readonly path: string
  readonly files: readonly { readonly name: string; readonly bytes: number }[]
  readonly problems: readonly DoctorProblem[]
}
