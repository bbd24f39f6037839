import { AppError } from '../../shared/errors/appError'
import type { ModelSession, Tensor } from '../onnx/runtime'
import type { BatchItem } from './laneBatcher'
import { faultOf, powerOf, runSound } from './soundRuns'
import type { FallbackTrace, LadderedSession } from './soundRuns'
import { countRun, newRunCounters } from './statefulLanes'

/** How a waveform model wants its samples: [n], [1, n] or [batch, n]. */
export interface WaveShape {
  readonly inputName: string
  readonly outputName: string
  readonly rank: 1 | 2
  /** Rows that one run may have; Infinity where the batch axis is free. */
  readonly maxRows: number
}

export interface OnePassLane {
  modelSec: number
  readonly trace?: FallbackTrace
  /** What of it runs alone lies in this array. */
  held?: Float32Array
}

/** Reads the shape of a waveform model. Throws E_MODEL_UNSUPPORTED where it is not one. */
export function waveShapeOf(session: ModelSession): WaveShape {
  const [inputName, outputName] = [session.inputNames[0], session.outputNames[0]]
  const shape = inputName === undefined ? undefined : session.inputShapes[inputName]
  const refuse = (detail: string): never => {
    throw new AppError('E_MODEL_UNSUPPORTED', { detail })
  }
  if (inputName === undefined || outputName === undefined || shape === undefined) return refuse('no input or no output')
  if (session.inputNames.length !== 1) return refuse(`${session.inputNames.length} inputs; a waveform model has one`)
  if (session.outputNames.length !== 1) return refuse(`${session.outputNames.length} outputs; a waveform model has one`)
  if (shape.length !== 1 && shape.length !== 2)
    return refuse(`input of rank ${shape.length}; [n], [1, n] or [batch, n] is read`)
  const samples = shape.at(-1)
  if (typeof samples === 'number') return refuse(`input fixed to ${samples} samples; a free length is needed`)
  const rows = shape.length === 1 ? 1 : shape[0]!
  return { inputName, outputName, rank: shape.length, maxRows: typeof rows === 'number' ? rows : Infinity }
}

const NOTHING = new Float32Array(0)

/** Runs of a model that keeps nothing between them, one chunk a lane. */
export class OnePassRuns {
  readonly counters = newRunCounters()
  private rows = new Float32Array(0)

  constructor(
    private readonly session: LadderedSession,
    private readonly shape: WaveShape,
    /** Samples at a run's end whose output may be missing: they are context that is thrown away. */
    private readonly mayLack: number
  ) {}

  /** For the batcher: chunks of one length. */
  readonly runBatch = async (items: readonly BatchItem<OnePassLane>[]): Promise<(Error | null)[]> => {
    const input = this.gather(items)
    const errors = await runSound(this.session, items, {
      run: () => this.execute(items, input),
      fault: (item) => faultOf({ output: item.output, state: NOTHING, inputPower: powerOf(item.input) })
    })
    return items.map((item) => errors.get(item) ?? null)
  }

  /** The lane is closed. */
  forget(lane: OnePassLane): void {
    if (lane.held) this.session.letGo?.(lane.held)
    delete lane.held
  }

  /** A lane's input is in one buffer for as long as that is long enough. */
  private hold(lane: OnePassLane, input: Float32Array): void {
    if (lane.held?.buffer === input.buffer) return
    this.forget(lane)
    lane.held = input
    this.session.keep?.(input)
  }

  private gather(items: readonly BatchItem<OnePassLane>[]): Float32Array {
    const first = items[0]!.input
    if (items.length === 1) {
      this.hold(items[0]!.lane, first)
      return first
    }
    const size = items.length * first.length
    if (this.rows.length < size) {
      this.session.letGo?.(this.rows)
      this.rows = new Float32Array(size)
      this.session.keep?.(this.rows)
    }
    items.forEach(({ input }, row) => {
      this.rows.set(input, row * first.length)
    })
    return this.rows.subarray(0, size)
  }

  private async execute(items: readonly BatchItem<OnePassLane>[], data: Float32Array): Promise<void> {
    const length = data.length / items.length
    const { inputName, outputName, rank } = this.shape
    const noisy: Tensor = { type: 'float32', dims: rank === 1 ? [length] : [items.length, length], data }
    const started = performance.now()
    const cpu = process.cpuUsage()
    const results = await this.session.run({ [inputName]: noisy })
    const seconds = (performance.now() - started) / 1000
    countRun(this.counters, { lanes: items.length, samples: length, seconds, used: process.cpuUsage(cpu) })
    for (const { lane } of items) lane.modelSec += seconds / items.length
    this.scatter(items, results[outputName]!)
  }

  private scatter(items: readonly BatchItem<OnePassLane>[], clean: Tensor): void {
    const { data } = clean
    const given = data.length / items.length
    const wanted = items[0]!.input.length
    if (
      !(data instanceof Float32Array) ||
      !Number.isInteger(given) ||
      given > wanted ||
      given < wanted - this.mayLack
    ) {
      throw new AppError('E_MODEL_UNSUPPORTED', { detail: `gives [${clean.dims.join(', ')}] for ${wanted} samples` })
    }
    items.forEach(({ output }, row) => {
      output.set(data.subarray(row * given, (row + 1) * given))
      output.fill(0, given)
    })
  }
}
