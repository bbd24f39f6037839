import { Folder, type Constant, type FoldedConv, type FoldedUpsampling } from './folding'
import { GATED_DECODERS, GATED_ENCODERS, LAYERS, LEAKY_SLOPE, MEMORY_TAPS, BOTTLENECK_LAYERS, ROWS } from './network'
import type { GraphBuilder } from './onnx/graphBuilder'
import type { Timeline } from './timeline'

interface ConvShape {
  readonly strides?: readonly number[]
  /** Rows before, frames before, rows after, frames after. */
  readonly pads?: readonly number[]
  readonly group?: number
}

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
      x = this.graph.concat([x, this.graph.node('Mul', [timeline.skip(i, skip.encoded), skip.gate])], 1)
    }
    return this.conv('linear', x, this.folder.linear(this.prefix))
  }

  private encoder(i: number, x: string, timeline: Timeline): string {
    const [before, after] = timeline.encoderPads
    const shape = { strides: [2, 1], pads: [0, before, 0, after] }
    return this.leaky(this.conv(`encoder${i}`, timeline.encoderInput(i, x), this.folder.encoder(this.prefix, i), shape))
  }

  /** Even and odd rows by a convolution each, interleaved by laying the odd row's frames behind the even row's. */
  private decoder(i: number, x: string, timeline: Timeline): string {
    const input = timeline.decoderInput(i, x)
    const folded: FoldedUpsampling = this.folder.decoder(this.prefix, i)
    const [evenTaps, oddTaps] = [folded.even.dims[2]!, folded.odd.dims[2]!]
    const [rowsIn, rowsOut] = [ROWS[LAYERS - i]!, ROWS[LAYERS - 1 - i]!]
    const phase = (parity: 'even' | 'odd', taps: number): string =>
      this.leaky(
        this.conv(
          `decoder${i}.${parity}`,
          input,
          { weight: folded[parity], bias: folded.bias },
          { pads: [taps - 1, 0, evenTaps - 1, 0] }
        )
      )
    const rowsPerPhase = rowsIn + evenTaps - 1
    const joined = this.graph.reshape(this.graph.concat([phase('even', evenTaps), phase('odd', oddTaps)], 3), [
      0,
      0,
      2 * rowsPerPhase,
      -1
    ])
    return 2 * rowsPerPhase === rowsOut ? joined : this.graph.slice(joined, 2, { from: 0, to: rowsOut })
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
    const hidden = this.graph.node('Relu', [this.rawConv(`${name}.linear`, x, folded.linear, { group: 2 })])
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
    const hidden = this.graph.node('Relu', [this.rawConv(`${key}.squeeze`, mean, squeeze, { group: 2 })])
    const opened = this.graph.node('Sigmoid', [this.rawConv(`${key}.expand`, hidden, expand, { group: 4 })])
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

  private conv(name: string, x: string, folded: FoldedConv, shape: ConvShape = {}): string {
    return this.rawConv(`${this.prefix}.${name}`, x, folded, shape)
  }

  private rawConv(name: string, x: string, folded: FoldedConv, shape: ConvShape): string {
    const inputs = [x, this.constant(`${name}.weight`, folded.weight), this.constant(`${name}.bias`, folded.bias)]
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
