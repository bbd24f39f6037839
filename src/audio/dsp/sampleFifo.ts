/** Samples waiting for their partners: appended at the end, taken from the front, in one buffer that only grows with need. */
export class SampleFifo {
  private buffer = new Float32Array(4096)
  private start = 0
  private end = 0

  /** Samples waiting. */
  get length(): number {
    return this.end - this.start
  }

  /** Appends a copy of `samples`. */
  push(samples: Float32Array): void {
    if (this.end + samples.length > this.buffer.length) this.makeRoom(samples.length)
    this.buffer.set(samples, this.end)
    this.end += samples.length
  }

  /** The waiting samples from `from` to `to`, counted from the front: a view, valid until the next push. */
  view(from: number, to: number): Float32Array {
    if (from > to || to > this.length) throw new RangeError('view past the end of a sample queue')
    return this.buffer.subarray(this.start + from, this.start + to)
  }

  /** Forgets the first `count` samples. */
  drop(count: number): void {
    if (count > this.length) throw new RangeError('drop past the end of a sample queue')
    this.start += count
    if (this.start === this.end) this.start = this.end = 0
  }

  private makeRoom(count: number): void {
    const waiting = this.view(0, this.length)
    const needed = waiting.length + count
    if (needed > this.buffer.length) {
      const grown = new Float32Array(Math.max(needed, 2 * this.buffer.length))
      grown.set(waiting)
      this.buffer = grown
    } else {
      this.buffer.copyWithin(0, this.start, this.end)
    }
    this.start = 0
    this.end = waiting.length
  }
}
