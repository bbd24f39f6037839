import { concat } from '../../audio/dsp/concat'
import { BATCH_NORM_EPS, DECODER_KERNELS, ENCODER_KERNELS, exciteHidden, MEMORY_TAPS } from './network'
import type { CheckedWeights } from './stateDict'

/**
 * Turns complex layers into real ones on [batch, 2 channels, rows, frames], the real halves of the channels first:
 * a complex convolution is one real convolution by [Wr -Wi; Wi Wr], batch norm goes into its weights.
 */

export interface Constant {
  readonly dims: readonly number[]
  readonly data: Float32Array
}

export interface FoldedConv {
  readonly weight: Constant
  readonly bias: Constant
}

/** A complex convolution before it takes one of its real forms. */
export interface ComplexKernel {
  readonly inputs: number
  readonly outputs: number
  /** Taps along frequency; along time there are 2 (1 in the last layer). */
  readonly taps: readonly [number, number]
  /** [outputs, inputs, taps]. */
  readonly re: Float32Array
  readonly im: Float32Array
  /** Per real output: what batch norm multiplies by. */
  readonly scale: Float64Array
  /** Both halves, batch norm in it. */
  readonly bias: Float32Array
}

/** A transposed convolution of stride 2 along frequency: one plain convolution for the even rows and one for the odd. */
export interface Upsampling {
  readonly even: ComplexKernel
  readonly odd: ComplexKernel
}

/**
 * A complex convolution by three real ones, k1 of re + im, k2 of re and k3 of im, with batch norm in it:
 * re = k1 + k3 + bias, im = ratio k1 + k2 + bias, where k1 has the real half's scale and the ratio takes it to the imaginary one's.
 */
export interface ThreeProducts {
  readonly ofSum: Constant
  readonly ofRe: FoldedConv
  readonly ofIm: FoldedConv
  /** [outputs, 1, 1, 1]. */
  readonly ratio: Constant
}

export interface FoldedFsmn {
  readonly linear: FoldedConv
  readonly project: Constant
  /** [4 channels, taps]: the layer's own frame is the last tap, with 1 added for the residual. */
  readonly taps: Float32Array
}

interface Affine {
  readonly scale: Float64Array
  readonly shift: Float64Array
}

export class Folder {
  constructor(private readonly weights: CheckedWeights) {}

  encoder(prefix: string, i: number): ComplexKernel {
    const { channels } = this.weights
    const key = `${prefix}.encoder${i}`
    const [re, im] = this.pair(`${key}.conv.conv`, 'weight')
    const norm = this.batchNorm(`${key}.bn`, channels)
    return {
      inputs: i === 0 ? 1 : channels,
      outputs: channels,
      taps: [ENCODER_KERNELS[i]!, 2],
      re,
      im,
      scale: norm.scale,
      bias: this.complexBias(`${key}.conv.conv`, norm)
    }
  }

  decoder(prefix: string, i: number): Upsampling {
    const key = `${prefix}.decoder${i}`
    const outputs = this.weights.tensors.get(`${key}.transconv.tconv_re.bias`)!.data.length
    const norm = this.batchNorm(`${key}.bn`, outputs)
    const rows = Array.from({ length: DECODER_KERNELS[i]! }, (_, row) => row).reverse()
    const phase = (parity: 0 | 1): ComplexKernel =>
      this.upsamplingPhase(
        key,
        rows.filter((row) => row % 2 === parity),
        norm
      )
    return { even: phase(0), odd: phase(1) }
  }

  /** The kernel rows `rows` of a transposed convolution as a plain one; frames are flipped: taps act on [t, t + 1]. */
  private upsamplingPhase(key: string, rows: readonly number[], norm: Affine): ComplexKernel {
    const { shape } = this.weights.tensors.get(`${key}.transconv.tconv_re.weight`)!
    const [inputs, outputs, allRows] = shape as [number, number, number]
    const turned = (source: Float32Array): Float32Array => {
      const data = new Float32Array(outputs * inputs * rows.length * 2)
      let to = 0
      for (let out = 0; out < outputs; out++) {
        for (let input = 0; input < inputs; input++) {
          const from = (input * outputs + out) * allRows * 2
          for (const row of rows) {
            data[to++] = source[from + row * 2 + 1]!
            data[to++] = source[from + row * 2]!
          }
        }
      }
      return data
    }
    const [re, im] = this.pair(`${key}.transconv.tconv`, 'weight')
    const bias = this.complexBias(`${key}.transconv.tconv`, norm)
    return { inputs, outputs, taps: [rows.length, 2], re: turned(re), im: turned(im), scale: norm.scale, bias }
  }

