import { concat } from '../../audio/dsp/concat'
import { AppError } from '../../shared/errors/appError'
import type { Above8kWay } from '../../shared/settings/choices'
import type { CleanedPart } from './channelLink'
import type { RateConverter } from './excerpts'
import type { LaneDenoiser } from './join'
import { toModelRate } from './modelRate'
import type { PipelineContext } from './pipelineContext'
import type { ChannelProbe, FileProbe } from './probe'
import { newRecombiner } from './recombine'
import type { Recombiner } from './recombiner'
import { isFinite32, SampleQueue } from './samples'

const NOTHING = new Float32Array(0)
const NO_PART: CleanedPart = { low: NOTHING, clean: NOTHING }

export interface ChainContext extends PipelineContext {
  readonly above8k: Above8kWay
  readonly residualGain: number
}

interface ChainParts {
  readonly index: number
  readonly gain: number
  readonly toModel: RateConverter
  readonly lane: LaneDenoiser
  readonly recombiner: Recombiner
}

/**
 * One channel through pass 2: to the model's rate and level, through the model, and back; between both ways all channels of a file
 * may be brought together. What comes out in all is exactly as long as what went in, at the result's rate. A channel that is silent all through gives nothing.
 */
export class ChannelChain {
  private levelled = NOTHING
  /** What went into the model and has not come out of it yet, as it was before it was levelled. */
  private readonly inside = new SampleQueue(0)

  private constructor(
    readonly index: number,
    private readonly parts: ChainParts | null
  ) {}

  static async open(channel: ChannelProbe, probe: FileProbe, context: ChainContext): Promise<ChannelChain> {
    const { index, gain, survey } = channel
    if (channel.isSilent) return new ChannelChain(index, null)
    const { sampleRateHz } = probe.format
    const totalSamples = samplesAtModelRate(probe, context.modelRateHz)
    const { checkpoint, isHeld, trace } = context
    const lane = await context.joiner.open({ totalSamples, gain, survey, checkpoint, isHeld, trace })
    const { modelRateHz, above8k, residualGain } = context
    const recombiner = newRecombiner({ sampleRateHz, modelRateHz, frames: probe.frames, above8k, residualGain })
    const toModel = toModelRate(sampleRateHz, context.modelRateHz)
    return new ChannelChain(index, { index, gain, toModel, lane, recombiner })
  }

  /** Digital silence from end to end. */
  get isSilent(): boolean {
    return this.parts === null
  }

  get modelSec(): number {
    return this.parts?.lane.modelSec ?? 0
  }

  /** Takes samples at the file's rate, and gives what is known of them at the model's: views, valid until the next call. */
  async clean(samples: Float32Array): Promise<CleanedPart> {
    if (this.parts === null) return NO_PART
    const low = this.parts.toModel.push(samples)
    return { low, clean: await this.denoise(this.parts, low) }
  }

  /** The rest of both. */
  async cleanLast(): Promise<CleanedPart> {
    if (this.parts === null) return NO_PART
    const { toModel, lane, gain } = this.parts
    const low = toModel.finish()
    const first = (await this.denoise(this.parts, low)).slice()
    const last = this.restore(await lane.finish(), gain)
    return { low, clean: concat([first, last]) }
  }

  /** What the samples, what they are at the model's rate, and what is final of the cleaned ones complete. */
  join(samples: Float32Array, low: Float32Array, clean: Float32Array): Float32Array {
    return this.parts === null ? NOTHING : inRange(this.parts.recombiner.push(samples, low, clean))
  }

  joinLast(low: Float32Array, clean: Float32Array): Float32Array {
    return this.parts === null ? NOTHING : inRange(this.parts.recombiner.finish(low, clean))
  }

  close(): void {
    this.parts?.lane.close()
  }

  private async denoise({ lane, gain }: ChainParts, samples: Float32Array): Promise<Float32Array> {
    if (this.levelled.length < samples.length) this.levelled = new Float32Array(samples.length)
    const levelled = this.levelled.subarray(0, samples.length)
    for (let i = 0; i < samples.length; i++) levelled[i] = samples[i]! * gain
    this.inside.push(samples)
    return this.restore(await lane.push(levelled), gain)
  }

  /**
   * Undoes the gain in place: the lane's output is nobody else's. What the model left as it was comes back to the bit, which a
   * product and its quotient in float32 do not: such samples are not dithered.
   */
  private restore(samples: Float32Array, gain: number): Float32Array {
    const before = this.inside.peek(0, samples.length)
    for (let i = 0; i < samples.length; i++) {
      const clean = samples[i]!
      samples[i] = clean === Math.fround(before[i]! * gain) ? before[i]! : clean / gain
    }
    this.inside.drop(samples.length)
    return samples
  }
}

/** How long each channel is at the model's rate. */
export function samplesAtModelRate({ frames, format }: FileProbe, modelRateHz: number): number {
  return Math.ceil((frames * modelRateHz) / format.sampleRateHz)
}

/** The model gave numbers (its runs are checked), and what was read has none but numbers: filters and gains took them past float32. */
function inRange(samples: Float32Array): Float32Array {
  if (!isFinite32(samples)) throw new AppError('E_CORRUPT', { detail: 'its samples are too large to count with' })
  return samples
}
