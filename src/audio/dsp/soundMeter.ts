import type { SoundLevels } from '../../shared/jobs/soundLevels'
import { LOWEST_FLOOR_DBFS } from './noiseFloor'

const FRAME_SEC = 0.02
const STEP_DB = 0.25
const HIGHEST_DBFS = 24
const BINS = Math.round((HIGHEST_DBFS - LOWEST_FLOOR_DBFS) / STEP_DB) + 1
const QUIET_SHARE = 0.1
const LOUD_SHARE = 0.9

/** What a signal without any sound has. */
export const NO_SOUND: SoundLevels = {
  levelDb: LOWEST_FLOOR_DBFS,
  noiseFloorDb: LOWEST_FLOOR_DBFS,
  speechDb: LOWEST_FLOOR_DBFS,
  peakDb: LOWEST_FLOOR_DBFS
}

/** Measures a signal as it streams by, in any blocks; what it keeps does not grow with the signal. */
export class SoundMeter {
  private readonly histogram = new Uint32Array(BINS)
  private readonly frameSamples: number
  private frames = 0
  private inFrame = 0
  private framePower = 0
  private power = 0
  private samples = 0
  private peak = 0

  constructor(
    sampleRateHz: number,
    private readonly channels: number
  ) {
    this.frameSamples = Math.max(1, Math.round(sampleRateHz * FRAME_SEC))
  }

  /** One block for each channel, all of one length. */
  push(planar: readonly Float32Array[]): void {
    const length = planar[0]?.length ?? 0
    for (let from = 0; from < length;) {
      const to = Math.min(length, from + this.frameSamples - this.inFrame)
      for (const channel of planar) this.take(channel, from, to)
      this.inFrame += to - from
      from = to
      if (this.inFrame === this.frameSamples) this.endFrame()
    }
  }

  /** The percentiles to a quarter of a dB. A last frame that is not full counts there only where there is no other. */
  figures(): SoundLevels {
    if (this.frames === 0 && this.inFrame > 0) this.endFrame()
    const power = this.power + this.framePower
    const samples = this.samples + this.inFrame * this.channels
    return {
      levelDb: decibels(samples === 0 ? 0 : power / samples),
      noiseFloorDb: this.percentile(QUIET_SHARE),
      speechDb: this.percentile(LOUD_SHARE),
      peakDb: decibels(this.peak * this.peak)
    }
  }

  private take(channel: Float32Array, from: number, to: number): void {
    let sum = 0
    let { peak } = this
    for (let i = from; i < to; i++) {
      const value = channel[i]!
      sum += value * value
      if (value > peak) peak = value
      else if (-value > peak) peak = -value
    }
    this.framePower += sum
    this.peak = peak
  }

  private endFrame(): void {
    const count = this.inFrame * this.channels
    const level = decibels(this.framePower / count)
    const bin = Math.round((level - LOWEST_FLOOR_DBFS) / STEP_DB)
    this.histogram[Math.min(BINS - 1, bin)]!++
    this.frames++
    this.power += this.framePower
    this.samples += count
    this.framePower = this.inFrame = 0
  }

  private percentile(share: number): number {
    let left = Math.floor((this.frames - 1) * share)
    for (let bin = 0; bin < BINS && this.frames > 0; bin++) {
      left -= this.histogram[bin]!
      if (left < 0) return LOWEST_FLOOR_DBFS + bin * STEP_DB
    }
    return LOWEST_FLOOR_DBFS
  }
}

function decibels(power: number): number {
  return power > 0 ? Math.max(LOWEST_FLOOR_DBFS, 10 * Math.log10(power)) : LOWEST_FLOOR_DBFS
}
