/** Power spectra of real frames by a radix-2 FFT of a fixed power-of-two size. */
export class PowerSpectrum {
  private readonly re: Float64Array
  private readonly im: Float64Array
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

  /** |X|^2 of bins 0 to size / 2 of `frame`, which may be shorter than `size` (zeros follow), into `out`. */
  transform(frame: Float64Array, out: Float64Array): void {
    this.re.fill(0)
    this.im.fill(0)
    for (let i = 0; i < frame.length; i++) this.re[this.reversed[i]!] = frame[i]!
    for (let half = 1; half < this.size; half *= 2) this.butterflies(half)
    for (let k = 0; k <= this.size / 2; k++) out[k] = this.re[k]! ** 2 + this.im[k]! ** 2
  }

  /** {@link transform} of two frames at the cost of one, into `outs`; both frames are `size` long. */
  transformPair(frames: readonly [Float64Array, Float64Array], outs: readonly [Float64Array, Float64Array]): void {
    const [first, second] = frames
    const { re, im, reversed, size } = this
    for (let i = 0; i < size; i++) {
      re[reversed[i]!] = first[i]!
      im[reversed[i]!] = second[i]!
    }
    for (let half = 1; half < size; half *= 2) this.butterflies(half)
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
