import { Folder } from './folding'
import { GATED_DECODERS, HOP_SAMPLES, LAYERS, MEMORY_TAPS, UNET_DELAY_FRAMES, unetPrefixes } from './network'
import { metadataOf } from './metadata'
import { GraphBuilder } from './onnx/graphBuilder'
import type { OnnxModel } from './onnx/onnxModel'
import { applyMask, frameCount, istft, stft } from './spectrum'
import { checkWeights, type StateDict } from './stateDict'
import { planState, type StatePlan } from './stateLayout'
import type { Timeline } from './timeline'
import { UnetGraph } from './unet'

const LAST = Number.MAX_SAFE_INTEGER

/**
 * The network over the next 320 n samples of each lane, every layer going on from its history (FRCRN.md 2.4).
 *
 * Inputs: `noisy` [lanes, 320 n]; `state` [lanes, S], zeros at a file's start; `first_frame` int64 [lanes], hops fed to the lane before;
 * `frame_count` int64 [lanes], frames of the file as fed, floor((L - 640) / 320) + 1, or a huge number while that is unknown.
 * Outputs: `clean` [lanes, 320 n], late by `delaySamples`; `state_out` [lanes, S].
 */
export function buildStateful(stateDict: StateDict): OnnxModel {
  const weights = checkWeights(stateDict)
  const plan = planState(weights)
  const graph = new GraphBuilder()
  const noisy = graph.input('noisy', 'float32', ['lanes', 'samples'])
  const state = new State(graph, plan)
  const spectrum = stft(graph, state.extend('input', noisy, { axis: 1, keep: HOP_SAMPLES }))
  const frames = new FrameMasks(graph, weights.cascade, spectrum)
  const clock = new GateClock(graph, state, frames.gated())
  const folder = new Folder(weights)

  let mask: string | null = null
  let x = spectrum
  unetPrefixes(weights.cascade).forEach((prefix, u) => {
    const timeline = new Streaming({ graph, state, frames, clock, prefix, lateFrames: u * UNET_DELAY_FRAMES })
    const before = x
    x = new UnetGraph(graph, folder, prefix, weights.channels).build(x, timeline)
    const bounded = graph.node('Tanh', [x])
    mask =
      mask === null
        ? bounded
        : graph.node('Add', [graph.node('Tanh', [state.delay('first_mask', before, UNET_DELAY_FRAMES)]), bounded])
  })
  const lateFrames = UNET_DELAY_FRAMES * weights.cascade
  const delayed = state.delay('spectrum', spectrum, lateFrames)
  const clean = graph.node('Mul', [applyMask(graph, mask!, delayed), frames.mask(lateFrames, 0)])
  const wave = istft(graph, clean, weights.outputGain)
  graph.output('clean', overlapAdd(graph, state, wave), ['lanes', 'samples'])
  graph.output('state_out', state.pack(), ['lanes', plan.size])
  return graph.build('frcrn_stateful', metadataOf('stateful', weights, plan))
}

/** The tail of the run before is added to the first hop; this run's tail waits for the next. */
function overlapAdd(graph: GraphBuilder, state: State, wave: string): string {
  const first = graph.slice(wave, 1, { from: 0, to: HOP_SAMPLES })
  const middle = graph.slice(wave, 1, { from: HOP_SAMPLES, to: -HOP_SAMPLES })
  const joined = graph.concat([graph.node('Add', [first, state.read('overlap')]), middle], 1)
  state.write('overlap', graph.slice(wave, 1, { from: -HOP_SAMPLES, to: LAST }))
  return joined
}

/** The state row taken apart and, at the end, put together again. */
class State {
  private readonly pieces = new Map<string, string>()
  private readonly next = new Map<string, string>()

  constructor(
    private readonly graph: GraphBuilder,
    private readonly plan: StatePlan
  ) {
    const row = graph.input('state', 'float32', ['lanes', plan.size])
    const sizes = graph.ints(plan.entries.map((entry) => entry.size))
    const parts = graph.split([row, sizes], 1, plan.entries.length)
    plan.entries.forEach((entry, i) => this.pieces.set(entry.name, graph.reshape(parts[i]!, [0, ...entry.shape])))
  }

  read(name: string): string {
    return this.pieces.get(name)!
  }

  write(name: string, value: string): void {
    this.next.set(name, value)
  }

  /** `x` with its history before it; the last `keep` of the whole are the next history. */
  extend(name: string, x: string, { axis, keep }: { readonly axis: number; readonly keep: number }): string {
    const whole = this.graph.concat([this.read(name), x], axis)
    this.write(name, this.graph.slice(whole, axis, { from: -keep, to: LAST }))
    return whole
  }

  /** `x`, `late` frames later. */
  delay(name: string, x: string, late: number): string {
    return this.graph.slice(this.extend(name, x, { axis: 3, keep: late }), 3, { from: 0, to: -late })
  }

  pack(): string {
    const parts = this.plan.entries.map(({ name }) => this.graph.reshape(this.next.get(name)!, [0, -1]))
    return this.graph.concat(parts, 1)
  }
}

/**
 * 1 where a layer has a frame of the file and 0 outside, [lanes, 1, 1, frames]: the official network pads every layer with zeros
 * at the file's ends. All masks are made by one comparison.
 */
