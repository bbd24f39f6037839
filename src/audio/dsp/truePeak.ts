const TAPS = 32
const HALF = TAPS / 2
const KAISER_BETA = 8
/** Samples that are looked at together: most of them cannot hold a new peak, and are not oversampled. */
const GROUP = 64

/**
 * The highest true peak of a signal as it streams by (ITU-R BS.1770-5, Annex 2): oversampled 4 times from 96 kHz on and 8 times
 * below, as at low rates four would miss up to half a dB.
 */
export class TruePeakMeter {
  private readonly phases: readonly Float64Array[]
  private readonly reach: number
  private readonly tails: Float32Array[]
  private peak = 0

  constructor(sampleRateHz: number, channels: number) {
    this.phases = phasesOf(sampleRateHz < 96_000 ? 8 : 4)
    this.reach = Math.max(1, ...this.phases.map((taps) => taps.reduce((sum, tap) => sum + Math.abs(tap), 0)))
    this.tails = Array.from({ length: channels }, () => new Float32Array(TAPS))
  }

  /** One block for each channel, all of one length. */
  push(planar: readonly Float32Array[]): void {
    for (const [channel, samples] of planar.entries()) {
      const all = new Float32Array(TAPS + samples.length)
      all.set(this.tails[channel]!)
      all.set(samples, TAPS)
      this.scan(all)
      this.tails[channel] = all.slice(all.length - TAPS)
    }
  }

  /** dBTP of all that came; -Infinity for silence. Ends the signal: what lies between its last samples counts. */
  finish(): number {
    this.push(this.tails.map(() => new Float32Array(TAPS)))
    return 20 * Math.log10(this.peak)
  }

  private scan(all: Float32Array): void {
    for (let from = 0; from + TAPS < all.length; from += GROUP) {
      const end = Math.min(all.length, from + GROUP + TAPS)
      let highest = 0
      for (let i = from; i < end; i++) highest = Math.max(highest, Math.abs(all[i]!))
      if (highest > this.peak) this.peak = highest
      if (highest * this.reach > this.peak) this.oversample(all, from, end - TAPS)
    }
  }

  private oversample(all: Float32Array, from: number, to: number): void {
    let { peak } = this
    for (const taps of this.phases) {
      for (let i = from; i < to; i++) {
        let value = 0
        for (let tap = 0; tap < TAPS; tap++) value += taps[tap]! * all[i + tap]!
        if (value > peak) peak = value
        else if (-value > peak) peak = -value
      }
    }
    this.peak = peak
  }
}

/** The windowed sinc at each point between two samples, each phase of unit gain. */
function phasesOf(factor: number): Float64Array[] {
  return Array.from({ length: factor - 1 }, (_, n) => {
    const offset = (n + 1) / factor
    const taps = Float64Array.from({ length: TAPS }, (_tap, i) => {
      const at = i - (HALF - 1) - offset
      return (Math.sin(Math.PI * at) / (Math.PI * at)) * kaiser(at / HALF)
    })
    const sum = taps.reduce((total, tap) => total + tap, 0)
    return taps.map((tap) => tap / sum)
  })
}

function kaiser(x: number): number {
  return Math.abs(x) >= 1 ? 0 : bessel(KAISER_BETA * Math.sqrt(1 - x * x)) / bessel(KAISER_BETA)
}

function bessel(x: number): number {
  let [sum, term] = [1, 1]
  for (let k = 1; term > sum * 1e-12; k++) {
    term *= (x / (2 * k)) ** 2
    sum += term
  }
  return sum
}
