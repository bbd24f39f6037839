import {
  blockForm,
  mergePhases,
  threeProducts,
  type ComplexKernel,
  type Constant,
  type Folder,
  type Upsampling
} from './folding'
import { GATED_DECODERS, GATED_ENCODERS, LAYERS, LEAKY_SLOPE, MEMORY_TAPS, BOTTLENECK_LAYERS, ROWS } from './network'
import type { GraphBuilder } from './onnx/graphBuilder'
import type { Timeline } from './timeline'

interface ConvShape {
  readonly strides?: readonly number[]
  /** Rows before, frames before, rows after, frames after. */
  readonly pads?: readonly number[]
  readonly group?: number
}

/** Width from which a complex convolution is made of three real ones. */
const THREE_PRODUCTS_MIN_CHANNELS = 64

/** One U-Net of FRCRN in its real-valued form: [batch, 2, 321, frames] to a mask of the same shape. */
export class UnetGraph {
  constructor(
    private readonly graph: GraphBuilder,
    private readonly folder: Folder,
    private readonly prefix: string,
    private readonly channels: number
  ) {}

  build(spectrum: string, timeline: Timeline): string {
    let x = spectrum
    const skips: { readonly encoded: string; readonly gate: string }[] = []
    for (let i = 0; i < LAYERS; i++) {
      if (i > 0) x = this.frequencyFsmn(`fsmn_enc${i}`, x)
      x = this.encoder(i, x, timeline)
      if (i < GATED_ENCODERS) skips.push({ encoded: x, gate: this.gate('enc', i, x, timeline) })
    }
    for (let layer = 1; layer <= BOTTLENECK_LAYERS; layer++) x = this.timeFsmn(layer, x, timeline)
    for (let i = 0; i < LAYERS; i++) {
      x = this.decoder(i, x, timeline)
      if (i === LAYERS - 1) break
      x = this.frequencyFsmn(`fsmn_dec${i}`, x)
      if (i < GATED_DECODERS) x = this.graph.node('Mul', [x, this.gate('dec', i, x, timeline)])
      const skip = skips[GATED_ENCODERS - 1 - i]!
      x = this.join(i + 1, x, this.graph.node('Mul', [timeline.skip(i, skip.encoded), skip.gate]))
    }
    const { weight, bias } = blockForm(this.folder.linear(this.prefix), 1)
    return this.conv(`${this.prefix}.linear`, x, { weight, bias })
  }

  private encoder(i: number, x: string, timeline: Timeline): string {
    const [before, after] = timeline.encoderPads
    const shape = { strides: [2, 1], pads: [0, before, 0, after] }
    const kernel = this.folder.encoder(this.prefix, i)
    return this.complexConv(`encoder${i}`, timeline.encoderInput(i, x), kernel, shape)
  }

  private decoder(i: number, x: string, timeline: Timeline): string {
    const input = timeline.decoderInput(i, x)
    const phases = this.folder.decoder(this.prefix, i)
    const [rowsIn, rowsOut] = [ROWS[LAYERS - i]!, ROWS[LAYERS - 1 - i]!]
    const rows = 2 * (rowsIn + phases.even.taps[0] - 1)
    const single = phases.even.outputs === 1
    const joined = single ? this.upsampleAtOnce(i, input, phases) : this.upsample(i, input, phases)
    return rows === rowsOut ? joined : this.graph.slice(joined, 2, { from: 0, to: rowsOut })
  }

  /** Even and odd rows by a convolution each, interleaved by laying the odd row's frames behind the even row's. */
  private upsample(i: number, input: string, { even, odd }: Upsampling): string {
    const { graph } = this
    const after = even.taps[0] - 1
    const evenRows = this.complexConv(`decoder${i}.even`, input, even, { pads: [after, 0, after, 0] })
    const oddRows = this.complexConv(`decoder${i}.odd`, input, odd, { pads: [odd.taps[0] - 1, 0, after, 0] })
    return graph.reshape(graph.concat([evenRows, oddRows], 3), [0, 0, 2 * (ROWS[LAYERS - i]! + after), -1])
  }

  /** Even and odd rows by one convolution: [batch, half, phase, rows, frames] with the phases taken into the rows. */
  private upsampleAtOnce(i: number, input: string, phases: Upsampling): string {
    const { graph } = this
    const kernel = mergePhases(phases)
    const after = kernel.taps[0] - 1
    const rows = ROWS[LAYERS - i]! + after
    const both = this.complexConv(`decoder${i}`, input, kernel, { pads: [after, 0, after, 0] })
    const apart = graph.reshape(both, [0, 2, 2, rows, -1])
    return graph.reshape(graph.node('Transpose', [apart], { perm: [0, 1, 3, 2, 4] }), [0, 2, 2 * rows, -1])
  }

  /** What decoder `next` takes: its input and the skip beside it, in the order that its form of convolution wants. */
  private join(next: number, x: string, skip: string): string {
    const outputs = next === LAYERS - 1 ? 1 : this.channels
    if (!inThreeProducts(2 * this.channels, outputs)) return this.graph.concat([x, skip], 1)
    const [re, im] = this.graph.split([x], 1, 2) as [string, string]
    const [skipRe, skipIm] = this.graph.split([skip], 1, 2) as [string, string]
    return this.graph.concat([re, skipRe, im, skipIm], 1)
  }

