/** True when no sample is NaN or infinite: either would stay in the sum, and float64 cannot overflow on finite float32 values. */
export function isFinite32(samples: Float32Array): boolean {
  let sum = 0
  for (const sample of samples) sum += sample
  return Number.isFinite(sum)
}

/** Multiplies in place. */
export function scale(samples: Float32Array, gain: number): void {
  for (let i = 0; i < samples.length; i++) samples[i]! *= gain
}

/** A queue of samples in one buffer that only grows: appended at the end, taken from the front. */
export class SampleQueue {
  private buffer: Float32Array
  private start = 0
  private end = 0

  constructor(capacity: number) {
    this.buffer = new Float32Array(capacity)
  }

  get length(): number {
    return this.end - this.start
  }

  push(samples: Float32Array): void {
    this.reserve(samples.length).set(samples)
  }

  /** Appends `count` zeros; the view returned may be filled by the caller until the next call. */
  reserve(count: number): Float32Array {
    if (this.end + count > this.buffer.length) this.makeRoom(count)
    const view = this.buffer.subarray(this.end, this.end + count).fill(0)
    this.end += count
    return view
  }

  /** A view of `count` samples from `offset` after the front, valid until the next push. */
  peek(offset: number, count: number): Float32Array {
    if (offset + count > this.length) throw new RangeError('peek past the end of a sample queue')
    return this.buffer.subarray(this.start + offset, this.start + offset + count)
  }

  drop(count: number): void {
    if (count > this.length) throw new RangeError('drop past the end of a sample queue')
    this.start += count
    if (this.start === this.end) this.start = this.end = 0
  }

  private makeRoom(count: number): void {
    const needed = this.length + count
    if (needed <= this.buffer.length) {
      this.buffer.copyWithin(0, this.start, this.end)
    } else {
      const grown = new Float32Array(Math.max(needed, this.buffer.length * 2))
      grown.set(this.buffer.subarray(this.start, this.end))
      this.buffer = grown
    }
    this.end -= this.start
    this.start = 0
  }
}