class FrameMasks {
  private readonly wanted = new Map<string, { readonly late: number; readonly extra: number }>()
  private readonly names = new Map<string, string>()

  constructor(
    private readonly graph: GraphBuilder,
    private readonly cascade: 1 | 2,
    private readonly spectrum: string
  ) {
    const list = maskList(cascade)
    for (const item of list) this.wanted.set(`${item.late},${item.extra}`, item)
    this.define()
  }

  /** Frames 0 <= t - late < T + extra. */
  mask(late: number, extra: number): string {
    return this.names.get(`${late},${extra}`)!
  }

  /**
   * Frames that count for the gates: as many for every layer, so that one count serves all. They begin when the latest layer has its first.
   */
  gated(): string {
    const late = latestGate(this.cascade)
    return this.mask(late, -late)
  }

  private define(): void {
    const { graph } = this
    const items = [...this.wanted.values()]
    const column = (name: string, values: readonly number[]): string => {
      const data = BigInt64Array.from(values, BigInt)
      return graph.longs(name, [values.length, 1, 1], data)
    }
    const lanes = (name: string): string => graph.reshape(graph.input(name, 'int64', ['lanes']), [-1, 1, 1, 1])
    const range = graph.node('Range', [graph.int(0), frameCount(graph, this.spectrum), graph.int(1)])
    const t = graph.node('Add', [lanes('first_frame'), range])
    const late = graph.node('Sub', [
      t,
      column(
        'mask_late',
        items.map((item) => item.late + 1)
      )
    ])
    const begun = graph.node('GreaterOrEqual', [late, graph.int(0)])
    const ended = graph.node('Sub', [
      late,
      column(
        'mask_extra',
        items.map((item) => item.extra)
      )
    ])
    const within = graph.node('Less', [ended, lanes('frame_count')])
    const masks = graph.node('Cast', [graph.node('And', [begun, within])], { to: 1 })
    const parts = graph.split([masks], 1, items.length)
    items.forEach((item, i) => this.names.set(`${item.late},${item.extra}`, parts[i]!))
  }
}

function maskList(cascade: 1 | 2): readonly { readonly late: number; readonly extra: number }[] {
  const list: { late: number; extra: number }[] = []
  for (let u = 0; u < cascade; u++) {
    for (let extra = 0; extra <= LAYERS; extra++) list.push({ late: u * UNET_DELAY_FRAMES, extra })
  }
  list.push({ late: latestGate(cascade), extra: -latestGate(cascade) })
  list.push({ late: cascade * UNET_DELAY_FRAMES, extra: 0 })
  return list
}

/** Frames by which the last gated decoder runs late. */
function latestGate(cascade: 1 | 2): number {
  return (cascade - 1) * UNET_DELAY_FRAMES + GATED_DECODERS
}

/** Sums the gates' means over the frames that count. */
class GateClock {
  private readonly column: string
  private readonly count: string

  constructor(
    private readonly graph: GraphBuilder,
    private readonly state: State,
    gated: string
  ) {
    this.column = graph.reshape(gated, [0, -1, 1])
    const added = graph.node('ReduceSum', [this.column, graph.ints([1])], { keepdims: 1 })
    const total = graph.node('Add', [state.read('gate_count'), added])
    state.write('gate_count', total)
    this.count = graph.node('Max', [total, graph.scalar(1e-6)])
  }

  /** Sum over count, this run's frames included; 0 before the first one. */
  mean(name: string, x: string): string {
    const { graph } = this
    const rows = graph.node('ReduceMean', [x], { axes: [2], keepdims: 0 })
    const sum = graph.node('Add', [this.state.read(name), graph.node('MatMul', [rows, this.column])])
    this.state.write(name, sum)
    return graph.node('Unsqueeze', [graph.node('Div', [sum, this.count]), graph.ints([3])])
  }
}

interface StreamingParts {
  readonly graph: GraphBuilder
  readonly state: State
  readonly frames: FrameMasks
  readonly clock: GateClock
  readonly prefix: string
  /** Frames by which this U-Net's input is late. */
  readonly lateFrames: number
}

/** Every layer goes on from its history. */
class Streaming implements Timeline {
  readonly encoderPads = [0, 0] as const
  readonly memoryPad = 0

  constructor(private readonly parts: StreamingParts) {}

  encoderInput(i: number, x: string): string {
    return this.extend(`encoder${i}`, this.masked(x, i), 1)
  }

  memoryInput(layer: number, projection: string): string {
    return this.extend(`memory${layer}`, this.masked(projection, LAYERS), MEMORY_TAPS - 1)
  }

  decoderInput(i: number, x: string): string {
    return this.extend(`decoder${i}`, x, 1)
  }

  skip(i: number, encoded: string): string {
    return this.parts.state.delay(`${this.parts.prefix}.skip${i}`, encoded, i + 1)
  }

  gateMean(layer: string, x: string): string {
    return this.parts.clock.mean(`${this.parts.prefix}.gate.${layer}`, x)
  }

  private masked(x: string, extra: number): string {
    return this.parts.graph.node('Mul', [x, this.parts.frames.mask(this.parts.lateFrames, extra)])
  }

  private extend(name: string, x: string, keep: number): string {
    return this.parts.state.extend(`${this.parts.prefix}.${name}`, x, { axis: 3, keep })
  }
}