  /** Convolution, batch norm and activation of both halves. */
  private complexConv(name: string, x: string, kernel: ComplexKernel, shape: ConvShape): string {
    const key = `${this.prefix}.${name}`
    const inHalves = inThreeProducts(kernel.inputs, kernel.outputs)
    const folded = inHalves ? threeProducts(kernel) : null
    if (folded === null) {
      const width = inHalves ? kernel.inputs : Math.min(kernel.inputs, this.channels)
      return this.leaky(this.conv(key, x, blockForm(kernel, width), shape))
    }
    const { graph } = this
    const [re, im] = graph.split([x], 1, 2) as [string, string]
    const ofSum = this.conv(`${key}.sum`, graph.node('Add', [re, im]), { weight: folded.ofSum }, shape)
    const ratio = this.constant(`${key}.ratio`, folded.ratio)
    const scaled = graph.node('Conv', [ofSum, ratio], { kernel_shape: [1, 1], group: kernel.outputs })
    const outRe = graph.node('Add', [this.conv(`${key}.of_im`, im, folded.ofIm, shape), ofSum])
    const outIm = graph.node('Add', [this.conv(`${key}.of_re`, re, folded.ofRe, shape), scaled])
    return graph.concat([this.leaky(outRe), this.leaky(outIm)], 1)
  }

  private frequencyFsmn(name: string, x: string): string {
    return this.fsmn(`${this.prefix}.${name}`, 1, x, (projection, taps) =>
      this.memory(projection, `${this.prefix}.${name}.taps`, { dims: [MEMORY_TAPS, 1], pads: [19, 0, 0, 0], taps })
    )
  }

  private timeFsmn(layer: number, x: string, timeline: Timeline): string {
    const pads = [0, timeline.memoryPad, 0, 0]
    return this.fsmn(`${this.prefix}.fsmn`, layer, x, (projection, taps) =>
      this.memory(timeline.memoryInput(layer, projection), `${this.prefix}.fsmn.taps${layer}`, {
        dims: [1, MEMORY_TAPS],
        pads,
        taps
      })
    )
  }

  private memory(
    projection: string,
    name: string,
    kernel: { readonly dims: readonly number[]; readonly pads: readonly number[]; readonly taps: Float32Array }
  ): string {
    const group = 4 * this.channels
    const weight = this.graph.floats(name, [group, 1, ...kernel.dims], kernel.taps)
    return this.graph.node('Conv', [projection, weight], { kernel_shape: kernel.dims, pads: kernel.pads, group })
  }

  /** (1 + j) x plus the memory's output: the residual of both halves. */
  private fsmn(
    key: string,
    layer: number,
    x: string,
    memory: (projection: string, taps: Float32Array) => string
  ): string {
    const folded = this.folder.fsmn(key, layer)
    const name = `${key}.L${layer}`
    const hidden = this.graph.node('Relu', [this.conv(`${name}.linear`, x, folded.linear, { group: 2 })])
    const weight = this.constant(`${name}.project`, folded.project)
    const projection = this.graph.node('Conv', [hidden, weight], { kernel_shape: [1, 1], group: 4 })
    const [ofRe, ofIm] = this.graph.split([memory(projection, folded.taps)], 1, 2) as [string, string]
    const [re, im] = this.graph.split([x], 1, 2) as [string, string]
    const rotated = this.graph.concat([this.graph.node('Sub', [re, im]), this.graph.node('Add', [re, im])], 1)
    return this.graph.node('Add', [this.graph.node('Add', [ofRe, ofIm]), rotated])
  }

  private gate(side: 'enc' | 'dec', i: number, x: string, timeline: Timeline): string {
    const key = `${this.prefix}.se_layer_${side}${i}`
    const { squeeze, expand } = this.folder.excite(key)
    const mean = timeline.gateMean(`${side}${i}`, x)
    const hidden = this.graph.node('Relu', [this.conv(`${key}.squeeze`, mean, squeeze, { group: 2 })])
    const opened = this.graph.node('Sigmoid', [this.conv(`${key}.expand`, hidden, expand, { group: 4 })])
    const [ofRe, ofIm] = this.graph.split([opened], 1, 2) as [string, string]
    const sum = this.graph.node('Add', [ofRe, ofIm])
    return this.graph.node('Add', [sum, this.gateOffset()])
  }

  /** See {@link Folder.excite}: -1 for the real half, 0 for the imaginary. */
  private gateOffset(): string {
    const offset = new Float32Array(2 * this.channels).fill(-1, 0, this.channels)
    return this.graph.floats('gate_offset', [1, 2 * this.channels, 1, 1], offset)
  }

  private leaky(x: string): string {
    return this.graph.node('LeakyRelu', [x], { alpha: { float: LEAKY_SLOPE } })
  }

  private conv(
    name: string,
    x: string,
    folded: { readonly weight: Constant; readonly bias?: Constant },
    shape: ConvShape = {}
  ): string {
    const inputs = [x, this.constant(`${name}.weight`, folded.weight)]
    if (folded.bias !== undefined) inputs.push(this.constant(`${name}.bias`, folded.bias))
    const attributes = {
      kernel_shape: folded.weight.dims.slice(2),
      strides: shape.strides ?? [1, 1],
      pads: shape.pads ?? [0, 0, 0, 0],
      group: shape.group ?? 1
    }
    return this.graph.node('Conv', inputs, attributes)
  }

  private constant(name: string, { dims, data }: Constant): string {
    return this.graph.floats(name, dims, data)
  }
}

/** Only blocks of whole vectors gain by it, and small networks lose more to the extra nodes than they save. */
function inThreeProducts(inputs: number, outputs: number): boolean {
  return Math.min(inputs, outputs) >= THREE_PRODUCTS_MIN_CHANNELS && inputs % 16 === 0 && outputs % 16 === 0
}
