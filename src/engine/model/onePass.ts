import { Folder } from './folding'
import { GATED_DECODERS, GATED_ENCODERS, MEMORY_TAPS, unetPrefixes } from './network'
import { metadataOf } from './metadata'
import { GraphBuilder } from './onnx/graphBuilder'
import type { OnnxModel } from './onnx/onnxModel'
import { applyMask, istft, stft, windowPower } from './spectrum'
import { checkWeights, type StateDict } from './stateDict'
import { planState } from './stateLayout'
import { gateLayers, type Timeline } from './timeline'
import { UnetGraph } from './unet'

export interface OnePassOptions {
  /** `given`: means come in by a further input, gate_means [batch, G], in the order of the state's layout. */
  readonly gates?: 'mean' | 'given'
  /** A further output gate_means [batch, G]: the means that the gates were made of. */
  readonly exposeGates?: boolean
}

/**
 * The network as it is defined, over a whole clip: `noisy` [batch, samples] (at least 640) to `clean` [batch, 320 (T + 1)], T frames.
 * The first and last 320 samples have one frame only and are unreliable: pad by 640 zeros and trim.
 */
export function buildOnePass(stateDict: StateDict, options: OnePassOptions = {}): OnnxModel {
  const weights = checkWeights(stateDict)
  const graph = new GraphBuilder()
  const folder = new Folder(weights)
  const spectrum = stft(graph, graph.input('noisy', 'float32', ['batch', 'samples']))
  const gateCount = gateLayers(GATED_ENCODERS, GATED_DECODERS).length * weights.cascade
  const given =
    options.gates === 'given'
      ? graph.split([graph.input('gate_means', 'float32', ['batch', gateCount * 2 * weights.channels])], 1, gateCount)
      : null
  const timeline = new WholeClip(graph, weights.channels, given)
  let mask: string | null = null
  let x = spectrum
  for (const prefix of unetPrefixes(weights.cascade)) {
    x = new UnetGraph(graph, folder, prefix, weights.channels).build(x, timeline)
    const bounded = graph.node('Tanh', [x])
    mask = mask === null ? bounded : graph.node('Add', [mask, bounded])
  }
  const wave = istft(graph, applyMask(graph, mask!, spectrum), weights.outputGain)
  graph.output('clean', graph.node('Div', [wave, windowPower(graph, spectrum)]), ['batch', 'clean_samples'])
  if (options.exposeGates === true) {
    const means = timeline.means.map((mean) => graph.reshape(mean, [0, -1]))
    graph.output('gate_means', graph.concat(means, 1), ['batch', gateCount * 2 * weights.channels])
  }
  return graph.build('frcrn', metadataOf('one-pass', weights, planState(weights)))
}

/** Layers pad themselves with zeros, and the means are those of the clip. */
class WholeClip implements Timeline {
  readonly encoderPads = [1, 1] as const
  readonly memoryPad = MEMORY_TAPS - 1
  /** Means in the order of the layers. */
  readonly means: string[] = []

  constructor(
    private readonly graph: GraphBuilder,
    private readonly channels: number,
    private readonly given: readonly string[] | null
  ) {}

  encoderInput(_i: number, x: string): string {
    return x
  }

  memoryInput(_layer: number, projection: string): string {
    return projection
  }

  decoderInput(_i: number, x: string): string {
    return x
  }

  skip(_i: number, encoded: string): string {
    return encoded
  }

  gateMean(_layer: string, x: string): string {
    const mean =
      this.given === null
        ? this.graph.node('ReduceMean', [x], { axes: [2, 3], keepdims: 1 })
        : this.graph.reshape(this.given[this.means.length]!, [0, 2 * this.channels, 1, 1])
    this.means.push(mean)
    return mean
  }
}
