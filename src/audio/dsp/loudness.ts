/** Length of the parts that a signal's power is kept in: a quarter of a gating block, which overlap by three quarters. */
export const LOUDNESS_STEP_SEC = 0.1
/** Such parts in one gating block. */
export const STEPS_IN_BLOCK = 4
const ABSOLUTE_GATE_LUFS = -70
const RELATIVE_GATE_LU = -10
/** What the weighting adds to a 997 Hz sine, taken off again. */
const OFFSET_DB = -0.691

/**
 * Integrated loudness in LUFS (ITU-R BS.1770-5, Annex 1): gating blocks of 400 ms with 75 % overlap, first those over -70 LUFS,
 * then those over their mean less 10 LU. `stepPowers` holds, for each 100 ms, the mean square of the K-weighted samples,
 * summed over the channels (all of weight 1: mono, or left and right). Null: shorter than one block, or all of it below the gate.
 */
export function integratedLufs(stepPowers: ArrayLike<number>, fromStep = 0, toStep = stepPowers.length): number | null {
  const blocks = new Float64Array(Math.max(0, toStep - fromStep - STEPS_IN_BLOCK + 1))
  for (let block = 0; block < blocks.length; block++) {
    let sum = 0
    for (let step = 0; step < STEPS_IN_BLOCK; step++) sum += stepPowers[fromStep + block + step]!
    blocks[block] = sum / STEPS_IN_BLOCK
  }
  return gatedLufs(blocks)
}

/** The same from the powers of gating blocks, wherever in the signal they were taken: an estimate from samples of it. */
export function gatedLufs(blockPowers: readonly number[] | Float64Array): number | null {
  const audible = meanAbove(blockPowers, powerOf(ABSOLUTE_GATE_LUFS))
  if (audible === null) return null
  const relative = powerOf(lufsOf(audible) + RELATIVE_GATE_LU)
  const mean = meanAbove(blockPowers, Math.max(relative, powerOf(ABSOLUTE_GATE_LUFS)))
  return mean === null ? null : lufsOf(mean)
}

/** Of a signal shorter than one block, from its mean power; null below the absolute gate. */
export function ungatedLufs(power: number): number | null {
  return power > powerOf(ABSOLUTE_GATE_LUFS) ? lufsOf(power) : null
}

function meanAbove(powers: readonly number[] | Float64Array, gate: number): number | null {
  let [sum, count] = [0, 0]
  for (const power of powers) {
    if (power <= gate) continue
    sum += power
    count++
  }
  return count === 0 ? null : sum / count
}

/** LUFS of a mean square of K-weighted samples, summed over the channels. */
export function lufsOf(power: number): number {
  return OFFSET_DB + 10 * Math.log10(power)
}

/** Its inverse. */
export function powerOf(lufs: number): number {
  return 10 ** ((lufs - OFFSET_DB) / 10)
}
