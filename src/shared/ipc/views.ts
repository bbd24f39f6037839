import type { ErrorPayload } from '../errors/appError'
import type { QueueEvent, QueueState } from '../jobs/queue'
import type { AppSettings } from '../settings/appSettings'
import type { Device, OnExists, Precision, PrecisionReason, WrittenByFfmpeg } from '../settings/choices'
import type { BenchView } from './benchViews'
import type { DeviceChoice, DevicesView } from './deviceViews'
import type { EngineFacts, FileMark, Metrics } from './memoryViews'
import type { ModelScores, ModelShelf, ModelTaskView, SelfCheckView } from './modelViews'
import type { ClipProgress, PreviewView } from './playerViews'
import type { UpdatesView } from './updateViews'

/** What main tells the window beside the queue. Bytes and seconds throughout. */

/** A model that can be chosen. */
export interface ModelView {
  readonly id: string
  readonly name: string
  readonly licence: string
  /** Carried chunks need the stateful companion. */
  readonly hasStateful: boolean
  /** The chunk that suits it. */
  readonly chunkSec: number
  /** U-Nets in a row, for the compute factor of overlapped chunks; absent where it is not known. */
  readonly cascade?: 1 | 2
  /** Absent where nobody measured. */
  readonly scores?: ModelScores | undefined
  /** Of all its files, in every precision. */
  readonly sizeBytes: number
  readonly sha256: string | null
  /** What it is there in, and what is known of FP16 on this machine's devices. */
  readonly precisions: readonly Precision[]
  readonly selfChecks: readonly SelfCheckView[]
}

/** The engine as it is now. `device` is the provider really in use. */
export type EngineView =
  | { readonly kind: 'stopped' }
  | { readonly kind: 'starting' }
  | {
      readonly kind: 'ready'
      readonly device: string
      readonly threads: number
      readonly join: string
      /** What it was started in, and why it is not the precision that was asked for; null where it is. */
      readonly precision: Precision
      readonly precisionReason: PrecisionReason | null
      readonly pid: number | null
      /** Why `auto` stands for this device; null or absent where the device was named. */
      readonly deviceChoice?: DeviceChoice | null
    }
  | { readonly kind: 'unavailable'; readonly error: ErrorPayload }

/** One running file, latest wins. `speed` is seconds of audio a second. */
export interface JobProgress {
  readonly jobId: string
  readonly fraction: number
  readonly speed: number | null
  readonly leftSec: number | null
  readonly peakRssBytes: number
}

/** The batch as a whole: by audio, not by files. */
export interface BatchProgress {
  readonly fraction: number
  readonly speed: number | null
  readonly leftSec: number | null
}

/** A folder scan in the background; `done` is its last word. */
export interface ScanView {
  readonly scanId: string
  readonly found: number
  readonly skipped: number
  readonly otherFiles: number
  /** Files and folders that the patterns leave out. */
  readonly excluded: number
  readonly cutShort: boolean
  readonly done: boolean
  readonly error: ErrorPayload | null
}

/** A folder that is watched for what comes into it. */
export interface WatchView {
  readonly folder: string
  /** Files that went into the queue since the watch began. */
  readonly taken: number
  /** Why nothing can be taken from it now; null where all is well. */
  readonly trouble: WatchTrouble | null
}

/** It is not there; a bare mount point is in its place; it is there and cannot be read. */
export type WatchTrouble = 'gone' | 'unmounted' | 'unreadable'

/** An unfinished queue of an earlier run that waits for an answer. */
export interface RecoveryView {
  readonly finished: number
  readonly total: number
  /** The journal was damaged: this is what could be read, and a copy of it is kept at this path. */
  readonly damagedCopyPath: string | null
}

/** What should be known before Start; `count` files are concerned. */
export type PreflightWarning =
  | { readonly kind: 'collision'; readonly count: number; readonly example: string }
  | { readonly kind: 'outputExists'; readonly count: number; readonly onExists: OnExists }
  | { readonly kind: 'outputInsideInput'; readonly path: string }
  | { readonly kind: 'outputNotWritable'; readonly path: string; readonly error: ErrorPayload }
  | { readonly kind: 'disk'; readonly path: string; readonly neededBytes: number; readonly freeBytes: number }
  | { readonly kind: 'memory'; readonly neededBytes: number; readonly availableBytes: number }
  /** Not even the smallest shape fits in the budget: a start would be refused. */
  | { readonly kind: 'budget'; readonly budgetBytes: number; readonly smallestBytes: number }
  | { readonly kind: 'unsupported'; readonly count: number; readonly example: string; readonly error: ErrorPayload }
  /** By their names, files that cannot be written in their own format; the example is saved as `becomes` (an ending without its dot). */
  | { readonly kind: 'formatChanges'; readonly count: number; readonly example: string; readonly becomes: string }
  /** By their names, films of which only the sound is to be saved. */
  | { readonly kind: 'soundOnly'; readonly count: number; readonly example: string }
  | { readonly kind: 'settingsDiffer'; readonly count: number }

