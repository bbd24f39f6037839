import { KWeighting } from './kWeighting'
import { LOUDNESS_STEP_SEC, lufsOf, powerOf, STEPS_IN_BLOCK, ungatedLufs } from './loudness'

const ABSOLUTE_GATE_LUFS = -70
const RELATIVE_GATE_LU = -10
const STEP_LU = 0.01
const HIGHEST_LUFS = 30
const BINS = Math.round((HIGHEST_LUFS - ABSOLUTE_GATE_LUFS) / STEP_LU) + 1

/** Bits of a WAVE speaker mask. */
const LFE = 0x8
/** Back left and right, back centre, side left and right. */
const SURROUND = 0x10 | 0x20 | 0x100 | 0x200 | 0x400
const SURROUND_WEIGHT = 10 ** 0.15
/** Front left, right, centre, LFE and two behind: what six channels without a mask are. */
const MASK_5_1 = 0x3f

/**
 * Integrated loudness (ITU-R BS.1770-5, Annex 1) of a signal as it streams by, in any blocks. Gating blocks are kept in a
 * histogram of 0.01 LU with their exact powers, so that what it keeps does not grow with the signal.
 */
export class LoudnessMeter {
  private readonly filters: readonly KWeighting[]
  private readonly weights: readonly number[]
  private readonly stepFrames: number
  private readonly weighted: Float64Array
  private readonly sums = new Float64Array(BINS)
  private readonly counts = new Uint32Array(BINS)
  /** Powers of the last four steps, the oldest first. */
  private steps: number[] = []
  private inStep = 0
  private stepPower = 0
  private blocks = 0
  private frames = 0
  private power = 0

  constructor({ sampleRateHz, channels, channelMask }: LoudnessMeterOptions) {
    this.filters = Array.from({ length: channels }, () => new KWeighting(sampleRateHz))
    this.weights = channelWeights(channels, channelMask)
    this.stepFrames = Math.max(1, Math.round(sampleRateHz * LOUDNESS_STEP_SEC))
    this.weighted = new Float64Array(this.stepFrames)
  }

  /** One block for each channel, all of one length. */
  push(planar: readonly Float32Array[]): void {
    const length = planar[0]?.length ?? 0
    for (let from = 0; from < length;) {
      const to = Math.min(length, from + this.stepFrames - this.inStep)
      for (const [channel, samples] of planar.entries()) this.take(channel, samples.subarray(from, to))
      this.inStep += to - from
      from = to
      if (this.inStep === this.stepFrames) this.endStep()
    }
  }

  /** LUFS; null where all of it lies below the absolute gate. Shorter than a gating block: from its mean power. */
  integratedLufs(): number | null {
    if (this.blocks === 0) {
      const frames = this.frames + this.inStep
      return frames === 0 ? null : ungatedLufs((this.power + this.stepPower) / frames)
    }
    const audible = this.meanFrom(0)
    if (audible === null) return null
    return lufsOfMean(this.meanFrom(binOf(lufsOf(audible) + RELATIVE_GATE_LU)))
  }

  private take(channel: number, samples: Float32Array): void {
    const weight = this.weights[channel]!
    if (weight === 0) return
    const { weighted } = this
    this.filters[channel]!.process(samples, weighted)
    let sum = 0
    for (let i = 0; i < samples.length; i++) sum += weighted[i]! * weighted[i]!
    this.stepPower += weight * sum
  }

  private endStep(): void {
    this.frames += this.inStep
    this.power += this.stepPower
    this.steps.push(this.stepPower / this.stepFrames)
    this.inStep = this.stepPower = 0
    if (this.steps.length < STEPS_IN_BLOCK) return
    const power = this.steps.reduce((sum, step) => sum + step, 0) / STEPS_IN_BLOCK
    this.steps = this.steps.slice(1)
    this.blocks++
    if (power <= powerOf(ABSOLUTE_GATE_LUFS)) return
    const bin = binOf(lufsOf(power))
    this.sums[bin]! += power
    this.counts[bin]!++
  }

  private meanFrom(firstBin: number): number | null {
    let [sum, count] = [0, 0]
    for (let bin = firstBin; bin < BINS; bin++) {
      sum += this.sums[bin]!
      count += this.counts[bin]!
    }
    return count === 0 ? null : sum / count
  }
}

export interface LoudnessMeterOptions {
  readonly sampleRateHz: number
  readonly channels: number
  /** WAVE speaker mask, 0 where nothing is known. */
  readonly channelMask: number
}

function lufsOfMean(power: number | null): number | null {
  return power === null ? null : lufsOf(power)
}

function binOf(lufs: number): number {
  return Math.min(BINS - 1, Math.max(0, Math.floor((lufs - ABSOLUTE_GATE_LUFS) / STEP_LU)))
}

/** 1 for front channels, +1.5 dB for those at the sides and behind, nothing for the LFE. */
function channelWeights(channels: number, mask: number): readonly number[] {
  const known = mask !== 0 ? mask : channels === 6 ? MASK_5_1 : 0
  const speakers = Array.from({ length: 32 }, (_, bit) => 2 ** bit).filter((bit) => (known & bit) !== 0)
  return Array.from({ length: channels }, (_, channel) => {
    const speaker = speakers[channel] ?? 0
    if (speaker === LFE) return 0
    return (speaker & SURROUND) !== 0 ? SURROUND_WEIGHT : 1
  })
}
