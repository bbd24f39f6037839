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

/** A transposed convolution of stride 2 along frequency: one plain convolution for the even rows and one for the odd. */
export interface FoldedUpsampling {
  readonly even: Constant
  readonly odd: Constant
  readonly bias: Constant
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

  encoder(prefix: string, i: number): FoldedConv {
    const { channels } = this.weights
    const inputs = i === 0 ? 1 : channels
    const key = `${prefix}.encoder${i}`
    const norm = this.batchNorm(`${key}.bn`, channels)
    const taps = ENCODER_KERNELS[i]! * 2
    const [re, im] = this.pair(`${key}.conv.conv`, 'weight')
    const data = new Float32Array(4 * channels * inputs * taps)
    for (let out = 0; out < 2 * channels; out++) {
      for (let input = 0; input < 2 * inputs; input++) {
        const { half, sign } = blockOf(out >= channels, input >= inputs)
        const source = half === 're' ? re : im
        const from = ((out % channels) * inputs + (input % inputs)) * taps
        const to = (out * 2 * inputs + input) * taps
        for (let tap = 0; tap < taps; tap++) data[to + tap] = sign * source[from + tap]! * norm.scale[out]!
      }
    }
    const bias = this.complexBias(`${key}.conv.conv`, norm)
    return { weight: { dims: [2 * channels, 2 * inputs, ENCODER_KERNELS[i]!, 2], data }, bias }
  }

  /** Inputs are ordered as the join leaves them: the decoder's re and im, then the skip's re and im. */
  decoder(prefix: string, i: number): FoldedUpsampling {
    const key = `${prefix}.decoder${i}`
    const outputs = this.weights.tensors.get(`${key}.transconv.tconv_re.bias`)!.data.length
    const norm = this.batchNorm(`${key}.bn`, outputs)
    const rows = DECODER_KERNELS[i]!
    const phase = (parity: 0 | 1): Constant => {
      const taps: number[] = []
      for (let row = parity; row < rows; row += 2) taps.unshift(row)
      return this.upsamplingPhase(key, taps, norm)
    }
    return { even: phase(0), odd: phase(1), bias: this.complexBias(`${key}.transconv.tconv`, norm) }
  }

  /** The kernel rows `taps` of a transposed convolution as a plain one; frames are flipped: taps act on [t, t + 1]. */
  private upsamplingPhase(key: string, taps: readonly number[], norm: Affine): Constant {
    const { channels, tensors } = this.weights
    const [inputs, outputs, rows] = tensors.get(`${key}.transconv.tconv_re.weight`)!.shape as [number, number, number]
    const [re, im] = this.pair(`${key}.transconv.tconv`, 'weight')
    const data = new Float32Array(4 * outputs * inputs * taps.length * 2)
    let to = 0
    for (let out = 0; out < 2 * outputs; out++) {
      for (let input = 0; input < 2 * inputs; input++) {
        const part = Math.floor(input / (2 * channels))
        const imaginary = input % (2 * channels) >= channels
        const complexInput = part * channels + (input % channels)
        const { half, sign } = blockOf(out >= outputs, imaginary)
        const source = half === 're' ? re : im
        const from = (complexInput * outputs + (out % outputs)) * rows * 2
        for (const row of taps) {
          data[to++] = sign * source[from + row * 2 + 1]! * norm.scale[out]!
          data[to++] = sign * source[from + row * 2]! * norm.scale[out]!
        }
      }
    }
    return { dims: [2 * outputs, 2 * inputs, taps.length, 2], data }
  }

  /** The last 1x1 convolution of a U-Net: one complex number. */
  linear(prefix: string): FoldedConv {
    const key = `${prefix}.linear.conv`
    const [re, im] = this.pair(key, 'weight')
    const norm = { scale: new Float64Array(2).fill(1), shift: new Float64Array(2) }
    const data = Float32Array.of(re[0]!, -im[0]!, im[0]!, re[0]!)
    return { weight: { dims: [2, 2, 1, 1], data }, bias: this.complexBias(key, norm) }
  }

  /**
   * One complex FSMN layer on 4 x channels: F_re and F_im of the real half, then -F_im and F_re of the imaginary half, so
   * that the sum of the two halves is the layer's output (without the outer residual).
   */
  fsmn(key: string, layer: number): FoldedFsmn {
    const units = ['re', 'im', 'im', 're'].map((half) => `${key}.fsmn_${half}_L${layer}`)
    const { channels } = this.weights
    const stack = (name: string): Float32Array => joinArrays(units.map((unit) => this.data(`${unit}.${name}`)))
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
    const stack = (name: string): Float32Array => joinArrays(parts.map((part) => this.data(`${part}.${name}`)))
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
  private complexBias(key: string, norm: Affine): Constant {
    const [re, im] = this.pair(key, 'bias')
    const count = re.length
    const data = Float32Array.from({ length: 2 * count }, (_, out) => {
      const bias = out < count ? re[out]! - im[out]! : re[out - count]! + im[out - count]!
      return bias * norm.scale[out]! + norm.shift[out]!
    })
    return { dims: [2 * count], data }
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

/** Which half of the complex kernel links these halves of output and input: [Wr -Wi; Wi Wr]. */
function blockOf(outputImaginary: boolean, inputImaginary: boolean): { half: 're' | 'im'; sign: 1 | -1 } {
  if (outputImaginary === inputImaginary) return { half: 're', sign: 1 }
  return { half: 'im', sign: outputImaginary ? 1 : -1 }
}

function joinArrays(arrays: readonly Float32Array[]): Float32Array {
  const joined = new Float32Array(arrays.reduce((sum, array) => sum + array.length, 0))
  let at = 0
  for (const array of arrays) {
    joined.set(array, at)
    at += array.length
  }
  return joined
}
