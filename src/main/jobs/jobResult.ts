import type { WarningCode } from '../../shared/errors/appError'
import type { JobResult } from '../../shared/jobs/job'
import type { DoneEvent } from '../processes/engineProcess'

/** What the queue keeps of a file that the engine is done with. */
export function resultOf(done: DoneEvent, outputPath: string, more: readonly WarningCode[]): JobResult {
  const warnings = [...new Set([...done.warnings, ...more])]
  const { durationSec, sampleRateHz, channels, timings, peakRssBytes, sha256, isFromKept = false, sound } = done
  const measured = { durationSec, sampleRateHz, channels, processingSec: timings.wallSec, peakRssBytes }
  return { outputPath, warnings, ...measured, sha256, isFromKept, ...(sound && { sound }) }
}
