import { setImmediate as nextTurn } from 'node:timers/promises'
import { KWeighting } from '../../audio/dsp/kWeighting'
import { integratedLufs, LOUDNESS_STEP_SEC, STEPS_IN_BLOCK, ungatedLufs } from '../../audio/dsp/loudness'
import type { Signal, SignalLoudness } from '../../shared/ipc/playerViews'
import type { ClipFiles, SignalSamples } from './clipFiles'

/** Longer ranges are measured in the steps of 100 ms that the reading has left: at their length the edges weigh nothing. */
export const MAX_RANGE_SEC = 120
/** The high-pass has forgotten what was before. */
const WARM_SEC = 0.5
const SLICE_FRAMES = 16_384

export interface FrameRange {
  readonly startFrame: number
  readonly endFrame: number
}

/**
 * Loudness of exactly `[startFrame, endFrame)`, all of it decoded: gating blocks from its first sample on; a range shorter
 * than one block is measured as a whole. A part of a clip is heard as a loop, so its own end has filled the filters.
 */
export async function loudnessOfRange(
  files: ClipFiles,
  { startFrame, endFrame }: FrameRange,
  abort: AbortSignal
): Promise<ReadonlyMap<Signal, SignalLoudness>> {
  const meters = new Map<Signal, RangeMeter>()
  const take = async (fromFrame: number, isCounted: boolean): Promise<void> => {
    for (let at = fromFrame; at < endFrame; at += SLICE_FRAMES) {
      for (const { signal, planar } of await files.read(at, Math.min(SLICE_FRAMES, endFrame - at), abort)) {
        const meter = meters.get(signal) ?? new RangeMeter(files.sampleRateHz, endFrame - startFrame)
        meters.set(signal, meter)
        meter.push(planar, isCounted)
      }
      await nextTurn()
      abort.throwIfAborted()
    }
  }
  const isPart = startFrame > 0 || endFrame < files.frames
  if (isPart) {
    const warmFrames = Math.round(WARM_SEC * files.sampleRateHz)
    const fromFrame = Math.max(startFrame, endFrame - warmFrames)
    const rounds = Math.ceil(warmFrames / (endFrame - fromFrame))
    for (let round = 0; round < rounds; round++) await take(fromFrame, false)
  }
  await take(startFrame, true)
  return new Map([...meters].map(([signal, meter]) => [signal, meter.read()]))
}

/** One signal of a range. */
class RangeMeter {
  private readonly stepFrames: number
  private readonly powers: Float64Array
  private filters: readonly KWeighting[] = []
  private weighted = new Float64Array(0)
  private energy = 0
  private peak = 0
  private counted = 0

  constructor(
    private readonly sampleRateHz: number,
    private readonly frames: number
  ) {
    this.stepFrames = Math.max(1, Math.round(sampleRateHz * LOUDNESS_STEP_SEC))
    this.powers = new Float64Array(Math.ceil(frames / this.stepFrames))
  }

  /** The next frames; those that only fill the filters are not counted. */
  push(planar: SignalSamples['planar'], isCounted: boolean): void {
    const count = planar[0]!.length
    if (this.filters.length === 0) this.filters = planar.map(() => new KWeighting(this.sampleRateHz))
    if (this.weighted.length < count) this.weighted = new Float64Array(count)
    for (const [channel, samples] of planar.entries()) {
      this.filters[channel]!.process(samples, this.weighted)
      if (isCounted) this.count(samples)
    }
    if (isCounted) this.counted += count
  }

  read(): SignalLoudness {
    const { powers, stepFrames, frames, peak } = this
    const whole = Math.floor(frames / stepFrames)
    if (whole < STEPS_IN_BLOCK) return { lufs: ungatedLufs(this.energy / frames), peak }
    return { lufs: integratedLufs(powers, 0, whole), peak }
  }

  private count(samples: Float32Array): void {
    const { weighted, powers, stepFrames, counted } = this
    for (let i = 0; i < samples.length; i++) {
      const square = weighted[i]! * weighted[i]!
      this.energy += square
      powers[Math.floor((counted + i) / stepFrames)]! += square / stepFrames
      const value = Math.abs(samples[i]!)
      if (value > this.peak) this.peak = value
    }
  }
}
