import { z } from 'zod'
import { JobSettings } from '../settings/jobSettings'
import { DEVICES } from '../settings/choices'
import { SettingsPatch, type AppSettings } from '../settings/appSettings'
import type { BenchView } from './benchViews'
import type { DevicesView } from './deviceViews'
import type { SavedDiagnostics } from './diagnosticsViews'
import type { ShippedPart } from './licenceViews'
import type { MetricsHistory } from './memoryViews'
import {
  MAX_PEAK_BINS,
  MAX_TILE_LEVEL,
  PREVIEW_SEC,
  SIGNALS,
  type LoudnessView,
  type PeaksView,
  type PlayerClip,
  type TileView
} from './playerViews'
import type { UpdatesView } from './updateViews'
import type { Outlook } from './outlookViews'
import type { Preflight, Snapshot } from './views'

/**
 * The one list of what the window can ask of main. Main parses `request` after the sender check; the type of the answer is
 * for the compiler. The window names jobs by id and never gives a path, save those of a drop, which main looks at itself.
 */
export interface Route<S extends z.ZodType, R> {
  readonly request: S
  /** For the compiler only; never there. */
  readonly answer?: R
}

const route =
  <R>() =>
  <S extends z.ZodType>(request: S): Route<S, R> => ({ request })

const nothing = z.strictObject({})
const jobIds = z.array(z.string().min(1).max(64)).min(1).max(100_000)
const someJobs = z.strictObject({ jobIds })
const oneJob = z.strictObject({ jobId: z.string().min(1).max(64) })
const frame = z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER)
const modelId = z.string().min(1).max(64)
const oneTask = z.strictObject({ taskId: z.string().min(1).max(64) })
const clip = z.strictObject({ token: z.string().min(1).max(64) })

