import { BandGain } from './bandGain'
import { Resampler } from './resampler'
import { SampleFifo } from './sampleFifo'
import { isSilent } from './silence'

const HOPS_PER_SEC = 100

/**
 * Puts the band that the model never saw back onto one channel of a file whose rate is over the model's.
 *
 * With `low` the source at the model's rate and `clean` what the model made of it, the output at the source's rate is
 * g * source + up(clean - g * low): the model's band comes from `clean`, what lies above keeps the gain g that the model gave to
 * the upper half of its own band at that time ({@link BandGain}). Where nothing was changed (clean equals low) the output is
 * the source, to the bit. One resampler, whose lookahead (10 ms at 16 kHz) and the gain's (20 ms) are the only delay.
 */
export class HighBandJoin {
  private readonly upsampler: Resampler
  private readonly bandGain: BandGain
  private readonly hop: number
  /** Hops in one frame of the source. */
  private readonly hopsPerFrame: number
  private readonly source = new SampleFifo()
  private readonly low = new SampleFifo()
  private readonly clean = new SampleFifo()
  private readonly difference = new SampleFifo()
  /** Waiting pairs of low and clean that the gain has seen. */
  private seen = 0
  private lowDone = 0
  private framesDone = 0

  /** `lowHz` is the model's rate, 16000 unless told; throws RangeError where the source's is not above it. */
  constructor(options: { readonly sampleRateHz: number; readonly lowHz?: number }) {
    const { sampleRateHz, lowHz = 16000 } = options
    if (sampleRateHz <= lowHz) throw new RangeError(`no band to join at ${sampleRateHz} Hz`)
    this.upsampler = new Resampler({ fromHz: lowHz, toHz: sampleRateHz })
    this.hop = Math.max(1, Math.round(lowHz / HOPS_PER_SEC))
    this.hopsPerFrame = lowHz / (sampleRateHz * this.hop)
    this.bandGain = new BandGain(this.hop)
  }

  /** Takes the next samples of each, as many as there are, and gives the frames that they complete: a fresh array. */
  push(pieces: {
    readonly source: Float32Array
    readonly low: Float32Array
    readonly clean: Float32Array
  }): Float32Array {
    this.source.push(pieces.source)
    this.low.push(pieces.low)
    this.clean.push(pieces.clean)
    const pairs = Math.min(this.low.length, this.clean.length)
    this.bandGain.push(this.low.view(this.seen, pairs), this.clean.view(this.seen, pairs))
    this.seen = pairs
    this.subtract(Math.max(0, (this.bandGain.known - 1) * this.hop - this.lowDone))
    return this.join(Math.min(this.difference.length, this.source.length))
  }

  /** The rest. Throws RangeError where `source` was not `totalFrames` long, or `low` and `clean` were not as long as each other. */
  finish(totalFrames: number): Float32Array {
    if (this.low.length !== this.clean.length) {
      throw new RangeError(`${this.low.length} samples of the low band left, ${this.clean.length} denoised`)
    }
    const left = totalFrames - this.framesDone
    if (this.source.length !== left) throw new RangeError(`${this.source.length} frames left, ${left} wanted`)
    const lastHop =
      Math.ceil(Math.max((this.lowDone + this.low.length) / this.hop, totalFrames * this.hopsPerFrame)) + 1
    this.bandGain.finish(lastHop)
    this.subtract(this.low.length)
    this.difference.push(this.upsampler.finish(totalFrames))
    return this.join(left)
  }

  /** clean - g * low for the next `count` samples, to the source's rate. */
  private subtract(count: number): void {
    if (count === 0) return
    const low = this.low.view(0, count)
    const out = this.clean.view(0, count).slice()
    if (!isSilent(low)) for (let i = 0; i < count; i++) out[i]! -= this.gainAt((this.lowDone + i) / this.hop) * low[i]!
    this.low.drop(count)
    this.clean.drop(count)
    this.seen -= Math.min(this.seen, count)
    this.lowDone += count
    this.difference.push(this.upsampler.push(out))
  }

  private join(count: number): Float32Array {
    const source = this.source.view(0, count)
    const out = this.difference.view(0, count).slice()
    if (!isSilent(source))
      for (let i = 0; i < count; i++) out[i]! += this.gainAt((this.framesDone + i) * this.hopsPerFrame) * source[i]!
    this.source.drop(count)
    this.difference.drop(count)
    this.framesDone += count
    this.bandGain.forget(Math.floor(Math.min(this.framesDone * this.hopsPerFrame, this.lowDone / this.hop)))
    return out
  }

  /** The gain at `position` hops, linear in between. */
  private gainAt(position: number): number {
    const k = Math.floor(position)
    const before = this.bandGain.at(k)
    return before + (position - k) * (this.bandGain.at(k + 1) - before)
  }
}
