/** Levels of a signal over all its channels, in dBFS, none under -120 (digital silence). */
export interface SoundLevels {
  /** RMS of the whole. */
  readonly levelDb: number
  /** Of the quiet parts, and of the loud ones: 10th and 90th percentile of the RMS of 20 ms. */
  readonly noiseFloorDb: number
  readonly speechDb: number
  /** Of the loudest sample of any channel; not the peak between samples. */
  readonly peakDb: number
}

const SILENCE_DBFS = -120

/**
 * How much further the speech stands out of the noise than before, in dB, by the loud and the quiet parts of both signals: an
 * estimate. Null where a pause is digital silence, before or after: there is nothing to divide by.
 */
export function snrGainDb(before: SoundLevels, after: SoundLevels): number | null {
  if (before.noiseFloorDb <= SILENCE_DBFS || after.noiseFloorDb <= SILENCE_DBFS) return null
  return after.speechDb - after.noiseFloorDb - (before.speechDb - before.noiseFloorDb)
}