  /** The last 1x1 convolution of a U-Net: one complex number. */
  linear(prefix: string): ComplexKernel {
    const key = `${prefix}.linear.conv`
    const [re, im] = this.pair(key, 'weight')
    const norm = { scale: new Float64Array(2).fill(1), shift: new Float64Array(2) }
    return { inputs: 1, outputs: 1, taps: [1, 1], re, im, scale: norm.scale, bias: this.complexBias(key, norm) }
  }

  /**
   * One complex FSMN layer on 4 x channels: F_re and F_im of the real half, then -F_im and F_re of the imaginary half, so
   * that the sum of the two halves is the layer's output (without the outer residual).
   */
  fsmn(key: string, layer: number): FoldedFsmn {
    const units = ['re', 'im', 'im', 're'].map((half) => `${key}.fsmn_${half}_L${layer}`)
    const { channels } = this.weights
    const stack = (name: string): Float32Array => concat(units.map((unit) => this.data(`${unit}.${name}`)))
    const dims = [4 * channels, channels, 1, 1]
    const taps = stack('conv1.weight')
    for (let channel = 0; channel < 4 * channels; channel++) {
      taps[channel * MEMORY_TAPS + MEMORY_TAPS - 1]! += 1
      if (Math.floor(channel / channels) !== 2) continue
      for (let tap = 0; tap < MEMORY_TAPS; tap++) taps[channel * MEMORY_TAPS + tap]! *= -1
    }
    return {
      linear: {
        weight: { dims, data: stack('linear.weight') },
        bias: { dims: [4 * channels], data: stack('linear.bias') }
      },
      project: { dims, data: stack('project.weight') },
      taps
    }
  }

  /**
   * Squeeze and excite as two grouped 1x1 convolutions: fc_r and fc_i of the real mean, then fc_i and fc_r of the imaginary one. The
   * third part is negated before its sigmoid: with s(-z) = 1 - s(z), the sum of the two halves less 1 (real) or 0 is the gate.
   */
  excite(key: string): { readonly squeeze: FoldedConv; readonly expand: FoldedConv } {
    const { channels } = this.weights
    const hidden = exciteHidden(channels)
    const parts = ['r', 'i', 'i', 'r'].map((half) => `${key}.fc_${half}`)
    const stack = (name: string): Float32Array => concat(parts.map((part) => this.data(`${part}.${name}`)))
    const negated = (data: Float32Array): Float32Array =>
      data.map((value, i) => (Math.floor((4 * i) / data.length) === 2 ? -value : value))
    return {
      squeeze: {
        weight: { dims: [4 * hidden, channels, 1, 1], data: stack('0.weight') },
        bias: { dims: [4 * hidden], data: stack('0.bias') }
      },
      expand: {
        weight: { dims: [4 * channels, hidden, 1, 1], data: negated(stack('2.weight')) },
        bias: { dims: [4 * channels], data: negated(stack('2.bias')) }
      }
    }
  }

  private data(name: string): Float32Array {
    return this.weights.tensors.get(name)!.data
  }

  private pair(key: string, part: 'weight' | 'bias'): readonly [Float32Array, Float32Array] {
    return [this.data(`${key}_re.${part}`), this.data(`${key}_im.${part}`)]
  }

  /** Both real convolutions keep their bias: re has b_re - b_im, im has b_re + b_im. */
  private complexBias(key: string, norm: Affine): Float32Array {
    const [re, im] = this.pair(key, 'bias')
    const count = re.length
    return Float32Array.from({ length: 2 * count }, (_, out) => {
      const bias = out < count ? re[out]! - im[out]! : re[out - count]! + im[out - count]!
      return bias * norm.scale[out]! + norm.shift[out]!
    })
  }

