import { ComplexFft } from '../metrics/fft'
import { SampleFifo } from './sampleFifo'
import { isSilent } from './silence'

const WINDOW_SEC = 0.032
/** Windows over each sample. */
const OVERLAP = 4

/**
 * Gives two channels one gain over time and frequency, so that what is heard of both stays where it was between them.
 *
 * With `low` what went into a denoiser and `clean` what came out, each window has for each frequency the gain g of 0 to 1 with which
 * g * low comes nearest to clean in both channels together (least squares); each channel then is its own low band under it. Where
 * nothing was changed the output is the input, to the bit. Same result for pieces of any size; memory and delay are two windows.
 */
export class GainLink {
  private readonly size: number
  private readonly hop: number
  private readonly window: Float64Array
  private readonly fft: ComplexFft
  private readonly channels: readonly [Channel, Channel]
  /** Samples at the front that lie before the first of the signal. */
  private toSkip: number
  private taken = 0
  private given = 0

  constructor(sampleRateHz: number) {
    this.size = 2 ** Math.round(Math.log2(WINDOW_SEC * sampleRateHz))
    this.hop = this.size / OVERLAP
    this.fft = new ComplexFft(this.size)
    // The square root of a Hann window, before and after; the sum over all windows is one.
    const scale = Math.sqrt(2 / OVERLAP)
    this.window = new Float64Array(this.size).map((_, i) => scale * Math.sin((Math.PI * (i + 0.5)) / this.size))
    this.channels = [new Channel(this.size), new Channel(this.size)]
    this.toSkip = this.size - this.hop
    for (const channel of this.channels) channel.push(new Float32Array(this.toSkip), new Float32Array(this.toSkip))
  }

  /** Takes as many samples of each of both channels, and gives what they complete: two fresh arrays of one length. */
  push(low: readonly [Float32Array, Float32Array], clean: readonly [Float32Array, Float32Array]): Pair {
    this.taken += low[0].length
    this.channels.forEach((channel, c) => {
      channel.push(low[c]!, clean[c]!)
    })
    return this.run()
  }

  /** The rest, so that as many samples are out as came in. */
  finish(): Pair {
    const left = this.taken - this.given
    for (const channel of this.channels) channel.push(new Float32Array(2 * this.size), new Float32Array(2 * this.size))
    const [first, second] = this.run()
    return [first.subarray(0, left), second.subarray(0, left)]
  }

  private run(): Pair {
    const [first] = this.channels
    const steps = Math.max(0, Math.floor((first.length - this.size) / this.hop) + 1)
    const skipped = Math.min(this.toSkip, steps * this.hop)
    const out: Pair = [new Float32Array(steps * this.hop), new Float32Array(steps * this.hop)]
    for (let step = 0; step < steps; step++) {
      if (this.channels.some((channel) => channel.isChanged)) this.addFrame()
      this.channels.forEach((channel, c) => {
        channel.take(out[c]!.subarray(step * this.hop, (step + 1) * this.hop))
      })
    }
    this.toSkip -= skipped
    this.given += steps * this.hop - skipped
    return [out[0].subarray(skipped), out[1].subarray(skipped)]
  }

  /** What the shared gain takes away of both in the window at the front. */
  private addFrame(): void {
    const { fft, size, window } = this
    for (const channel of this.channels) channel.transform(fft, window)
    const [a, b] = this.channels
    const { re, im } = fft
    for (let k = 0; k <= size / 2; k++) {
      const power = a.powerAt(k) + b.powerAt(k)
      const lost = power > 0 ? Math.min(1, Math.max(0, (a.removedAt(k) + b.removedAt(k)) / power)) : 0
      // Both at once: the first as the real part of the signal, the second as the imaginary one. The inverse transform is the
      // forward one with both parts exchanged.
      const [aRe, aIm, bRe, bIm] = [a.re[k]! * lost, a.im[k]! * lost, b.re[k]! * lost, b.im[k]! * lost]
      fft.put(k, aIm + bRe, aRe - bIm)
      if (k > 0 && k < size / 2) fft.put(size - k, bRe - aIm, aRe + bIm)
    }
    fft.run()
    for (let i = 0; i < size; i++) {
      a.lost[i]! += (im[i]! * window[i]!) / size
      b.lost[i]! += (re[i]! * window[i]!) / size
    }
  }
}

type Pair = [Float32Array, Float32Array]

class Channel {
  /** Of the window at the front: the spectrum of the low band, up to half of the rate. */
  readonly re: Float64Array
  readonly im: Float64Array
  /** What is taken away of the samples at the front, so far. */
  readonly lost: Float64Array
  private readonly removedRe: Float64Array
  private readonly removedIm: Float64Array
  private readonly low = new SampleFifo()
  private readonly removed = new SampleFifo()
  private difference = new Float32Array(0)

  constructor(private readonly size: number) {
    this.lost = new Float64Array(size)
    const half = size / 2 + 1
    this.re = new Float64Array(half)
    this.im = new Float64Array(half)
    this.removedRe = new Float64Array(half)
    this.removedIm = new Float64Array(half)
  }

  get length(): number {
    return this.low.length
  }

  get isChanged(): boolean {
    return !isSilent(this.removed.view(0, this.size))
  }

  push(low: Float32Array, clean: Float32Array): void {
    this.low.push(low)
    if (this.difference.length < low.length) this.difference = new Float32Array(low.length)
    const removed = this.difference.subarray(0, low.length)
    for (let i = 0; i < removed.length; i++) removed[i] = low[i]! - clean[i]!
    this.removed.push(removed)
  }

  /** Spectra of what came and of what the denoiser took away, of which only the sum is real. */
  transform(fft: ComplexFft, window: Float64Array): void {
    const { size } = this
    const low = this.low.view(0, size)
    const removed = this.removed.view(0, size)
    for (let i = 0; i < size; i++) fft.put(i, low[i]! * window[i]!, removed[i]! * window[i]!)
    fft.run()
    const { re, im } = fft
    for (let k = 0; k <= size / 2; k++) {
      const mirror = (size - k) % size
      this.re[k] = (re[k]! + re[mirror]!) / 2
      this.im[k] = (im[k]! - im[mirror]!) / 2
      this.removedRe[k] = (im[k]! + im[mirror]!) / 2
      this.removedIm[k] = (re[mirror]! - re[k]!) / 2
    }
  }

  powerAt(k: number): number {
    return this.re[k]! ** 2 + this.im[k]! ** 2
  }

  /** How much of the low band's direction was taken away. */
  removedAt(k: number): number {
    return this.re[k]! * this.removedRe[k]! + this.im[k]! * this.removedIm[k]!
  }

  /** Fills `out`, one hop long, with the samples at the front, which no later window reaches. */
  take(out: Float32Array): void {
    const { lost } = this
    const low = this.low.view(0, out.length)
    for (let i = 0; i < out.length; i++) out[i] = low[i]! - lost[i]!
    this.low.drop(out.length)
    this.removed.drop(out.length)
    lost.copyWithin(0, out.length)
    lost.fill(0, lost.length - out.length)
  }
}
