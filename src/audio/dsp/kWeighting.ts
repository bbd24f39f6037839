/** Coefficients of one second-order section, a0 = 1. */
interface Section {
  readonly b0: number
  readonly b1: number
  readonly b2: number
  readonly a1: number
  readonly a2: number
}

const THROUGH: Section = { b0: 1, b1: 0, b2: 0, a1: 0, a2: 0 }

/** The analogue prototypes behind the 48 kHz tables of ITU-R BS.1770-5, Annex 1: frequency in Hz, Q, gain in dB. */
const SHELF = { frequencyHz: 1681.974450955533, q: 0.7071752369554196, gainDb: 3.999843853973347 }
const HIGH_PASS = { frequencyHz: 38.13547087602444, q: 0.5003270373238773 }
/** Exponent of the shelf's gain at its own frequency, from the same tables. */
const SHELF_MIDDLE = 0.4996667741545416
/** A shelf above half the rate lifts nothing that is there. */
const HIGHEST_SHARE = 0.49

/**
 * K-weighting of one channel (ITU-R BS.1770-5, Annex 1): the head's high shelf, then the high-pass, derived for any rate by the
 * bilinear transform; at 48 kHz they are the standard's own tables.
 */
export class KWeighting {
  private readonly shelf: Section
  private readonly highPass: Section
  private readonly state = new Float64Array(4)

  constructor(sampleRateHz: number) {
    const fits = SHELF.frequencyHz < HIGHEST_SHARE * sampleRateHz
    this.shelf = fits ? shelfAt(sampleRateHz) : THROUGH
    this.highPass = highPassAt(sampleRateHz)
  }

  /** The next samples, weighted, into `out`, which is at least as long. */
  process(samples: Float32Array, out: Float64Array): void {
    const { shelf, highPass, state } = this
    let [s1, s2, h1, h2] = [state[0]!, state[1]!, state[2]!, state[3]!]
    const { b0, b1, b2, a1, a2 } = shelf
    const [c1, c2] = [highPass.a1, highPass.a2]
    for (let i = 0; i < samples.length; i++) {
      const x = samples[i]!
      const y = b0 * x + s1
      s1 = b1 * x - a1 * y + s2
      s2 = b2 * x - a2 * y
      // The high-pass has the numerator 1, -2, 1.
      const z = y + h1
      h1 = -2 * y - c1 * z + h2
      h2 = y - c2 * z
      out[i] = z
    }
    state.set([settled(s1), settled(s2), settled(h1), settled(h2)])
  }
}

/** A filter that fades out in silence goes through numbers so small that every step with them is slow. */
function settled(value: number): number {
  return Math.abs(value) < 1e-30 ? 0 : value
}

function shelfAt(sampleRateHz: number): Section {
  const k = Math.tan((Math.PI * SHELF.frequencyHz) / sampleRateHz)
  const high = 10 ** (SHELF.gainDb / 20)
  const middle = high ** SHELF_MIDDLE
  const a0 = 1 + k / SHELF.q + k * k
  return {
    b0: (high + (middle * k) / SHELF.q + k * k) / a0,
    b1: (2 * (k * k - high)) / a0,
    b2: (high - (middle * k) / SHELF.q + k * k) / a0,
    a1: (2 * (k * k - 1)) / a0,
    a2: (1 - k / SHELF.q + k * k) / a0
  }
}

function highPassAt(sampleRateHz: number): Section {
  const k = Math.tan((Math.PI * HIGH_PASS.frequencyHz) / sampleRateHz)
  const a0 = 1 + k / HIGH_PASS.q + k * k
  return { b0: 1, b1: -2, b2: 1, a1: (2 * (k * k - 1)) / a0, a2: (1 - k / HIGH_PASS.q + k * k) / a0 }
}
