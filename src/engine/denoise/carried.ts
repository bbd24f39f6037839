import { excerptCount, freezeGates, gateLagHops, planSurvey, spreadEvenly } from './gates'
import type { SurveyPlan } from './gates'
import { EDGE_SAMPLES } from './join'
import type { ExcerptPlan, Joiner, LaneDenoiser, LaneOptions } from './join'
import { LaneBatcher } from './laneBatcher'
import { LaneWidth } from './laneWidth'
import { SampleQueue, scale } from './samples'
import type { LadderedSession } from './soundRuns'
import { StatefulLanes, UNKNOWN_FRAME_COUNT } from './statefulLanes'
import type { StatefulLane, StateLayout } from './statefulLanes'

/** What the stateful graph's metadata says, as far as the join needs it. */
export interface CarriedModel extends StateLayout {
  readonly sampleRateHz: number
  readonly delaySamples: number
}

export interface CarriedOptions {
  readonly chunkSec: number
  readonly batch: number
  /** Instead of the default survey; null runs on the running means of the file itself. For measuring. */
  readonly survey?: SurveyPlan | null
}

/** Chunks joined by carried state: nothing is computed twice, there is no seam (FRCRN.md 2.4). */
export class CarriedJoin implements Joiner {
  readonly kind = 'carried'
  readonly chunkSamples: number
  readonly excerptPlan: ExcerptPlan | null
  private readonly lanes: StatefulLanes
  private readonly batcher: LaneBatcher<StatefulLane>
  private readonly plan: SurveyPlan | null

  constructor(
    session: LadderedSession,
    private readonly model: CarriedModel,
    options: CarriedOptions
  ) {
    const hopsPerSec = model.sampleRateHz / model.hopSamples
    const chunkHops = Math.max(1, Math.round(options.chunkSec * hopsPerSec))
    this.chunkSamples = chunkHops * model.hopSamples
    this.plan = options.survey === undefined ? planSurvey(chunkHops) : options.survey
    this.excerptPlan = this.plan && excerptPlan(this.plan, model.hopSamples)
    this.lanes = new StatefulLanes(session, model, options.batch)
    const width = new LaneWidth(options.batch, this.lanes.counters)
    this.batcher = new LaneBatcher((samples) => width.next(samples), width.measured(this.lanes.runBatch))
  }

  get counters(): StatefulLanes['counters'] {
    return this.lanes.counters
  }

  async open(options: LaneOptions): Promise<LaneDenoiser> {
    const lane = this.lanes.openLane(options.trace)
    this.batcher.open(lane, options.isHeld)
    const close = (): void => {
      this.batcher.close(lane)
      this.lanes.closeLane(lane)
    }
    try {
      if (this.plan !== null) await this.survey(lane, this.plan, options)
      return this.denoiser(lane, options, close)
    } catch (thrown) {
      close()
      throw thrown
    }
  }

  private denoiser(lane: StatefulLane, options: LaneOptions, close: () => void): CarriedLane {
    this.lanes.rewind(lane, this.fedSamples(options.totalSamples) / this.model.hopSamples - 1)
    const [input, output] = [this.lanes.make(this.chunkSamples), this.lanes.make(this.chunkSamples)]
    return new CarriedLane(this.batcher, lane, {
      ...options,
      ...{ chunkSamples: this.chunkSamples, input, output },
      skipSamples: EDGE_SAMPLES + this.model.delaySamples,
      close: () => {
        close()
        for (const array of [input, output]) this.lanes.letGo(array)
      }
    })
  }

  /** A file with its edges, up to the next whole hop. */
  private fedSamples(totalSamples: number): number {
    const { hopSamples } = this.model
    return EDGE_SAMPLES + Math.ceil(totalSamples / hopSamples) * hopSamples + EDGE_SAMPLES
  }

  /** Gathers the gates' sums before the file and freezes them; the lane's history starts anew afterwards. */
  private async survey(lane: StatefulLane, plan: SurveyPlan, options: LaneOptions): Promise<void> {
    const { whole, excerpts } = options.survey
    if (whole !== null) await this.surveyWhole(lane, whole, options)
    else await this.surveyExcerpts(lane, plan, { ...options, excerpts })
    freezeGates(lane.state, this.model)
  }

