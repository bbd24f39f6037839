import type { JobSettings } from './jobSettings'

/** What of the settings says how much noise goes. */
export type ReductionSettings = Pick<JobSettings, 'strengthPercent' | 'floorDb'>

/**
 * How much of what the model takes away is left in, 0 to 1: what the strength leaves, and no less than keeps the reduction above
 * its floor.
 */
export function residualGainOf({ strengthPercent, floorDb }: ReductionSettings): number {
  const ofStrength = 1 - strengthPercent / 100
  return floorDb === null ? ofStrength : Math.max(ofStrength, 10 ** (-floorDb / 20))
}

/** How far the noise is lowered at most, in dB. Null where all that the model finds goes; 0 where nothing does. */
export function reductionLimitDb(settings: ReductionSettings): number | null {
  const residual = residualGainOf(settings)
  return residual <= 0 ? null : Math.abs(20 * Math.log10(residual))
}
