import path from 'node:path'
import { z } from 'zod'
import { ERROR_CODES, WARNING_CODES, type ErrorPayload } from '../../shared/errors/appError'
import { describeError } from '../../shared/errors/describe'
import type { Job, JobResult } from '../../shared/jobs/job'
import { snrGainDb } from '../../shared/jobs/soundLevels'
import { PRECISIONS, PRECISION_REASONS } from '../../shared/settings/choices'
import type { JobSettings } from '../../shared/settings/jobSettings'

const number = z.number().nullable()

const Settings = z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(z.string())]))
export type ReportSettings = z.infer<typeof Settings>

const FileReport = z.object({
  input: z.string(),
  /** Its place under the folder that was named, with slashes: the same on every machine. */
  relativePath: z.string(),
  output: z.string().nullable(),
  status: z.enum(['done', 'failed', 'skipped', 'cancelled']),
  warnings: z.array(z.enum(WARNING_CODES)),
  error: z.object({ code: z.enum(ERROR_CODES), message: z.string(), detail: z.string().nullable() }).nullable(),
  durationSec: number,
  sampleRateHz: number,
  channels: number,
  processingSec: number,
  /** Processing time over audio time. */
  rtf: number,
  /** The engine's, while this file was in its hands. */
  peakRssBytes: number,
  /** Levels over all channels in dBFS, not under -120; "before" is the source. Peaks are of samples. */
  noiseFloorBeforeDb: number,
  noiseFloorAfterDb: number,
  levelBeforeDb: number,
  levelAfterDb: number,
  peakBeforeDb: number,
  peakAfterDb: number,
  /** An estimate: how much further the loud parts stand over the quiet ones; null where a pause is digital silence. */
  snrGainDb: number,
  /** Made from what was kept of an earlier run. */
  withoutModel: z.boolean().default(false),
  /** What the file was done with, where that is not the run's own. */
  settings: Settings.nullable()
})
export type FileReport = z.infer<typeof FileReport>

const Totals = z.object({
  done: z.number().int(),
  failed: z.number().int(),
  skipped: z.number().int(),
  cancelled: z.number().int(),
  audioSec: z.number(),
  /** Of the run; null where the files are of several. */
  wallSec: number,
  rtf: number,
  /** The engine's. */
  peakRssBytes: z.number()
})

/** What became of a run's files. The same from the window and from the command line. */
export const RunReport = z.object({
  version: z.string(),
  model: z.string(),
  /** The device in use; null where no engine had to be started. */
  device: z.string().nullable(),
  /** The precision in use; null as the device. */
  precision: z.enum(PRECISIONS).nullable(),
  /** Why it is not the one that was asked for; null where it is. */
  precisionReason: z.enum(PRECISION_REASONS).nullable(),
  settings: Settings,
  /** `K/N` of a run that took a share of the files. */
  shard: z.string().nullable(),
  files: z.array(FileReport),
  totals: Totals
})
export type RunReport = z.infer<typeof RunReport>

const UNKNOWN = {
  durationSec: null,
  sampleRateHz: null,
  channels: null,
  processingSec: null,
  rtf: null,
  peakRssBytes: null,
  noiseFloorBeforeDb: null,
  noiseFloorAfterDb: null,
  levelBeforeDb: null,
  levelAfterDb: null,
  peakBeforeDb: null,
  peakAfterDb: null,
  snrGainDb: null
}

/** One job at the end of its batch. */
export function fileReport(
  job: Pick<Job, 'inputPath' | 'relativePath' | 'outputPath' | 'status'>,
  settings: ReportSettings | null = null
): FileReport {
  const { status, inputPath: input } = job
  const relativePath = job.relativePath.split(path.sep).join('/')
  const base = {
    input,
    relativePath,
    output: null,
    warnings: [],
    error: null,
    ...UNKNOWN,
    withoutModel: false,
    settings
  }
  switch (status.kind) {
    case 'done': {
      const { outputPath: output, warnings, isFromKept: withoutModel = false } = status.result
      const measured = { ...measuredOf(status.result), output, withoutModel }
      return { ...base, ...measured, status: 'done', warnings: [...warnings] }
    }
    case 'skipped':
      return { ...base, status: 'skipped', output: job.outputPath }
    case 'failed':
      return { ...base, status: 'failed', error: errorReport(status.error) }
    case 'cancelled':
      return { ...base, status: 'cancelled', error: status.because && errorReport(status.because) }
    case 'pending':
    case 'running':
      // The batch is over: what never got its end was cancelled with it.
      return { ...base, status: 'cancelled' }
  }
}

function measuredOf(result: JobResult): Partial<FileReport> {
  const { durationSec, sampleRateHz, channels, processingSec, peakRssBytes, sound } = result
  const facts = {
    ...{ durationSec, sampleRateHz, channels, peakRssBytes },
    processingSec: Math.round(processingSec * 1000) / 1000,
    rtf: durationSec > 0 ? speed(processingSec, durationSec) : null
  }
  if (sound === undefined) return facts
  const { before, after } = sound
  const gain = snrGainDb(before, after)
  return {
    ...facts,
    noiseFloorBeforeDb: hundredths(before.noiseFloorDb),
    noiseFloorAfterDb: hundredths(after.noiseFloorDb),
    levelBeforeDb: hundredths(before.levelDb),
    levelAfterDb: hundredths(after.levelDb),
    peakBeforeDb: hundredths(before.peakDb),
    peakAfterDb: hundredths(after.peakDb),
    snrGainDb: gain === null ? null : hundredths(gain)
  }
}

function hundredths(value: number): number {
  return Math.round(value * 100) / 100
}

/** A real-time factor, to five places. */
function speed(workSec: number, audioSec: number): number {
  return Math.round((workSec / audioSec) * 1e5) / 1e5
}

function errorReport(error: ErrorPayload): NonNullable<FileReport['error']> {
  const { what, next } = describeError(error)
  const { detail } = error.data
  return { code: error.code, message: `${what} ${next}`, detail: detail === undefined ? null : String(detail) }
}

/** A job's settings as a report names them. */
export function reportSettings(settings: JobSettings): ReportSettings {
  const { modelId, output, ...engine } = settings
  const { place, folder, subfolder, pattern, ...rest } = output
  const folders = { place, out: folder, ...(place === 'subfolder' && { subfolder }), name: pattern }
  return { model: modelId, ...engine, ...folders, ...rest }
}

export interface TotalsInput {
  readonly files: readonly FileReport[]
  readonly wallSec: number | null
  readonly peakRssBytes: number
}

/** Where the time of the run is not known, the files' own times count for the speed. */
export function totals({ files, wallSec, peakRssBytes }: TotalsInput): RunReport['totals'] {
  const sum = (of: (file: FileReport) => number | null): number =>
    files.reduce((total, file) => total + (of(file) ?? 0), 0)
  const number = (status: FileReport['status']): number => sum((file) => (file.status === status ? 1 : 0))
  const audioSec = sum((file) => file.durationSec)
  const workSec = wallSec ?? sum((file) => file.processingSec)
  const rtf = audioSec > 0 ? speed(workSec, audioSec) : null
  const counts = { done: number('done'), failed: number('failed'), skipped: number('skipped') }
  return { ...counts, cancelled: number('cancelled'), audioSec, wallSec, rtf, peakRssBytes }
}
