import { homedir } from 'node:os'
import path from 'node:path'
import { describeError, describeWarning } from '../../shared/errors/describe'
import type { ErrorPayload } from '../../shared/errors/appError'
import type { EngineView } from '../../shared/ipc/views'
import type { Job } from '../../shared/jobs/job'
import type { PrecisionReason } from '../../shared/settings/choices'
import type { JobSettings } from '../../shared/settings/jobSettings'

export interface ReportFacts {
  readonly version: string
  readonly platform: string
  readonly cpuModel: string
  readonly totalBytes: number
  readonly engine: EngineView
  readonly ffmpeg: string | null
  readonly job: Job
  readonly settings: JobSettings
}

/** What somebody who helps needs to know of a file, as text for the clipboard. The home folder is written as `~`. */
export function jobReport(facts: ReportFacts): string {
  const { version, platform, cpuModel, totalBytes, engine, ffmpeg, job } = facts
  const lines = [
    `Stillwave ${version}`,
    `System: ${platform}; ${cpuModel}; ${megabytes(totalBytes)} of memory`,
    `Engine: ${engineWords(engine)}`,
    `ffmpeg: ${ffmpeg ?? 'none'}`,
    '',
    `File: ${job.inputPath} (${job.identity.sizeBytes} bytes)`,
    `Probe: ${probeWords(job)}`,
    `Output: ${job.outputPath ?? 'none'}`,
    ...settingsLines(facts.settings),
    '',
    ...statusLines(job)
  ]
  return withoutHome(lines.join('\n'))
}

/** Why it is not the precision that was asked for, for who reads a report. */
export const PRECISION_WORDS: Readonly<Record<PrecisionReason, string>> = {
  noFp16: 'the model has no FP16',
  noFp32: 'the model is there in FP16 only',
  notChecked: 'FP16 was not checked on this device',
  notTrusted: 'FP16 is too far from FP32 on this device'
}

function engineWords(engine: EngineView): string {
  if (engine.kind !== 'ready') return engine.kind
  const { device, threads, join, precision, precisionReason } = engine
  const why = precisionReason === null ? '' : ` (${PRECISION_WORDS[precisionReason]})`
  return `${device}, ${threads} threads, ${join}, ${precision.toUpperCase()}${why}`
}

function settingsLines(settings: JobSettings): string[] {
  const { modelId, device, precision, join, chunkSec, overlapSec, batch, threads, strengthPercent, floorDb, output } =
    settings
  const overlap = join === 'overlap' ? `, overlap ${overlapSec} s` : ''
  const place = output.place === 'subfolder' ? `subfolder ${output.subfolder}` : output.place
  return [
    `Model: ${modelId}`,
    `Settings: device ${device}, ${precision.toUpperCase()}, ${join}, chunk ${chunkSec} s${overlap}, batch ${batch}, ` +
      `threads ${threads ?? 'auto'}, strength ${strengthPercent} %${floorDb === null ? '' : `, at most ${floorDb} dB`}`,
    `Output settings: ${place}, ${output.pattern}, ${output.onExists}, above 8 kHz ${output.above8k}, channels ${output.channels}` +
      (output.audioTrack === null ? '' : `, audio track ${output.audioTrack}`)
  ]
}

function probeWords({ probe }: Job): string {
  if (probe === null) return 'not yet'
  if (!probe.ok) return `failed: ${errorWords(probe.error)}`
  const { format, durationSec, sampleRateHz, channels, bitDepth } = probe.info
  const length = durationSec === null ? 'length unknown' : `${durationSec.toFixed(3)} s`
  return `${format}, ${length}, ${sampleRateHz} Hz, ${channels} channels${bitDepth === null ? '' : `, ${bitDepth} bits`}`
}

function statusLines({ status }: Job): string[] {
  switch (status.kind) {
    case 'failed':
      return [`Failed: ${errorWords(status.error)}`]
    case 'cancelled':
      return [status.because ? `Cancelled: ${errorWords(status.because)}` : 'Cancelled']
    case 'done': {
      const { durationSec, processingSec, peakRssBytes, warnings, outputPath } = status.result
      const time = `${durationSec.toFixed(3)} s of audio in ${processingSec.toFixed(3)} s`
      return [
        `Done: ${time}, engine memory at most ${megabytes(peakRssBytes)}`,
        `Result: ${outputPath}`,
        ...warnings.map((code) => `Warning: ${describeWarning(code)} [${code}]`)
      ]
    }
    case 'pending':
    case 'running':
      return [`${status.kind === 'pending' ? 'Waiting' : 'Running'}, attempts begun: ${status.attempts}`]
    case 'skipped':
      return ['Skipped: the output is there already']
  }
}

/** What happened, with its detail, and what to do next. */
function errorWords(error: ErrorPayload): string {
  const { what, next } = describeError(error)
  return `[${error.code}] ${what} ${next}`
}

function withoutHome(text: string): string {
  const home = homedir()
  return home === path.parse(home).root ? text : text.replaceAll(home, '~')
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`
}
