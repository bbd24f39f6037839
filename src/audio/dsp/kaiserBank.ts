/**
 * Filter banks for polyphase resampling: a windowed sinc, sampled at every phase that an output sample can have between two
 * input samples. Kaiser's design formulas: J. F. Kaiser, "Nonrecursive digital filter design using the I0-sinh window", 1974.
 */

/** Design attenuation; what is measured stays above the 100 dB that are promised. */
const STOP_BAND_DB = 106
/** Pass band edge, relative to the lower of the two Nyquist frequencies; the stop band begins at that Nyquist frequency. */
export const PASS_BAND_EDGE = 0.92
/** Up to so many phases every one gets its own coefficients; beyond, neighbours are interpolated. */
const MAX_EXACT_PHASES = 1024
/** Bounds a bank to 64 MB of float64. */
const MAX_COEFFICIENTS = 8 * 1024 * 1024

export interface KaiserBank {
  /** Coefficients per phase, a multiple of 4; output at input time c + p (0 <= p < 1) uses inputs c - taps/2 + 1 ... c + taps/2. */
  readonly taps: number
  /** [rows][taps]; row r is phase r / phases. `phases` rows, one more where outputs are interpolated. */
  readonly coefficients: Float64Array
  readonly phases: number
  /** True where outputs fall between rows, and two neighbours are to be mixed linearly (error under -106 dB). */
  readonly interpolated: boolean
}

/** Modified Bessel function of the first kind, order zero, by its power series. */
export function besselI0(x: number): number {
  const quarter = (x * x) / 4
  let term = 1
  let sum = 1
  for (let k = 1; term > sum * 1e-17; k++) {
    term *= quarter / (k * k)
    sum += term
  }
  return sum
}

/** Kaiser's beta for an attenuation over 50 dB. */
export function kaiserBeta(attenuationDb: number): number {
  return 0.1102 * (attenuationDb - 8.7)
}

/**
 * The bank for `up` / `down` (coprime): output m lies at input time m * down / up. Throws RangeError where the ratio would
 * need more than 64 MB of coefficients (a rate divided by more than about 50,000).
 */
export function kaiserBank(up: number, down: number): KaiserBank {
  const ratio = Math.min(1, up / down)
  const transition = (1 - PASS_BAND_EDGE) * 0.5 * ratio
  const halfWidth = (STOP_BAND_DB - 7.95) / (2.285 * 2 * Math.PI * transition) / 2
  const taps = 4 * Math.ceil(halfWidth / 2)
  const interpolated = up > MAX_EXACT_PHASES
  const phases = interpolated ? Math.max(16, Math.ceil(MAX_EXACT_PHASES * ratio)) : up
  const rows = interpolated ? phases + 1 : phases
  if (rows * taps > MAX_COEFFICIENTS) {
    throw new RangeError(`resampling by ${up}/${down} needs too long a filter`)
  }
  const coefficients = new Float64Array(rows * taps)
  const cutoff = (1 + PASS_BAND_EDGE) * 0.5 * ratio
  for (let row = 0; row < rows; row++) {
    fillRow(coefficients.subarray(row * taps, (row + 1) * taps), { phase: row / phases, cutoff, halfWidth })
  }
  return { taps, coefficients, phases, interpolated }
}

/** One phase: the windowed sinc (`cutoff` relative to the input's Nyquist frequency), scaled to a sum of exactly one. */
function fillRow(row: Float64Array, filter: { phase: number; cutoff: number; halfWidth: number }): void {
  const { phase, cutoff, halfWidth } = filter
  const beta = kaiserBeta(STOP_BAND_DB)
  const centre = row.length / 2 - 1 + phase
  let sum = 0
  for (let j = 0; j < row.length; j++) {
    const t = centre - j
    const edge = 1 - (t / halfWidth) ** 2
    const window = edge > 0 ? besselI0(beta * Math.sqrt(edge)) : 0
    const angle = Math.PI * cutoff * t
    row[j] = window * (t === 0 ? 1 : Math.sin(angle) / angle)
    sum += row[j]!
  }
  for (let j = 0; j < row.length; j++) row[j]! /= sum
}
