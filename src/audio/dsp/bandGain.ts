/** Below -110 dBFS neither noise nor speech is told from rounding: the gain goes to 1. */
const FLOOR_POWER = 1e-11
/** Steps of one hop (10 ms): up within a hop, so that sibilants keep their start; down over 50 ms, so that hiss does not flutter. */
const RISE = 0.63
const FALL = 0.18
/** Butterworth, 4th order, high-pass at a quarter of the sample rate, where both sections have no z^-1 term in the denominator. */
const SECTION_ANGLES = [Math.PI / 8, (3 * Math.PI) / 8]

/**
 * How much of the upper half of a band a denoiser has kept, as a slowly varying amplitude gain of 0 to 1, one for each hop:
 * gain k belongs to sample k * hop. From the energies of noisy and clean above a quarter of the rate in 40 ms around,
 * smoothed, 10 ms ahead. Same result for pieces of any size.
 */
export class BandGain {
  private readonly noisyFilter = new UpperHalf()
  private readonly cleanFilter = new UpperHalf()
  private noisySum = 0
  private cleanSum = 0
  private inHop = 0
  /** Energies of the last four hops, oldest first. */
  private noisyHops = [0, 0, 0, 0]
  private cleanHops = [0, 0, 0, 0]
  private hops = 0
  private smoothed = 1
  private gains: number[] = []
  /** Index of gains[0]. */
  private first = 0

  constructor(private readonly hop: number) {}

  /** Gains known so far are those before this index. */
  get known(): number {
    return this.first + this.gains.length
  }

  /** Gain `k`, which must be known and not forgotten. */
  at(k: number): number {
    return this.gains[k - this.first]!
  }

  /** Forgets the gains before `k`. */
  forget(k: number): void {
    if (k - this.first < 1024) return
    this.gains = this.gains.slice(k - this.first)
    this.first = k
  }

  /** Takes as many samples of either. */
  push(noisy: Float32Array, clean: Float32Array): void {
    for (let i = 0; i < noisy.length; i++) {
      const a = this.noisyFilter.next(noisy[i]!)
      const b = this.cleanFilter.next(clean[i]!)
      this.noisySum += a * a
      this.cleanSum += b * b
      if (++this.inHop === this.hop) this.endHop()
    }
  }

  /** At the end of the signal: gains up to and including index `last`. */
  finish(last: number): void {
    if (this.inHop > 0) this.endHop()
    while (this.hops < 2) this.endHop()
    while (this.known <= last) this.step(null)
  }

  private endHop(): void {
    this.noisyHops = [...this.noisyHops.slice(1), this.noisySum]
    this.cleanHops = [...this.cleanHops.slice(1), this.cleanSum]
    this.noisySum = this.cleanSum = this.inHop = 0
    this.hops++
    const floor = FLOOR_POWER * this.hop
    const kept = (weighted(this.cleanHops) + floor) / (weighted(this.noisyHops) + floor)
    if (this.hops >= 2) this.step(Math.sqrt(Math.min(1, kept)))
  }

  /** With hop h complete the ratio around sample (h - 1) * hop is known; it is the target one hop earlier. Null: as before. */
  private step(ratio: number | null): void {
    if (ratio !== null) {
      const rate = ratio > this.smoothed ? RISE : FALL
      this.smoothed = this.hops === 2 ? ratio : this.smoothed + rate * (ratio - this.smoothed)
      if (this.hops === 2) return
    }
    this.gains.push(this.smoothed)
  }
}

function weighted(hops: readonly number[]): number {
  return 0.5 * hops[0]! + hops[1]! + hops[2]! + 0.5 * hops[3]!
}

class UpperHalf {
  private readonly gain: number[]
  private readonly feedback: number[]
  private readonly state = new Float64Array(4)

  constructor() {
    this.gain = SECTION_ANGLES.map((angle) => 1 / (2 + 2 * Math.cos(angle)))
    this.feedback = SECTION_ANGLES.map((angle) => (2 - 2 * Math.cos(angle)) / (2 + 2 * Math.cos(angle)))
  }

  next(sample: number): number {
    const { state } = this
    const first = this.gain[0]! * sample
    const between = first + state[0]!
    state[0] = state[1]! - 2 * first
    state[1] = first - this.feedback[0]! * between
    const second = this.gain[1]! * between
    const out = second + state[2]!
    state[2] = state[3]! - 2 * second
    state[3] = second - this.feedback[1]! * out
    return out
  }
}
