import { openSession, type ModelSession, type Tensor } from '../onnx/runtime'
import { HOP_SAMPLES, type NetworkSize } from './network'
import type { OnnxModel } from './onnx/onnxModel'
import { encodeModel } from './onnx/writeModel'
import { planState } from './stateLayout'

/** What this folder's tests share: running built graphs over waves. */

export const UNKNOWN_FRAMES = 2n ** 53n

export function openModel(model: OnnxModel): Promise<ModelSession> {
  return openSession(encodeModel(model), { device: 'cpu', threads: 1 })
}

export function floats(data: Float32Array, dims: readonly number[]): Tensor {
  return { type: 'float32', dims, data }
}

export function longs(values: readonly (number | bigint)[]): Tensor {
  return { type: 'int64', dims: [values.length], data: BigInt64Array.from(values, BigInt) }
}

/** One-pass output by name for a single wave. */
export async function runOnePass(
  session: ModelSession,
  wave: Float32Array,
  means?: Float32Array
): Promise<{ readonly clean: Float32Array; readonly means: Float32Array | null }> {
  const given = means === undefined ? {} : { gate_means: floats(means, [1, means.length]) }
  const outputs = await session.run({ noisy: floats(wave, [1, wave.length]), ...given })
  return {
    clean: outputs.clean!.data as Float32Array,
    means: (outputs.gate_means?.data as Float32Array | undefined) ?? null
  }
}

export interface StreamSettings {
  readonly size: NetworkSize
  /** Hops per run, repeated. */
  readonly pieces: readonly number[]
  /** Frozen gates; running means without. */
  readonly means?: Float32Array
  /** Called on the state between runs. */
  readonly touch?: (state: Float32Array) => void
}

/** A state with frozen gates (or zeros). */
export function startState(size: NetworkSize, means: Float32Array | undefined): Float32Array {
  const plan = planState(size)
  const state = new Float32Array(plan.size)
  if (means === undefined) return state
  means.forEach((mean, i) => (state[plan.gateSums.offset + i] = mean * 1e9))
  state[plan.gateCount.offset] = 1e9
  return state
}

/** Feeds a wave in pieces, then zeros until all has come out; the output is in time with the input. */
export async function stream(
  session: ModelSession,
  wave: Float32Array,
  settings: StreamSettings
): Promise<Float32Array> {
  const { size, pieces, means, touch } = settings
  const delayHops = 7 * size.cascade + 1
  const hops = Math.ceil(wave.length / HOP_SAMPLES) + delayHops
  const fed = new Float32Array(hops * HOP_SAMPLES)
  fed.set(wave)
  const frameCount = Math.floor((wave.length - 640) / HOP_SAMPLES) + 1
  const out = new Float32Array(fed.length)
  let state = startState(size, means)
  for (let at = 0, run = 0; at < hops; run++) {
    const count = Math.min(pieces[run % pieces.length]!, hops - at)
    const piece = fed.slice(at * HOP_SAMPLES, (at + count) * HOP_SAMPLES)
    const outputs = await session.run({
      noisy: floats(piece, [1, piece.length]),
      state: floats(state, [1, state.length]),
      first_frame: longs([at]),
      frame_count: longs([frameCount])
    })
    out.set(outputs.clean!.data as Float32Array, at * HOP_SAMPLES)
    state = outputs.state_out!.data as Float32Array
    touch?.(state)
    at += count
  }
  return out.slice(delayHops * HOP_SAMPLES, delayHops * HOP_SAMPLES + wave.length)
}

/** The largest difference on [from, to). */
export function largestDifference(a: Float32Array, b: Float32Array, from: number, to: number): number {
  let largest = 0
  for (let i = from; i < to; i++) {
    const difference = Math.abs(a[i]! - b[i]!)
    if (!(difference <= largest)) largest = difference
  }
  return largest
}

/** Noise with a slow swell, the same for the same seed. */
export function testWave(samples: number, seed = 1): Float32Array {
  let state = seed >>> 0
  return Float32Array.from({ length: samples }, (_, n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return ((state / 2 ** 32) * 2 - 1) * 0.1 * (1.2 + Math.sin(n / 4000)) + 0.1 * Math.sin(n / (9 + seed))
  })
}

/**
 * The one-pass output as overlapped frames: its division by the summed squared window is undone where only one frame lies
 * (the first and last 320 samples), so that streams can be compared with it from the first frame to the last.
 */
export function undoEdges(clean: Float32Array): Float32Array {
  const out = clean.slice()
  for (let n = 0; n < HOP_SAMPLES; n++) {
    const rising = Math.sin((Math.PI * n) / 640) ** 2
    const falling = Math.sin((Math.PI * (n + HOP_SAMPLES)) / 640) ** 2
    out[n]! *= Math.max(rising, 1e-6)
    out[out.length - HOP_SAMPLES + n]! *= Math.max(falling, 1e-6)
  }
  return out
}
