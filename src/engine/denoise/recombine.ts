import { concat } from '../../audio/dsp/concat'
import { HighBandJoin } from '../../audio/dsp/highBand'
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

/** As the file's rate asks: nothing to do, down again from the model's rate, or up with the band that the model never saw. */
export function newRecombiner(options: RecombineOptions): Recombiner {
  const { sampleRateHz, modelRateHz } = options
  if (sampleRateHz === modelRateHz) return { push: (_source, _low, clean) => clean, finish: (_low, clean) => clean }
  return sampleRateHz > modelRateHz ? withHighBand(options) : downAgain(options)
}

function withHighBand({ sampleRateHz, modelRateHz, frames }: RecombineOptions): Recombiner {
  const join = new HighBandJoin({ sampleRateHz, lowHz: modelRateHz })
  return {
    push: (source, low, clean) => join.push({ source, low, clean }),
    finish: (low, clean) => concat([join.push({ source: new Float32Array(0), low, clean }), join.finish(frames)])
  }
}

function downAgain({ sampleRateHz, modelRateHz, frames }: RecombineOptions): Recombiner {
  const resampler = new Resampler({ fromHz: modelRateHz, toHz: sampleRateHz })
  return {
    push: (_source, _low, clean) => resampler.push(clean),
    finish: (_low, clean) => concat([resampler.push(clean), resampler.finish(frames)])
  }
}