  private batchNorm(key: string, channels: number): Affine {
    const scale = new Float64Array(2 * channels)
    const shift = new Float64Array(2 * channels)
    for (const [start, half] of [
      [0, 're'],
      [channels, 'im']
    ] as const) {
      const [gain, offset, mean, variance] = ['weight', 'bias', 'running_mean', 'running_var'].map((part) =>
        this.data(`${key}.bn_${half}.${part}`)
      ) as [Float32Array, Float32Array, Float32Array, Float32Array]
      for (let i = 0; i < channels; i++) {
        scale[start + i] = gain[i]! / Math.sqrt(variance[i]! + BATCH_NORM_EPS)
        shift[start + i] = offset[i]! - mean[i]! * scale[start + i]!
      }
    }
    return { scale, shift }
  }
}

/**
 * One real convolution for a complex one: [Wr -Wi; Wi Wr], scaled. `width` complex channels make up one part of the input: re and
 * im of the first `width` channels, then re and im of the next ones (a decoder's input and the skip beside it).
 */
export function blockForm(kernel: ComplexKernel, width: number): FoldedConv {
  const { inputs, outputs, taps, re, im, scale } = kernel
  const size = taps[0] * taps[1]
  const data = new Float32Array(4 * outputs * inputs * size)
  let to = 0
  for (let out = 0; out < 2 * outputs; out++) {
    for (let input = 0; input < 2 * inputs; input++) {
      const imaginary = input % (2 * width) >= width
      const channel = Math.floor(input / (2 * width)) * width + (input % width)
      const source = out >= outputs === imaginary ? re : im
      const factor = (imaginary && out < outputs ? -1 : 1) * scale[out]!
      const from = ((out % outputs) * inputs + channel) * size
      for (let tap = 0; tap < size; tap++) data[to++] = factor * source[from + tap]!
    }
  }
  const bias = { dims: [2 * outputs], data: kernel.bias }
  return { weight: { dims: [2 * outputs, 2 * inputs, ...taps], data }, bias }
}

/**
 * Both phases of an upsampling as one convolution with twice the outputs, for a layer of few outputs, which are computed in blocks
 * of whole vectors anyway. The shorter phase gets zero taps in front: both look at the same rows then.
 */
export function mergePhases({ even, odd }: Upsampling): ComplexKernel {
  const { inputs, outputs, taps } = even
  const missing = (taps[0] - odd.taps[0]) * odd.taps[1]
  const size = taps[0] * taps[1]
  const merged = (first: Float32Array, second: Float32Array): Float32Array => {
    const data = new Float32Array(2 * first.length)
    data.set(first)
    for (let row = 0; row < outputs * inputs; row++) {
      const from = second.subarray(row * (size - missing), (row + 1) * (size - missing))
      data.set(from, first.length + row * size + missing)
    }
    return data
  }
  const twice = (values: Float32Array | Float64Array): number[] =>
    [0, 0, 1, 1].flatMap((half) => [...values.subarray(half * outputs, (half + 1) * outputs)])
  return {
    inputs,
    outputs: 2 * outputs,
    taps,
    re: merged(even.re, odd.re),
    im: merged(even.im, odd.im),
    scale: Float64Array.from(twice(even.scale)),
    bias: Float32Array.from(twice(even.bias))
  }
}

/** Beyond this a ratio of scales would cost digits; such a layer (a real half all but switched off) keeps the block form. */
const LARGEST_RATIO = 1000

/** Three real convolutions for a complex one, a quarter fewer multiplications; null where the scales do not allow it. */
export function threeProducts(kernel: ComplexKernel): ThreeProducts | null {
  const { inputs, outputs, taps, re, im, scale } = kernel
  const ratio = Float32Array.from({ length: outputs }, (_, out) => scale[outputs + out]! / scale[out]!)
  if (!ratio.every((value) => Math.abs(value) <= LARGEST_RATIO)) return null
  const perOutput = inputs * taps[0] * taps[1]
  const dims = [outputs, inputs, ...taps]
  const weight = (value: (re: number, im: number) => number, half: 0 | 1): Constant => {
    const data = re.map((value_, i) => value(value_, im[i]!) * scale[half * outputs + Math.floor(i / perOutput)]!)
    return { dims, data }
  }
  const bias = (half: 0 | 1): Constant => ({
    dims: [outputs],
    data: kernel.bias.slice(half * outputs, (half + 1) * outputs)
  })
  return {
    ofSum: weight((a) => a, 0),
    ofRe: { weight: weight((a, b) => b - a, 1), bias: bias(1) },
    ofIm: { weight: weight((a, b) => -a - b, 0), bias: bias(0) },
    ratio: { dims: [outputs, 1, 1, 1], data: ratio }
  }
}