  /**
   * A short file as it will be fed, and its first hops again: with those every gate has seen each of its frames once when
   * the deepest has (the graph counts from that one's first frame on), however short the file.
   */
  private async surveyWhole(lane: StatefulLane, whole: Float32Array, { gain, checkpoint }: LaneOptions): Promise<void> {
    const { hopSamples, cascade } = this.model
    const fed = this.fedSamples(whole.length)
    const cycle = fed + gateLagHops(cascade) * hopSamples
    const input = new Float32Array(Math.ceil(cycle / this.chunkSamples) * this.chunkSamples)
    input.set(whole, EDGE_SAMPLES)
    scale(input, gain)
    for (let at = fed; at < cycle; at++) input[at] = input[at - fed]!
    this.lanes.rewind(lane, cycle / hopSamples - 1)
    await this.runSurvey(lane, input, { runSamples: this.chunkSamples, checkpoint })
  }

  private async surveyExcerpts(lane: StatefulLane, plan: SurveyPlan, options: ExcerptSurvey): Promise<void> {
    const { hopSamples } = this.model
    const { excerpts, gain, checkpoint, totalSamples } = options
    const wanted = excerptCount(plan, totalSamples / hopSamples)
    const input = new Float32Array(plan.excerptHops * hopSamples)
    for (const index of spreadEvenly(excerpts.length, wanted)) {
      input.set(excerpts[index]!)
      scale(input, gain)
      this.lanes.rewind(lane, UNKNOWN_FRAME_COUNT)
      await this.runSurvey(lane, input, { runSamples: plan.runHops * hopSamples, checkpoint })
    }
  }

  private async runSurvey(lane: StatefulLane, input: Float32Array, run: SurveyRun): Promise<void> {
    const discarded = new Float32Array(run.runSamples)
    for (let at = 0; at < input.length; at += run.runSamples) {
      await run.checkpoint()
      await this.batcher.run(lane, input.subarray(at, at + run.runSamples), discarded)
    }
  }
}

interface ExcerptSurvey {
  readonly totalSamples: number
  readonly excerpts: readonly Float32Array[]
  readonly gain: number
  readonly checkpoint: () => Promise<void>
}

interface SurveyRun {
  readonly runSamples: number
  readonly checkpoint: () => Promise<void>
}

function excerptPlan(plan: SurveyPlan, hopSamples: number): ExcerptPlan {
  return {
    excerptSamples: plan.excerptHops * hopSamples,
    capacity: 2 * plan.baseExcerpts,
    headSlots: Math.floor(plan.wholeHops / plan.excerptHops)
  }
}

interface CarriedLaneOptions extends LaneOptions {
  readonly chunkSamples: number
  /** Of one chunk each. */
  readonly input: Float32Array
  readonly output: Float32Array
  /** Output before the file's first sample: the zeros fed first, and the graph's delay. */
  readonly skipSamples: number
  readonly close: () => void
}

class CarriedLane implements LaneDenoiser {
  private readonly input: Float32Array
  private readonly output: Float32Array
  private readonly ready: SampleQueue
  private filled = 0
  private started = false
  private toSkip: number
  private taken = 0
  private emitted = 0

  constructor(
    private readonly batcher: LaneBatcher<StatefulLane>,
    private readonly lane: StatefulLane,
    private readonly options: CarriedLaneOptions
  ) {
    this.input = options.input
    this.output = options.output
    this.ready = new SampleQueue(2 * options.chunkSamples)
    this.toSkip = options.skipSamples
  }

  get modelSec(): number {
    return this.lane.modelSec
  }

  async push(samples: Float32Array): Promise<Float32Array> {
    this.ready.drop(this.ready.length)
    if (!this.started) await this.feed(new Float32Array(EDGE_SAMPLES))
    this.started = true
    this.taken += samples.length
    await this.feed(samples)
    return this.ready.peek(0, this.ready.length)
  }

  async finish(): Promise<Float32Array> {
    if (this.taken !== this.options.totalSamples)
      throw new Error(`lane got ${this.taken} samples, not ${this.options.totalSamples}`)
    this.ready.drop(this.ready.length)
    while (this.emitted < this.options.totalSamples) {
      this.input.fill(0, this.filled)
      await this.runChunk()
    }
    return this.ready.peek(0, this.ready.length)
  }

  close(): void {
    this.options.close()
  }

  private async feed(samples: Float32Array): Promise<void> {
    for (let done = 0; done < samples.length;) {
      const count = Math.min(samples.length - done, this.input.length - this.filled)
      this.input.set(samples.subarray(done, done + count), this.filled)
      this.filled += count
      done += count
      if (this.filled === this.input.length) await this.runChunk()
    }
  }

  private async runChunk(): Promise<void> {
    await this.options.checkpoint()
    await this.batcher.run(this.lane, this.input, this.output)
    this.filled = 0
    const skipped = Math.min(this.toSkip, this.output.length)
    this.toSkip -= skipped
    const end = Math.min(this.output.length, skipped + this.options.totalSamples - this.emitted)
    this.emitted += end - skipped
    this.ready.push(this.output.subarray(skipped, end))
  }
}
