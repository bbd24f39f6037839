import {
  BATCH_NORM_EPS,
  BINS,
  BOTTLENECK_LAYERS,
  DECODER_KERNELS,
  ENCODER_KERNELS,
  GATED_DECODERS,
  GATED_ENCODERS,
  LAYERS,
  LEAKY_SLOPE,
  unetPrefixes
} from '../../src/engine/model/network'
import { GraphBuilder } from '../../src/engine/model/onnx/graphBuilder'
import type { OnnxModel } from '../../src/engine/model/onnx/onnxModel'
import { applyMask, istft, stft, windowPower } from '../../src/engine/model/spectrum'
import { checkWeights, type StateDict } from '../../src/engine/model/stateDict'

/**
 * FRCRN as the official code writes it and an exporter would: complex tensors with re and im on a last axis, four real
 * convolutions for a complex one, batch norm by itself, FSMN as matrix products on rows, transposed convolutions. What our own
 * graph is measured against; it computes the same numbers. The transforms around it are those of our graph.
 */
export function buildLiteral(stateDict: StateDict): OnnxModel {
  const weights = checkWeights(stateDict)
  const graph = new GraphBuilder()
  const spectrum = stft(graph, graph.input('noisy', 'float32', ['batch', 'samples']))
  const halves = graph.split([spectrum], 1, 2) as [string, string]
  let x = stack(graph, halves)
  let mask: string | null = null
  for (const prefix of unetPrefixes(weights.cascade)) {
    x = new LiteralUnet(graph, weights.tensors, prefix, weights.channels).build(x)
    const bounded = graph.node('Tanh', [x])
    mask = mask === null ? bounded : graph.node('Add', [mask, bounded])
  }
  const rows = graph.concat([part(graph, mask!, 0), part(graph, mask!, 1)], 1)
  const wave = istft(graph, applyMask(graph, rows, spectrum))
  graph.output('clean', graph.node('Div', [wave, windowPower(graph, spectrum)]), ['batch', 'clean_samples'])
  return graph.build('frcrn_literal', {})
}

type Halves = readonly [string, string]

/** [..., 2] of two tensors. */
function stack(graph: GraphBuilder, halves: Halves): string {
  return graph.concat(
    halves.map((half) => graph.node('Unsqueeze', [half, graph.ints([-1])])),
    -1
  )
}

function part(graph: GraphBuilder, x: string, half: 0 | 1): string {
  return graph.node('Gather', [x, graph.int(half)], { axis: -1 })
}

class LiteralUnet {
  constructor(
    private readonly graph: GraphBuilder,
    private readonly tensors: StateDict,
    private readonly prefix: string,
    private readonly channels: number
  ) {}

  build(spectrum: string): string {
    let x = spectrum
    const skips: string[] = []
    for (let i = 0; i < LAYERS; i++) {
      if (i > 0) x = this.frequencyFsmn(`fsmn_enc${i}`, x)
      const strides = { kernel_shape: [ENCODER_KERNELS[i]!, 2], strides: [2, 1], pads: [0, 1, 0, 1] }
      x = this.activated(`encoder${i}.bn`, this.complex('Conv', `encoder${i}.conv.conv`, x, strides))
      if (i < GATED_ENCODERS) skips.push(this.excite(`se_layer_enc${i}`, x))
    }
    x = this.timeFsmn(x)
    for (let i = 0; i < LAYERS; i++) {
      const strides = { kernel_shape: [DECODER_KERNELS[i]!, 2], strides: [2, 1], pads: [0, 1, 0, 1] }
      x = this.activated(`decoder${i}.bn`, this.complex('ConvTranspose', `decoder${i}.transconv.tconv`, x, strides))
      if (i === LAYERS - 1) break
      x = this.frequencyFsmn(`fsmn_dec${i}`, x)
      if (i < GATED_DECODERS) x = this.excite(`se_layer_dec${i}`, x)
      x = this.graph.concat([x, skips[GATED_ENCODERS - 1 - i]!], 1)
    }
    return this.complex('Conv', 'linear.conv', x, { kernel_shape: [1, 1] })
  }

  private halves(x: string): Halves {
    return [part(this.graph, x, 0), part(this.graph, x, 1)]
  }

  private weight(key: string): string {
    const tensor = this.tensors.get(`${this.prefix}.${key}`)!
    return this.graph.floats(`${this.prefix}.${key}`, tensor.shape, tensor.data)
  }

  /** re = F_re(x_re) - F_im(x_im), im = F_re(x_im) + F_im(x_re). */
  private crossed(of: (half: 're' | 'im', x: string) => string, [re, im]: Halves): Halves {
    const { graph } = this
    return [graph.node('Sub', [of('re', re), of('im', im)]), graph.node('Add', [of('re', im), of('im', re)])]
  }

  private complex(type: string, key: string, x: string, attributes: Readonly<Record<string, number[]>>): string {
    const convolve = (half: 're' | 'im', input: string): string =>
      this.graph.node(
        type,
        [input, this.weight(`${key}_${half}.weight`), this.weight(`${key}_${half}.bias`)],
        attributes
      )
    return stack(this.graph, this.crossed(convolve, this.halves(x)))
  }

