/** Spectra of complex signals by a radix-2 FFT of a fixed power-of-two size, in place. */
export class ComplexFft {
  /** What {@link run} gives: bin k at k. */
  readonly re: Float64Array
  readonly im: Float64Array
  private readonly cos: Float64Array
  private readonly sin: Float64Array
  private readonly reversed: Uint32Array

  /** `size` is a power of two of at least 2; RangeError otherwise. */
  constructor(readonly size: number) {
    const bits = Math.log2(size)
    if (!Number.isInteger(bits) || bits < 1) throw new RangeError(`FFT of ${size}`)
    this.re = new Float64Array(size)
    this.im = new Float64Array(size)
    this.cos = new Float64Array(size / 2).map((_, k) => Math.cos((2 * Math.PI * k) / size))
    this.sin = new Float64Array(size / 2).map((_, k) => -Math.sin((2 * Math.PI * k) / size))
    this.reversed = new Uint32Array(size)
    for (let i = 1; i < size; i++) this.reversed[i] = (this.reversed[i >> 1]! >> 1) | ((i & 1) << (bits - 1))
  }

  /** Sample `i` of the next signal; all of them are put before {@link run}. */
  put(i: number, re: number, im: number): void {
    const at = this.reversed[i]!
    this.re[at] = re
    this.im[at] = im
  }

  run(): void {
    for (let half = 1; half < this.size; half *= 2) this.butterflies(half)
  }

  private butterflies(half: number): void {
    if (half === 1) {
      this.firstButterflies()
      return
    }
    // Plain numbers throughout: this loop is most of what a spectrogram costs.
    const { re, im, cos, sin, size } = this
    const stride = size / (2 * half)
    for (let start = 0; start < size; start += 2 * half) {
      for (let k = 0, at = 0; k < half; k++, at += stride) {
        const a = start + k
        const b = a + half
        const c = cos[at]!
        const s = sin[at]!
        const bRe = re[b]!
        const bIm = im[b]!
        const tr = bRe * c - bIm * s
        const ti = bRe * s + bIm * c
        const aRe = re[a]!
        const aIm = im[a]!
        re[b] = aRe - tr
        im[b] = aIm - ti
        re[a] = aRe + tr
        im[a] = aIm + ti
      }
    }
  }

  /** Pairs of neighbours, whose factor is 1. */
  private firstButterflies(): void {
    const { re, im, size } = this
    for (let a = 0; a < size; a += 2) {
      const tr = re[a + 1]!
      const ti = im[a + 1]!
      re[a + 1] = re[a]! - tr
      im[a + 1] = im[a]! - ti
      re[a]! += tr
      im[a]! += ti
    }
  }
}

/** Power spectra of real frames by a radix-2 FFT of a fixed power-of-two size. */
export class PowerSpectrum {
  private readonly fft: ComplexFft

  /** `size` is a power of two of at least 2; RangeError otherwise. */
  constructor(readonly size: number) {
    this.fft = new ComplexFft(size)
  }

  /** |X|^2 of bins 0 to size / 2 of `frame`, which may be shorter than `size` (zeros follow), into `out`. */
  transform(frame: Float64Array, out: Float64Array): void {
    const { fft, size } = this
    for (let i = 0; i < size; i++) fft.put(i, i < frame.length ? frame[i]! : 0, 0)
    fft.run()
    for (let k = 0; k <= size / 2; k++) out[k] = fft.re[k]! ** 2 + fft.im[k]! ** 2
  }

  /** {@link transform} of two frames at the cost of one, into `outs`; both frames are `size` long. */
  transformPair(frames: readonly [Float64Array, Float64Array], outs: readonly [Float64Array, Float64Array]): void {
    const [first, second] = frames
    const { fft, size } = this
    for (let i = 0; i < size; i++) fft.put(i, first[i]!, second[i]!)
    fft.run()
    const { re, im } = fft
    // Of the sum's spectrum the part that mirrors is the first frame's, the part that does not is the second's.
    for (let k = 0; k <= size / 2; k++) {
      const mirror = (size - k) % size
      const sumRe = re[k]! + re[mirror]!
      const sumIm = im[k]! + im[mirror]!
      const lessRe = re[k]! - re[mirror]!
      const lessIm = im[k]! - im[mirror]!
      outs[0][k] = (sumRe * sumRe + lessIm * lessIm) / 4
      outs[1][k] = (sumIm * sumIm + lessRe * lessRe) / 4
    }
  }
}