export const CONTRACT = {
  'app.snapshot': route<Snapshot>()(nothing),
  /** What ships that others made, and the model, with their terms: by name. */
  'app.licences': route<readonly ShippedPart[]>()(nothing),
  /** What is known of newer versions; told by `updates` pushes from then on. */
  'updates.view': route<UpdatesView>()(nothing),
  /** Asks the feed now, whatever is agreed: the user wants to know. */
  'updates.ask': route<null>()(nothing),
  /** Paths of a drop; scanned in the background, told by `scan` pushes. Answers with the scan's id. */
  'queue.addPaths': route<{ readonly scanId: string }>()(
    z.strictObject({ paths: z.array(z.string().min(1).max(32_768)).min(1).max(10_000) })
  ),
  /** Asks the user for files or folders. Null where the dialog was left. */
  'queue.pick': route<{ readonly scanId: string } | null>()(z.strictObject({ what: z.enum(['files', 'folders']) })),
  /** Asks the user for a folder that is watched from then on; null where the dialog was left. A patch of the settings ends it. */
  'queue.watchFolder': route<AppSettings | null>()(nothing),
  'queue.cancelScan': route<null>()(z.strictObject({ scanId: z.string().min(1).max(64) })),
  'queue.start': route<null>()(nothing),
  'queue.pause': route<null>()(nothing),
  'queue.resume': route<null>()(nothing),
  /** Ends the run: files in work go back to the queue, with nothing left of them. */
  'queue.stop': route<null>()(nothing),
  'queue.stopAfter': route<null>()(z.strictObject({ on: z.boolean() })),
  'queue.cancel': route<null>()(someJobs),
  'queue.retry': route<null>()(someJobs),
  /** Done files are made anew in their results' places, from what was kept of them where it is, and the queue begins. */
  'queue.changeStrength': route<null>()(
    someJobs.extend(JobSettings.pick({ strengthPercent: true, floorDb: true }).shape)
  ),
  'queue.remove': route<null>()(someJobs),
  'queue.move': route<null>()(z.strictObject({ jobIds, beforeId: z.string().min(1).max(64).nullable() })),
  'queue.runNext': route<null>()(someJobs),
  'queue.clearFinished': route<null>()(nothing),
  /** Waiting jobs take the form's settings of now. */
  'queue.applySettings': route<null>()(nothing),
  /** Asks the user where, and writes what became of the files: JSON, CSV or a page by the name's ending. Null where the dialog was left. */
  'queue.saveReport': route<{ readonly path: string } | null>()(nothing),
  'queue.preflight': route<Preflight>()(z.strictObject({ settings: JobSettings })),
  /** What a run of the waiting files would do, file by file. */
  'queue.outlook': route<Outlook>()(nothing),
  /** Asks the user where, and writes that list as a table. Null where the dialog was left. */
  'queue.saveOutlook': route<{ readonly path: string } | null>()(nothing),
  'queue.recover': route<null>()(z.strictObject({ choice: z.enum(['continue', 'keep', 'discard']) })),
  'settings.patch': route<AppSettings>()(SettingsPatch),
  /** Asks the user for the output folder and puts it into the settings; null where the dialog was left. */
  'settings.pickFolder': route<AppSettings | null>()(nothing),
  'settings.pickFfmpeg': route<AppSettings | null>()(nothing),
  /** What is kept of cleaned sound now, in bytes. */
  'kept.size': route<{ readonly bytes: number }>()(nothing),
  'kept.clear': route<null>()(nothing),
  'engine.retry': route<null>()(nothing),
  'job.reveal': route<null>()(oneJob.extend({ which: z.enum(['source', 'result']) })),
  /** Opens source or result with the system's own player. */
  'job.open': route<null>()(oneJob.extend({ which: z.enum(['source', 'result']) })),
  /** The report's text, put on the clipboard as well. */
  'job.copyReport': route<{ readonly text: string }>()(oneJob),
  /** Opens a job's source, with its result where there is one; `previewId` opens a preview that is done. */
  'player.open': route<PlayerClip>()(oneJob.extend({ previewId: z.string().min(1).max(64).nullable() })),
  /** Gives back what an open clip holds; its address is gone. No error where it is closed already. */
  'player.close': route<null>()(clip),
  /** The waveform of `bins` equal parts of a range of frames. */
  'player.peaks': route<PeaksView>()(
    clip.extend({
      signal: z.enum(SIGNALS),
      startFrame: frame,
      endFrame: frame,
      bins: z.number().int().min(1).max(MAX_PEAK_BINS)
    })
  ),
  'player.tile': route<TileView>()(
    clip.extend({ signal: z.enum(SIGNALS), level: z.number().int().min(0).max(MAX_TILE_LEVEL), index: frame })
  ),
  /** Loudness of a range, for level-matched listening. */
  'player.loudness': route<LoudnessView>()(clip.extend({ startFrame: frame, endFrame: frame })),
  /** Denoises a part of a file with the form's settings; told by `preview` pushes. `startSec` null takes the part with the loudest noise. */
  'preview.start': route<{ readonly previewId: string }>()(
    oneJob.extend({
      startSec: z.number().nonnegative().max(1e7).nullable(),
      lengthSec: z.number().min(PREVIEW_SEC.min).max(PREVIEW_SEC.max)
    })
  ),
  'preview.cancel': route<null>()(z.strictObject({ previewId: z.string().min(1).max(64) })),
  'metrics.history': route<MetricsHistory>()(nothing),
  'bench.view': route<BenchView>()(nothing),
  /** Measures naive against Stillwave on a job's source, or on the bundled sample; told by `bench` pushes. */
  'bench.start': route<null>()(z.strictObject({ jobId: z.string().min(1).max(64).nullable(), isQuick: z.boolean() })),
  'bench.cancel': route<null>()(nothing),
  /** Asks the user where, and writes the last report: JSON, or a table by the name's extension. Null where the dialog was left. */
  'bench.export': route<{ readonly path: string } | null>()(nothing),
  /** Model files of a drop; each is a task, told by `models` and `modelTask` pushes. */
  'models.addPaths': route<{ readonly taskIds: readonly string[] }>()(
    z.strictObject({ paths: z.array(z.string().min(1).max(32_768)).min(1).max(20) })
  ),
  /** Asks the user for a model file. Null where the dialog was left. */
  'models.pick': route<{ readonly taskIds: readonly string[] } | null>()(nothing),
  /** Begins a download, or goes on with it, from the mirror of the settings first. */
  'models.download': route<{ readonly taskId: string }>()(z.strictObject({ id: modelId })),
  /** Hashes the files of one model, or of all. */
  'models.verify': route<{ readonly taskId: string }>()(z.strictObject({ id: modelId.nullable() })),
  /** FP16 against FP32 on a device. */
  'models.selfCheck': route<{ readonly taskId: string }>()(z.strictObject({ id: modelId, device: z.enum(DEVICES) })),
  'models.remove': route<null>()(z.strictObject({ id: modelId })),
  'models.cancelTask': route<null>()(oneTask),
  /** Takes an ended task off the list. */
  'models.dismissTask': route<null>()(oneTask),
  /** Shows a model's folder, or that of all, in the system's file manager. */
  'models.reveal': route<null>()(z.strictObject({ id: modelId.nullable() })),
  /** What was found of this machine's devices with the model of the settings; told by `devices` pushes from then on. */
  'devices.view': route<DevicesView>()(nothing),
  /** Tries one device, or all; refused (`E_BAD_REQUEST`) while anything else works. */
  'devices.probe': route<null>()(z.strictObject({ device: z.enum(DEVICES).exclude(['auto']).or(z.literal('all')) })),
  /** Downloads CUDA's libraries, or goes on with it, and tries the device. */
  'devices.getCuda': route<null>()(nothing),
  'devices.cancel': route<null>()(nothing),
  'app.cancelCountdown': route<null>()(nothing),
  'app.openLogs': route<null>()(nothing),
  /** Asks the user where, tries the program and saves what somebody who helps needs to know. Null where the dialog was left. */
  'diagnostics.save': route<SavedDiagnostics | null>()(nothing),
  /** Shows the archive that was saved last in the system's file manager. */
  'diagnostics.reveal': route<null>()(nothing)
} as const

export type Contract = typeof CONTRACT
export type RouteName = keyof Contract
export type RequestOf<N extends RouteName> = z.infer<Contract[N]['request']>
export type AnswerOf<N extends RouteName> = NonNullable<Contract[N]['answer']> | NullOf<Contract[N]['answer']>
type NullOf<T> = null extends T ? null : never

/** What answers: one function for every route. */
export type Handlers = { readonly [N in RouteName]: (request: RequestOf<N>) => Promise<AnswerOf<N>> }