  private activated(key: string, x: string): string {
    const { graph } = this
    const norm = (half: 're' | 'im', input: string): string => {
      const parts = ['weight', 'bias', 'running_mean', 'running_var'].map((name) =>
        this.weight(`${key}.bn_${half}.${name}`)
      )
      return graph.node('BatchNormalization', [input, ...parts], { epsilon: { float: BATCH_NORM_EPS } })
    }
    const [re, im] = this.halves(x)
    return graph.node('LeakyRelu', [stack(graph, [norm('re', re), norm('im', im)])], { alpha: { float: LEAKY_SLOPE } })
  }

  /** [batch, channels, rows, frames, 2], the memory along the rows of each frame. */
  private frequencyFsmn(key: string, x: string): string {
    const { graph } = this
    const byFrame = graph.node('Transpose', [x], { perm: [0, 3, 2, 1, 4] })
    const shape = graph.node('Shape', [byFrame])
    const tail = graph.slice(shape, 0, { from: 2, to: 5 })
    const sequences = graph.node('Reshape', [byFrame, graph.concat([graph.ints([-1]), tail], 0)])
    const [re, im] = this.crossed((half, input) => this.unit(`${key}.fsmn_${half}_L1`, input), this.halves(sequences))
    const out = graph.node('Reshape', [stack(graph, [re, im]), shape])
    return graph.node('Transpose', [out], { perm: [0, 3, 2, 1, 4] })
  }

  /** The bottleneck has one row: its memory runs along the frames. */
  private timeFsmn(x: string): string {
    const { graph } = this
    let halves = this.halves(
      graph.node('Transpose', [graph.node('Squeeze', [x, graph.ints([2])])], { perm: [0, 2, 1, 3] })
    )
    for (let layer = 1; layer <= BOTTLENECK_LAYERS; layer++) {
      halves = this.crossed((half, input) => this.unit(`fsmn.fsmn_${half}_L${layer}`, input), halves)
    }
    const back = graph.node('Transpose', [stack(graph, halves)], { perm: [0, 2, 1, 3] })
    return graph.node('Unsqueeze', [back, graph.ints([2])])
  }

  /** One FSMN on [sequences, length, channels]. */
  private unit(key: string, x: string): string {
    const { graph } = this
    const linear = graph.node('Transpose', [this.weight(`${key}.linear.weight`)], { perm: [1, 0] })
    const project = graph.node('Transpose', [this.weight(`${key}.project.weight`)], { perm: [1, 0] })
    const hidden = graph.node('Add', [graph.node('MatMul', [x, linear]), this.weight(`${key}.linear.bias`)])
    const projected = graph.node('MatMul', [graph.node('Relu', [hidden]), project])
    const rows = graph.node('Transpose', [graph.node('Unsqueeze', [projected, graph.ints([1])])], {
      perm: [0, 3, 2, 1]
    })
    const taps = this.weight(`${key}.conv1.weight`)
    const padded = graph.node('Pad', [rows, graph.ints([0, 0, 19, 0, 0, 0, 0, 0])])
    const memory = graph.node('Conv', [padded, taps], { kernel_shape: [20, 1], group: this.channels })
    const sum = graph.node('Transpose', [graph.node('Add', [rows, memory])], { perm: [0, 3, 2, 1] })
    return graph.node('Add', [x, graph.node('Squeeze', [sum, graph.ints([1])])])
  }

  private excite(key: string, x: string): string {
    const { graph } = this
    const halves = this.halves(x)
    const means = halves.map((half) =>
      graph.node('Flatten', [graph.node('GlobalAveragePool', [half])], { axis: 1 })
    ) as unknown as Halves
    const dense = (name: string, input: string): string =>
      graph.node('Gemm', [input, this.weight(`${key}.${name}.weight`), this.weight(`${key}.${name}.bias`)], {
        transB: 1
      })
    const branch = (half: 're' | 'im', input: string): string => {
      const name = half === 're' ? 'fc_r' : 'fc_i'
      return graph.node('Sigmoid', [dense(`${name}.2`, graph.node('Relu', [dense(`${name}.0`, input)]))])
    }
    const gates = this.crossed(branch, means).map((gate) => graph.reshape(gate, [0, 0, 1, 1]))
    const gated = halves.map((half, i) => graph.node('Mul', [half, gates[i]!])) as unknown as Halves
    return stack(graph, gated)
  }
}

/** Multiplications of one frame (20 ms) of the network itself, whatever form it is computed in: a complex product counts four. */
export function macsPerFrame(channels: number, cascade: 1 | 2): number {
  const rows = [BINS, 159, 78, 37, 17, 7, 2, 1]
  const fsmn = (count: number): number => 4 * count * (2 * channels * channels + 20 * channels)
  let macs = 0
  for (let i = 0; i < LAYERS; i++) {
    macs += 4 * (i === 0 ? 1 : channels) * channels * ENCODER_KERNELS[i]! * 2 * rows[i + 1]!
    const [inputs, outputs] = [i === 0 ? channels : 2 * channels, i === LAYERS - 1 ? 1 : channels]
    macs += 4 * inputs * outputs * DECODER_KERNELS[i]! * 2 * rows[LAYERS - i]!
    if (i > 0) macs += fsmn(rows[i]!)
    if (i < LAYERS - 1) macs += fsmn(rows[LAYERS - 1 - i]!)
  }
  macs += BOTTLENECK_LAYERS * fsmn(1) + 4 * BINS
  return macs * cascade + 2 * 2 * BINS * 640
}
