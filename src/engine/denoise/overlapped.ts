import { EDGE_SAMPLES } from './join'
import type { Joiner, LaneDenoiser, LaneOptions } from './join'
import { LaneBatcher } from './laneBatcher'
import { LaneWidth } from './laneWidth'
import { OnePassRuns, waveShapeOf } from './onePassRuns'
import type { OnePassLane } from './onePassRuns'
import { fadeIn, overlapWindows } from './overlapPlan'
import type { OverlapPlan, OverlapWindow } from './overlapPlan'
import { SampleQueue } from './samples'
import type { LadderedSession } from './soundRuns'

/** Chunks with context, joined by crossfades: for any waveform model (DESIGN 4.4). */
export class OverlappedJoin implements Joiner {
  readonly kind = 'overlap'
  readonly excerptPlan = null
  readonly chunkSamples: number
  private readonly runs: OnePassRuns
  private readonly batcher: LaneBatcher<OnePassLane>

  constructor(
    session: LadderedSession,
    private readonly plan: OverlapPlan,
    private readonly options: { readonly batch: number; readonly hopSamples: number }
  ) {
    this.chunkSamples = plan.chunk
    const shape = waveShapeOf(session)
    this.runs = new OnePassRuns(session, shape, Math.max(EDGE_SAMPLES, options.hopSamples))
    const width = new LaneWidth(Math.min(options.batch, shape.maxRows), this.runs.counters)
    this.batcher = new LaneBatcher((samples) => width.next(samples), width.measured(this.runs.runBatch))
  }

  get counters(): OnePassRuns['counters'] {
    return this.runs.counters
  }

  open(options: LaneOptions): Promise<LaneDenoiser> {
    const windows = overlapWindows(this.plan, options.totalSamples, this.options.hopSamples)
    return Promise.resolve(new OverlappedLane({ batcher: this.batcher, runs: this.runs }, this.plan, windows, options))
  }
}

/** A file of one channel: the input that coming windows still need, and the overlap that the next payload will fade into. */
class OverlappedLane implements LaneDenoiser {
  private readonly lane: OnePassLane
  private readonly input: SampleQueue
  private readonly ready: SampleQueue
  private readonly fade: Float32Array
  private tail = new Float32Array(0)
  private output = new Float32Array(0)
  /** Where the front of `input` lies in the file. */
  private inputStart = -EDGE_SAMPLES
  private taken = 0
  private window: OverlapWindow | null

  constructor(
    private readonly model: { readonly batcher: LaneBatcher<OnePassLane>; readonly runs: OnePassRuns },
    private readonly plan: OverlapPlan,
    private readonly windows: Iterator<OverlapWindow, void>,
    private readonly options: LaneOptions
  ) {
    this.lane = { modelSec: 0, ...(options.trace && { trace: options.trace }) }
    this.window = this.nextWindow()
    const run = this.window?.inputLength ?? 0
    this.input = new SampleQueue(run + plan.chunk)
    this.ready = new SampleQueue(plan.chunk)
    this.fade = fadeIn(plan.overlap)
    this.input.reserve(EDGE_SAMPLES)
    model.batcher.open(this.lane, options.isHeld)
  }

  get modelSec(): number {
    return this.lane.modelSec
  }

  async push(samples: Float32Array): Promise<Float32Array> {
    this.ready.drop(this.ready.length)
    this.taken += samples.length
    this.input.push(samples)
    await this.runWindows()
    return this.ready.peek(0, this.ready.length)
  }

  async finish(): Promise<Float32Array> {
    if (this.taken !== this.options.totalSamples)
      throw new Error(`lane got ${this.taken} samples, not ${this.options.totalSamples}`)
    this.ready.drop(this.ready.length)
    if (this.window !== null) {
      this.input.reserve(2 * EDGE_SAMPLES)
      await this.runWindows()
    }
    return this.ready.peek(0, this.ready.length)
  }

  close(): void {
    this.model.batcher.close(this.lane)
    this.model.runs.forget(this.lane)
  }

  private nextWindow(): OverlapWindow | null {
    const next = this.windows.next()
    return next.done === true ? null : next.value
  }

  private async runWindows(): Promise<void> {
    while (this.window !== null) {
      const { inputStart, inputLength } = this.window
      this.input.drop(inputStart - this.inputStart)
      this.inputStart = inputStart
      if (this.input.length < inputLength) return
      await this.options.checkpoint()
      if (this.output.length !== inputLength) this.output = new Float32Array(inputLength)
      await this.model.batcher.run(this.lane, this.input.peek(0, inputLength), this.output)
      const following = this.nextWindow()
      this.emit(this.window, following === null)
      this.window = following
    }
  }

  /** Fades the payload in over the last one's tail, gives what no later payload touches and keeps the rest. */
  private emit(window: OverlapWindow, isLast: boolean): void {
    const from = window.payloadStart - window.inputStart
    const payload = this.output.subarray(from, from + window.payloadLength)
    const shared = Math.min(this.tail.length, payload.length)
    for (let i = 0; i < shared; i++) payload[i] = this.tail[i]! + (payload[i]! - this.tail[i]!) * this.fade[i]!
    const final = isLast ? payload.length : this.plan.chunk - this.plan.overlap
    this.ready.push(payload.subarray(0, final))
    this.tail = payload.slice(final)
  }
}
