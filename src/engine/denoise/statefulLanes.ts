import { isSilent } from '../../audio/dsp/silence'
import { SAMPLE_RATE_HZ, UNET_DELAY_FRAMES } from '../model/network'
import type { Tensor } from '../onnx/runtime'
import type { BatchItem } from './laneBatcher'
import { faultOf, LateEnergies, runSound } from './soundRuns'
import type { FallbackTrace, LadderedSession } from './soundRuns'

/** Where things lie in the packed state of a stateful graph (the model's metadata). */
export interface StateLayout {
  readonly hopSamples: number
  readonly stateSize: number
  readonly cascade: number
  readonly gateSums: { readonly offset: number; readonly size: number }
  readonly gateCount: { readonly offset: number }
}

/** `frame_count` while the end of what is fed is not known. */
export const UNKNOWN_FRAME_COUNT = 2 ** 40

/** One lane of the graph: its history, and where it stands. */
export interface StatefulLane {
  state: Float32Array
  /** Hops fed since the state was zero. */
  framesFed: number
  /** STFT frames of all that will be fed, {@link UNKNOWN_FRAME_COUNT} while unknown. */
  frameCount: number
  /** Hops of exact zeros fed last, counted from a zero state. */
  silentFrames: number
  /** What was fed, as far as its output has not come yet. */
  readonly energies: LateEnergies
  readonly trace?: FallbackTrace
  /** Wall seconds of this lane's share of the runs. */
  modelSec: number
}

/** Totals over the life of the session. */
export interface RunCounters {
  runs: number
  /** Lanes in the last run. */
  lanes: number
  skippedChunks: number
  modelSec: number
  modelCpuSec: number
  /** Seconds of audio through the model, over all lanes: what overlapping chunks share counts each time. */
  laneSec: number
  /** The most of it in one run. */
  largestRunSec: number
}

export function newRunCounters(): RunCounters {
  return { runs: 0, lanes: 0, skippedChunks: 0, modelSec: 0, modelCpuSec: 0, laneSec: 0, largestRunSec: 0 }
}

/** One run of `lanes` rows of `samples` each at 16 kHz. */
export function countRun(
  counters: RunCounters,
  run: { readonly lanes: number; readonly samples: number; readonly seconds: number; readonly used: NodeJS.CpuUsage }
): void {
  const { lanes, samples, seconds, used } = run
  const laneSec = (lanes * samples) / SAMPLE_RATE_HZ
  counters.runs++
  counters.lanes = lanes
  counters.modelSec += seconds
  counters.modelCpuSec += (used.user + used.system) / 1e6
  counters.laneSec += laneSec
  counters.largestRunSec = Math.max(counters.largestRunSec, laneSec)
}

/**
 * Hops of exact zeros after which nothing of the past is left in the state: 45 back and 7 ahead a U-Net, and the STFT's own
 * overlap. Zeros in then give zeros out and leave the state as it is: such a chunk needs no run.
 */
export function settledAfterFrames(cascade: number): number {
  return 53 * cascade
}

/**
 * The stateful graph with per-lane state in buffers that are made once: a lane's own, a spare for a run of one lane, and
 * two gathered blocks once more than one lane runs. A lane's result does not depend on its neighbours.
 */
export class StatefulLanes {
  readonly counters = newRunCounters()
  private readonly free: Float32Array[] = []
  private spare: Float32Array
  private gathered: { in: Float32Array; out: Float32Array } | null = null
  private samplesIn: Float32Array = new Float32Array(0)
  private samplesOut: Float32Array = new Float32Array(0)

  constructor(
    private readonly session: LadderedSession,
    readonly layout: StateLayout,
    private readonly batch: number
  ) {
    this.spare = this.make(layout.stateSize)
  }

  /** An array that lives on between runs, until it is given to {@link letGo}. */
  make(length: number): Float32Array {
    const array = new Float32Array(length)
    this.session.keep?.(array)
    return array
  }

  letGo(array: Float32Array): void {
    this.session.letGo?.(array)
  }

  openLane(trace?: FallbackTrace): StatefulLane {
    const { stateSize, hopSamples, cascade } = this.layout
    const state = this.free.pop() ?? this.make(stateSize)
    state.fill(0)
    const energies = new LateEnergies(hopSamples, UNET_DELAY_FRAMES * cascade + 1)
    const start = { framesFed: 0, frameCount: UNKNOWN_FRAME_COUNT, silentFrames: 0, modelSec: 0 }
    return { state, energies, ...start, ...(trace && { trace }) }
  }

  closeLane(lane: StatefulLane): void {
    if (this.free.length < this.batch && lane.state.length > 0) this.free.push(lane.state)
    else this.letGo(lane.state)
    lane.state = new Float32Array(0)
  }

  /** Back to the start of a file, keeping what the gates are made of. */
  rewind(lane: StatefulLane, frameCount: number): void {
    const { gateSums, gateCount } = this.layout
    const sums = lane.state.slice(gateSums.offset, gateSums.offset + gateSums.size)
    const count = lane.state[gateCount.offset]!
    lane.state.fill(0)
    lane.state.set(sums, gateSums.offset)
    lane.state[gateCount.offset] = count
    lane.energies.clear()
    lane.framesFed = 0
    lane.silentFrames = 0
    lane.frameCount = frameCount
  }