/** What the form's settings are expected to take, and what would run. Fitted from measured runs; bytes. */
export interface ForecastView {
  /** `measuring`: a few shapes are being measured in the background, the topic `forecast` tells of their end. */
  readonly state: 'known' | 'measuring' | 'unknown'
  /** What would run, and why it is not what is set: the budget chose, or memory ran out before with more. */
  readonly chunkSec: number
  readonly batch: number
  readonly device: Device
  readonly reason: 'settings' | 'budget' | 'memory'
  readonly ramBytes: number | null
  /** Of the device's own memory; null where there is none, or nobody tells. */
  readonly vramBytes: number | null
  /** What the smallest shape takes: the least that a budget can be. */
  readonly smallestBytes: number | null
  /** Null without a budget, and while nothing is known. */
  readonly fitsBudget: boolean | null
}

export interface Preflight {
  /** A resulting path for the form's settings: of a waiting file, or of a made-up one in an empty list. */
  readonly example: { readonly input: string; readonly output: string }
  readonly warnings: readonly PreflightWarning[]
  /** What a run with the form's settings is expected to need: `forecast.ramBytes`. */
  readonly forecastBytes: number | null
  /** Null where the model cannot be used at all. Asked again when the topic `forecast` says so. */
  readonly forecast: ForecastView | null
  /** How long the waiting files are expected to take, by the speed of the last preview or batch with these settings; null before there was one. */
  readonly forecastSec: number | null
}

/** The ffmpeg in use. */
export interface FfmpegView {
  readonly path: string
  readonly version: string
  readonly origin: 'setting' | 'app' | 'path'
  /** What it cannot write. */
  readonly lacks: readonly WrittenByFfmpeg[]
}

export interface AppInfo {
  readonly version: string
  readonly platform: string
  readonly arch: string
  readonly cpuModel: string
  readonly cores: number
  readonly totalBytes: number
  /** Null where none was found. */
  readonly ffmpeg: FfmpegView | null
  /** Why the ffmpeg that was chosen does not work. */
  readonly ffmpegError: ErrorPayload | null
  readonly logFolder: string
  /** The system's language, as a BCP 47 tag. */
  readonly locale: string
}

/** All that a window needs to draw itself, at one moment. */
export interface Snapshot {
  readonly info: AppInfo
  readonly queue: QueueState
  readonly settings: AppSettings
  readonly models: readonly ModelView[]
  readonly shelf: ModelShelf
  readonly engine: EngineView
  readonly progress: readonly JobProgress[]
  readonly batch: BatchProgress | null
  readonly recovery: RecoveryView | null
  readonly scans: readonly ScanView[]
  readonly watch: WatchView | null
  readonly facts: EngineFacts | null
}

/** What main tells by itself. Queue events carry the revision that they lead to. */
export type PushEvent =
  | { readonly topic: 'queue'; readonly epoch: string; readonly revision: number; readonly event: QueueEvent }
  | { readonly topic: 'progress'; readonly jobs: readonly JobProgress[]; readonly batch: BatchProgress | null }
  | { readonly topic: 'engine'; readonly engine: EngineView }
  | { readonly topic: 'metrics'; readonly metrics: Metrics }
  | { readonly topic: 'fileMark'; readonly mark: FileMark }
  /** The engine's own account, once a second while it is there; null once it is gone. */
  | { readonly topic: 'facts'; readonly facts: EngineFacts | null }
  | { readonly topic: 'clip'; readonly progress: ClipProgress }
  | { readonly topic: 'preview'; readonly preview: PreviewView }
  | { readonly topic: 'bench'; readonly bench: BenchView }
  | { readonly topic: 'devices'; readonly devices: DevicesView }
  | { readonly topic: 'updates'; readonly updates: UpdatesView }
  /** What is installed, offered or chosen from has changed. */
  | { readonly topic: 'models'; readonly models: readonly ModelView[]; readonly shelf: ModelShelf }
  /** Progress of one, at most five times a second; its beginning and its end come with `models`. */
  | { readonly topic: 'modelTask'; readonly task: ModelTaskView }
  | { readonly topic: 'scan'; readonly scan: ScanView }
  | { readonly topic: 'watch'; readonly watch: WatchView | null }
  /** A model was measured: what `queue.preflight` says of memory is there, or better. */
  | { readonly topic: 'forecast' }
  | { readonly topic: 'settings'; readonly settings: AppSettings }
  | { readonly topic: 'recovery'; readonly recovery: RecoveryView | null }
  /** The batch came to its end by itself. */
  | { readonly topic: 'finished'; readonly done: number; readonly failed: number; readonly wallSec: number }
  /** When-done action about to happen; null takes it back. */
  | {
      readonly topic: 'countdown'
      readonly countdown: { readonly action: 'quit' | 'sleep'; readonly leftSec: number } | null
    }
  /** A menu or keyboard command that the window carries out. */
  | { readonly topic: 'command'; readonly command: WindowCommand }

export const WINDOW_COMMANDS = [
  'preferences',
  'shortcuts',
  'about',
  'selectAll',
  'find',
  'measure',
  'models',
  'devices',
  'diagnostics'
] as const
export type WindowCommand = (typeof WINDOW_COMMANDS)[number]
