const FRAME_SEC = 0.02
const QUIET_SHARE = 0.1
/** What digital silence is reported as. */
export const LOWEST_FLOOR_DBFS = -120

/**
 * Level between the words: the 10th percentile of the RMS of 20 ms frames, in dBFS (0 is a square wave at full scale), not
 * under -120. `samples` is one channel, full scale +-1; under 20 ms of it give the RMS of all there is.
 */
export function noiseFloorDb(samples: Float32Array, sampleRateHz: number): number {
  const frame = Math.max(1, Math.min(samples.length, Math.round(sampleRateHz * FRAME_SEC)))
  const powers: number[] = []
  for (let from = 0; from + frame <= samples.length; from += frame) powers.push(meanPower(samples, from, from + frame))
  if (powers.length === 0) return LOWEST_FLOOR_DBFS
  powers.sort((a, b) => a - b)
  const floor = powers[Math.floor((powers.length - 1) * QUIET_SHARE)]!
  return Math.max(LOWEST_FLOOR_DBFS, 10 * Math.log10(floor))
}

function meanPower(samples: Float32Array, from: number, to: number): number {
  let sum = 0
  for (let i = from; i < to; i++) sum += samples[i]! * samples[i]!
  return sum / (to - from)
}
