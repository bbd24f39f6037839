import { BINS, HOP_SAMPLES, WINDOW_SAMPLES } from './network'
import type { GraphBuilder } from './onnx/graphBuilder'

/** STFT, mask and inverse STFT as graph nodes. The window is the square root of the periodic Hann window; no scaling, no centring. */

/** Under this a constant is rounding noise (and would be 0 in float16). */
const SMALLEST_CONSTANT = 1e-7

/** [batch, samples] to [batch, 2, 321, frames]. */
export function stft(graph: GraphBuilder, wave: string): string {
  const rows = graph.node('Unsqueeze', [wave, graph.ints([1])])
  const frames = graph.node('Conv', [rows, transform(graph)], {
    kernel_shape: [WINDOW_SAMPLES],
    strides: [HOP_SAMPLES]
  })
  return graph.reshape(frames, [0, 2, BINS, -1])
}

/** The complex product of mask and spectrum, both [batch, 2, 321, frames]. */
export function applyMask(graph: GraphBuilder, mask: string, spectrum: string): string {
  const [maskRe, maskIm] = graph.split([mask], 1, 2) as [string, string]
  const swapped = graph.concat([...graph.split([spectrum], 1, 2)].reverse(), 1)
  const sign = graph.floats('j_sign', [1, 2, 1, 1], Float32Array.of(-1, 1))
  const crossed = graph.node('Mul', [graph.node('Mul', [swapped, sign]), maskIm])
  return graph.node('Add', [graph.node('Mul', [spectrum, maskRe]), crossed])
}

/** [batch, 2, 321, frames] to the overlapped sum of windowed frames times `gain`, [batch, 320 (frames + 1)]. */
export function istft(graph: GraphBuilder, spectrum: string, gain = 1): string {
  const scaled = graph.node('Mul', [graph.reshape(spectrum, [0, 2 * BINS, -1]), inverseScale(graph, gain)])
  const wave = graph.node('ConvTranspose', [scaled, transform(graph)], {
    kernel_shape: [WINDOW_SAMPLES],
    strides: [HOP_SAMPLES]
  })
  return graph.node('Squeeze', [wave, graph.ints([1])])
}

/** The sum of the squared windows of overlapping frames, [1, 320 (frames + 1)], kept from 0; `spectrum` gives the count. */
export function windowPower(graph: GraphBuilder, spectrum: string): string {
  const frames = graph.node('Unsqueeze', [frameCount(graph, spectrum), graph.ints([0])])
  const ones = graph.node('Expand', [graph.scalar(1), graph.concat([graph.ints([1]), graph.ints([1]), frames], 0)])
  const squared = graph.floats(
    'window_power',
    [1, 1, WINDOW_SAMPLES],
    windowSamples().map((w) => w * w)
  )
  const power = graph.node('ConvTranspose', [ones, squared], {
    kernel_shape: [WINDOW_SAMPLES],
    strides: [HOP_SAMPLES]
  })
  return graph.node('Max', [graph.node('Squeeze', [power, graph.ints([1])]), graph.scalar(1e-6)])
}

/** Frames of [batch, 2, 321, frames] as a scalar. */
export function frameCount(graph: GraphBuilder, spectrum: string): string {
  return graph.node('Gather', [graph.node('Shape', [spectrum]), graph.int(3)], { axis: 0 })
}

function windowSamples(): Float32Array {
  return Float32Array.from({ length: WINDOW_SAMPLES }, (_, n) => Math.sin((Math.PI * n) / WINDOW_SAMPLES))
}

/** Windowed cosines, then negative sines: both the transform's kernel and, scaled per bin, that of its inverse. */
function transform(graph: GraphBuilder): string {
  const data = new Float32Array(2 * BINS * WINDOW_SAMPLES)
  for (let bin = 0; bin < BINS; bin++) {
    for (let n = 0; n < WINDOW_SAMPLES; n++) {
      const angle = (2 * Math.PI * ((bin * n) % WINDOW_SAMPLES)) / WINDOW_SAMPLES
      const window = Math.sin((Math.PI * n) / WINDOW_SAMPLES)
      data[bin * WINDOW_SAMPLES + n] = rounded(Math.cos(angle) * window)
      data[(BINS + bin) * WINDOW_SAMPLES + n] = rounded(-Math.sin(angle) * window)
    }
  }
  return graph.floats('stft', [2 * BINS, 1, WINDOW_SAMPLES], data)
}

function rounded(value: number): number {
  return Math.abs(value) < SMALLEST_CONSTANT ? 0 : value
}

/** irfft: every bin but the first and the last stands for two. */
function inverseScale(graph: GraphBuilder, gain: number): string {
  const data = Float32Array.from({ length: 2 * BINS }, (_, row) => {
    const bin = row % BINS
    return (gain * (bin === 0 || bin === BINS - 1 ? 1 : 2)) / WINDOW_SAMPLES
  })
  return graph.floats('istft_scale', [1, 2 * BINS, 1], data)
}
