import { rename, writeFile } from 'node:fs/promises'
import type { ErrorCode, ErrorPayload, WarningCode } from '../../shared/errors/appError'
import { describeError } from '../../shared/errors/describe'
import type { Job } from '../../shared/jobs/job'
import type { Precision, PrecisionReason } from '../../shared/settings/choices'
import { newPartPath, removePart, forgetPart } from '../jobs/partFiles'

export interface FileReport {
  readonly input: string
  readonly output: string | null
  readonly status: 'done' | 'failed' | 'skipped' | 'cancelled'
  readonly warnings: readonly WarningCode[]
  readonly error: { readonly code: ErrorCode; readonly message: string } | null
  readonly durationSec: number | null
  readonly sampleRateHz: number | null
  readonly channels: number | null
  readonly processingSec: number | null
  /** Processing time over audio time. */
  readonly rtf: number | null
}

export interface Report {
  readonly version: string
  readonly model: string
  /** The device in use; null where no engine had to be started. */
  readonly device: string | null
  /** The precision in use; null as the device. */
  readonly precision: Precision | null
  /** Why it is not the one that was asked for; null where it is. */
  readonly precisionReason: PrecisionReason | null
  readonly settings: Readonly<Record<string, string | number | boolean | null>>
  readonly files: readonly FileReport[]
  readonly totals: {
    readonly audioSec: number
    readonly wallSec: number
    readonly rtf: number | null
    /** The engine's. */
    readonly peakRssBytes: number
  }
}

const UNKNOWN = { durationSec: null, sampleRateHz: null, channels: null, processingSec: null, rtf: null }

/** One job at the end of its batch. */
export function fileReport(job: Pick<Job, 'inputPath' | 'outputPath' | 'status'>): FileReport {
  const { status } = job
  const base = { input: job.inputPath, output: null, warnings: [], error: null, ...UNKNOWN }
  switch (status.kind) {
    case 'done': {
      const { outputPath, warnings, durationSec, sampleRateHz, channels, processingSec } = status.result
      const rtf = durationSec > 0 ? processingSec / durationSec : null
      const measured = { durationSec, sampleRateHz, channels, processingSec, rtf }
      return { ...base, ...measured, output: outputPath, status: 'done', warnings }
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

function errorReport(error: ErrorPayload): { code: ErrorCode; message: string } {
  const { what, next } = describeError(error)
  return { code: error.code, message: `${what} ${next}` }
}

export interface TotalsInput {
  readonly files: readonly FileReport[]
  readonly wallSec: number
  readonly peakRssBytes: number
}

export function totals({ files, wallSec, peakRssBytes }: TotalsInput): Report['totals'] {
  const audioSec = files.reduce((sum, file) => sum + (file.durationSec ?? 0), 0)
  return { audioSec, wallSec, rtf: audioSec > 0 ? wallSec / audioSec : null, peakRssBytes }
}

/** Writes the report in one step: a reader never finds half of one. */
export async function writeReport(target: string, report: Report): Promise<void> {
  const partPath = newPartPath(target)
  try {
    await writeFile(partPath, `${JSON.stringify(report, null, 2)}\n`, { flag: 'wx' })
    await rename(partPath, target)
    forgetPart(partPath)
  } catch (error) {
    await removePart(partPath)
    throw error
  }
}
