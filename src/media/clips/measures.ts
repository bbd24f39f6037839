import { KWeighting } from '../../audio/dsp/kWeighting'
import { LOUDNESS_STEP_SEC } from '../../audio/dsp/loudness'
import { PeakPyramid } from '../../audio/dsp/peakPyramid'
import type { Signal } from '../../shared/ipc/playerViews'

/** What is measured of one signal. */
export interface SignalMeasures {
  readonly pyramids: readonly PeakPyramid[]
  /** Of each 100 ms: the K-weighted mean square, summed over the channels, and the highest absolute sample. */
  readonly powers: Float32Array
  readonly peaks: Float32Array
}

export interface MeasuredShape {
  readonly sampleRateHz: number
  readonly frames: number
  readonly channels: 1 | 2
  readonly isPair: boolean
}

/** The signals of a clip, in the order they are kept in. */
export function signalsOf(isPair: boolean): readonly Signal[] {
  return isPair ? ['original', 'clean', 'removed'] : ['original']
}

/** Peaks and powers of all signals of a clip, filled by one pass over it. */
export class Measures {
  readonly stepFrames: number
  readonly signals: ReadonlyMap<Signal, SignalMeasures>
  private readonly filters: readonly KWeighting[]
  private weighted: Float64Array[] = []
  private removed = new Float32Array(0)
  private filled = 0

  constructor(readonly shape: MeasuredShape) {
    const { sampleRateHz, frames, channels, isPair } = shape
    this.stepFrames = Math.max(1, Math.round(sampleRateHz * LOUDNESS_STEP_SEC))
    const steps = Math.ceil(frames / this.stepFrames)
    this.signals = new Map(
      signalsOf(isPair).map((signal) => [
        signal,
        {
          pyramids: Array.from({ length: channels }, () => new PeakPyramid(frames)),
          powers: new Float32Array(steps),
          peaks: new Float32Array(steps)
        }
      ])
    )
    this.filters = Array.from({ length: channels * (isPair ? 2 : 1) }, () => new KWeighting(sampleRateHz))
  }

  get filledFrames(): number {
    return this.filled
  }

  get isFull(): boolean {
    return this.filled >= this.shape.frames
  }

  /** The next frames of both files, [channels][frames] of one length. */
  push(original: readonly Float32Array[], clean: readonly Float32Array[] | null): void {
    const count = original[0]!.length
    if (this.removed.length !== count) this.makeRoom(count)
    for (let channel = 0; channel < this.shape.channels; channel++) {
      const heard = original[channel]!
      this.take('original', channel, heard)
      if (clean !== null) this.takeClean(channel, heard, clean[channel]!)
      this.takePowers(channel, clean !== null)
    }
    this.filled += count
  }

  /** All of it is known: as {@link restoreMeasures} found it. */
  markFull(): void {
    this.filled = this.shape.frames
  }

  private makeRoom(count: number): void {
    this.removed = new Float32Array(count)
    this.weighted = this.filters.map(() => new Float64Array(count))
  }

  private takeClean(channel: number, original: Float32Array, clean: Float32Array): void {
    const { removed } = this
    for (let i = 0; i < removed.length; i++) removed[i] = original[i]! - clean[i]!
    this.take('clean', channel, clean)
    this.take('removed', channel, removed)
  }

  private take(signal: Signal, channel: number, samples: Float32Array): void {
    const { pyramids, peaks } = this.signals.get(signal)!
    pyramids[channel]!.push(samples)
    if (signal !== 'removed') {
      const file = channel + (signal === 'clean' ? this.shape.channels : 0)
      this.filters[file]!.process(samples, this.weighted[file]!)
    }
    this.eachStep(samples.length, (step, from, to) => {
      let peak = peaks[step]!
      for (let i = from; i < to; i++) {
        const value = Math.abs(samples[i]!)
        if (value > peak) peak = value
      }
      peaks[step] = peak
    })
  }

  /** Weighting is linear: what was removed needs no filter of its own. */
  private takePowers(channel: number, isPair: boolean): void {
    const { weighted, shape, stepFrames } = this
    const original = this.signals.get('original')!.powers
    const clean = this.signals.get('clean')?.powers
    const removed = this.signals.get('removed')?.powers
    const [heard, cleaned] = [weighted[channel]!, weighted[channel + shape.channels]]
    this.eachStep(heard.length, (step, from, to) => {
      original[step]! += energy(heard, from, to) / stepFrames
      if (!isPair) return
      clean![step]! += energy(cleaned!, from, to) / stepFrames
      removed![step]! += energyOfDifference({ first: heard, second: cleaned! }, from, to) / stepFrames
    })
  }

  private eachStep(count: number, visit: (step: number, from: number, to: number) => void): void {
    for (let from = 0; from < count;) {
      const step = Math.floor((this.filled + from) / this.stepFrames)
      const to = Math.min(count, (step + 1) * this.stepFrames - this.filled)
      visit(step, from, to)
      from = to
    }
  }
}

function energy(samples: Float64Array, from: number, to: number): number {
  let sum = 0
  for (let i = from; i < to; i++) sum += samples[i]! * samples[i]!
  return sum
}

function energyOfDifference(of: { first: Float64Array; second: Float64Array }, from: number, to: number): number {
  const { first, second } = of
  let sum = 0
  for (let i = from; i < to; i++) {
    const value = first[i]! - second[i]!
    sum += value * value
  }
  return sum
}