  /** For the batcher: up to `batch` chunks of one length. */
  readonly runBatch = async (items: readonly BatchItem<StatefulLane>[]): Promise<(Error | null)[]> => {
    const toRun = items.filter((item) => !this.skipSilence(item))
    const errors = toRun.length > 0 ? await this.runLanes(toRun) : new Map<object, Error>()
    for (const item of toRun) this.advance(item)
    return items.map((item) => errors.get(item) ?? null)
  }

  private skipSilence({ lane, input, output }: BatchItem<StatefulLane>): boolean {
    if (lane.silentFrames < settledAfterFrames(this.layout.cascade) || !isSilent(input)) return false
    output.fill(0)
    const frames = input.length / this.layout.hopSamples
    lane.framesFed += frames
    lane.silentFrames += frames
    this.counters.skippedChunks++
    return true
  }

  private advance({ lane, input }: BatchItem<StatefulLane>): void {
    const frames = input.length / this.layout.hopSamples
    lane.framesFed += frames
    lane.silentFrames = isSilent(input) ? lane.silentFrames + frames : 0
    lane.energies.fed(input)
  }

  /** From the lanes' states, which stay as they are until the results are sound. */
  private async runLanes(items: readonly BatchItem<StatefulLane>[]): Promise<Map<object, Error>> {
    const { stateSize } = this.layout
    let stateOut = this.spare
    const errors = await runSound(this.session, items, {
      run: async () => {
        stateOut = await (items.length === 1 ? this.runOne(items[0]!) : this.runMany(items))
      },
      fault: ({ lane, input, output }, row) => {
        const state = stateOut.subarray(row * stateSize, (row + 1) * stateSize)
        return faultOf({ output, state, inputPower: lane.energies.powerBehind(input) })
      }
    })
    this.keepStates(items, stateOut)
    return errors
  }

  private keepStates(items: readonly BatchItem<StatefulLane>[], stateOut: Float32Array): void {
    if (items.length === 1) {
      const lane = items[0]!.lane
      this.spare = lane.state
      lane.state = stateOut
      return
    }
    const { stateSize } = this.layout
    items.forEach(({ lane }, row) => {
      lane.state.set(stateOut.subarray(row * stateSize, (row + 1) * stateSize))
    })
  }

  private async runOne(item: BatchItem<StatefulLane>): Promise<Float32Array> {
    await this.execute(
      [item],
      { samples: item.input, state: item.lane.state },
      { samples: item.output, state: this.spare }
    )
    return this.spare
  }

  private async runMany(items: readonly BatchItem<StatefulLane>[]): Promise<Float32Array> {
    const { stateSize } = this.layout
    const length = items[0]!.input.length
    this.gathered ??= { in: this.make(this.batch * stateSize), out: this.make(this.batch * stateSize) }
    if (this.samplesIn.length < this.batch * length) {
      for (const old of [this.samplesIn, this.samplesOut]) this.letGo(old)
      this.samplesIn = this.make(this.batch * length)
      this.samplesOut = this.make(this.batch * length)
    }
    const [samples, state] = [items.length * length, items.length * stateSize]
    items.forEach(({ lane, input }, row) => {
      this.samplesIn.set(input, row * length)
      this.gathered!.in.set(lane.state, row * stateSize)
    })
    const stateOut = this.gathered.out.subarray(0, state)
    await this.execute(
      items,
      { samples: this.samplesIn.subarray(0, samples), state: this.gathered.in.subarray(0, state) },
      { samples: this.samplesOut.subarray(0, samples), state: stateOut }
    )
    items.forEach(({ output }, row) => {
      output.set(this.samplesOut.subarray(row * length, (row + 1) * length))
    })
    return stateOut
  }

  private async execute(items: readonly BatchItem<StatefulLane>[], from: Buffers, to: Buffers): Promise<void> {
    const lanes = items.length
    const rows = (buffers: Buffers): { samples: Tensor; state: Tensor } => ({
      samples: float(buffers.samples, lanes),
      state: float(buffers.state, lanes)
    })
    const [input, output] = [rows(from), rows(to)]
    const count = (value: (lane: StatefulLane) => number): Tensor => ({
      type: 'int64',
      dims: [lanes],
      data: BigInt64Array.from(items, ({ lane }) => BigInt(value(lane)))
    })
    const started = performance.now()
    const cpu = process.cpuUsage()
    await this.session.run(
      {
        noisy: input.samples,
        state: input.state,
        first_frame: count((lane) => lane.framesFed),
        frame_count: count((lane) => lane.frameCount)
      },
      { clean: output.samples, state_out: output.state }
    )
    const seconds = (performance.now() - started) / 1000
    countRun(this.counters, { lanes, samples: from.samples.length / lanes, seconds, used: process.cpuUsage(cpu) })
    for (const { lane } of items) lane.modelSec += seconds / lanes
  }
}

interface Buffers {
  readonly samples: Float32Array
  readonly state: Float32Array
}

function float(data: Float32Array, rows: number): Tensor {
  return { type: 'float32', dims: [rows, data.length / rows], data }
}
