/** Speech level that FRCRN expects, dB relative to full scale. */
export const TARGET_LEVEL_DBFS = -25

/** Bins of one octave of power; the one bin that the threshold falls into is shared out, so the error stays under 0.01 dB. */
const MANTISSA_BITS = 6
const SHIFT = 23 - MANTISSA_BITS
const BIN_COUNT = 1 << (8 + MANTISSA_BITS)
const SCRATCH_SAMPLES = 4096
/** Mean power under which a signal counts as silence (-140 dBFS): a gain for it would be a gain for rounding errors. */
const SILENCE_POWER = 1e-14

/**
 * The level rule of the official FRCRN pipelines (`audio_norm` in ModelScope and ClearerVoice): RMS to -25 dBFS, then the RMS
 * of the samples above average power to -25 dBFS. The first scaling cancels out, so the gain is the target over the RMS
 * of the samples whose power exceeds the mean power. That takes one pass here: the mean, and a histogram of log power
 * with count and sum in each bin, whose bins above the mean are added up at the end.
 */
export class LevelMeter {
  private readonly counts = new Float64Array(BIN_COUNT)
  private readonly sums = new Float64Array(BIN_COUNT)
  private readonly powers = new Float32Array(SCRATCH_SAMPLES)
  private readonly powerBits = new Uint32Array(this.powers.buffer)
  private samples = 0
  private total = 0

  /** Takes the next samples (full scale +-1, finite), in pieces of any size. */
  push(samples: Float32Array): void {
    const { counts, sums, powers, powerBits } = this
    for (let from = 0; from < samples.length; from += SCRATCH_SAMPLES) {
      const count = Math.min(SCRATCH_SAMPLES, samples.length - from)
      for (let i = 0; i < count; i++) powers[i] = samples[from + i]! * samples[from + i]!
      for (let i = 0; i < count; i++) {
        const power = powers[i]!
        if (power === 0) continue
        const bin = powerBits[i]! >>> SHIFT
        counts[bin]! += 1
        sums[bin]! += power
      }
    }
    this.samples += samples.length
    this.total = 0
  }

  /** The same as {@link push} of `count` zeros. */
  pushSilence(count: number): void {
    this.samples += count
  }

  /** Root mean square of all samples so far; 0 before the first. */
  rms(): number {
    return this.samples === 0 ? 0 : Math.sqrt(this.totalPower() / this.samples)
  }

  /** Factor that brings the signal to the model's level; null for silence (mean power under -140 dBFS) and for no samples at all. */
  gain(): number | null {
    const mean = this.samples === 0 ? 0 : this.totalPower() / this.samples
    if (mean < SILENCE_POWER) return null
    const loud = this.above(mean)
    return 10 ** (TARGET_LEVEL_DBFS / 20) / Math.sqrt(loud.count > 0 ? loud.sum / loud.count : mean)
  }

  private totalPower(): number {
    if (this.total === 0) for (const sum of this.sums) this.total += sum
    return this.total
  }

  /** Count and power of the samples above `threshold`; of the bin it falls into, the part above when spread evenly. */
  private above(threshold: number): { count: number; sum: number } {
    const split = binOf(threshold)
    const [low, high] = [lowerEdge(split), lowerEdge(split + 1)]
    const share = (high - threshold) / (high - low)
    let count = this.counts[split]! * share
    let sum = (count * (threshold + high)) / 2
    for (let bin = split + 1; bin < BIN_COUNT; bin++) {
      count += this.counts[bin]!
      sum += this.sums[bin]!
    }
    return { count, sum }
  }
}

function binOf(power: number): number {
  return new Uint32Array(Float32Array.of(power).buffer)[0]! >>> SHIFT
}

function lowerEdge(bin: number): number {
  return new Float32Array(Uint32Array.of(bin << SHIFT).buffer)[0]!
}
