import { z } from 'zod'
import type { JobSettings } from '../../shared/settings/jobSettings'

/** Bytes of the engine's peak: `base` + lanes x (`lane` + seconds in one run x `laneSec`). Fitted to measured peaks. */
const MemoryLine = z.object({
  baseBytes: z.number().nonnegative(),
  laneBytes: z.number(),
  laneSecBytes: z.number().nonnegative()
})

/** One line for each join. */
export const MemoryLines = z.object({ carried: MemoryLine, overlap: MemoryLine })
export type MemoryLines = z.infer<typeof MemoryLines>

/** What a run with these settings is expected to need at most, in bytes; null for a model that nobody measured. Pure. */
export function forecastBytes(lines: MemoryLines | null, settings: ForecastSettings): number | null {
  if (!lines) return null
  const { baseBytes, laneBytes, laneSecBytes } = lines[settings.join]
  return Math.round(baseBytes + settings.batch * (laneBytes + settings.chunkSec * laneSecBytes))
}

export type ForecastSettings = Pick<JobSettings, 'join' | 'chunkSec' | 'batch'>
