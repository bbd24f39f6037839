/**
 * Scale-invariant signal-to-distortion ratio in dB, without removing means (Le Roux et al., "SDR - half-baked or well done?",
 * 2019): the part of `estimate` along `reference` over the rest. Two arrays of one length (RangeError otherwise).
 * Infinity for a scaled copy, -Infinity where nothing of the reference is left, NaN where either is silent.
 */
export function siSdrDb(reference: Float32Array, estimate: Float32Array): number {
  if (reference.length !== estimate.length) {
    throw new RangeError(`${reference.length} samples of reference, ${estimate.length} of estimate`)
  }
  let [cross, power] = [0, 0]
  for (let i = 0; i < reference.length; i++) {
    cross += reference[i]! * estimate[i]!
    power += reference[i]! * reference[i]!
  }
  const scale = cross / power
  let [target, rest] = [0, 0]
  for (let i = 0; i < reference.length; i++) {
    const wanted = scale * reference[i]!
    target += wanted * wanted
    rest += (estimate[i]! - wanted) ** 2
  }
  return 10 * Math.log10(target / rest)
}
