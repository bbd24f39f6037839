import { Resampler } from '../../audio/dsp/resampler'

/** The way back from the model's rate to the file's, for one channel. */
export interface Recombiner {
  /** The source's samples, the same at the model's rate as far as they are known, and what the model has given: all since the last call. */
  push(source: Float32Array, low: Float32Array, clean: Float32Array): Float32Array
  /** The last of each; with it as many samples are out as came in. */
  finish(low: Float32Array, clean: Float32Array): Float32Array
}

export interface RecombineOptions {
  readonly sampleRateHz: number
  readonly modelRateHz: number
  readonly frames: number
}

/** As the file's rate asks: nothing to do, up again from a lower rate, or the band over the model's put back. */
export function newRecombiner(options: RecombineOptions): Recombiner {
  const { sampleRateHz, modelRateHz, frames } = options
  if (sampleRateHz === modelRateHz) return { push: (_source, _low, clean) => clean, finish: (_low, clean) => clean }
  const resampler = new Resampler({ fromHz: modelRateHz, toHz: sampleRateHz })
  return {
    push: (_source, _low, clean) => resampler.push(clean),
    finish: (_low, clean) => {
      const first = resampler.push(clean)
      const last = resampler.finish(frames)
      return concat(first, last)
    }
  }
}

export function concat(first: Float32Array, last: Float32Array): Float32Array {
  const all = new Float32Array(first.length + last.length)
  all.set(first)
  all.set(last, first.length)
  return all
}
