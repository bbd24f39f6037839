import { concat } from '../../audio/dsp/concat'
import { HighBandJoin } from '../../audio/dsp/highBand'
import { Resampler } from '../../audio/dsp/resampler'
import type { Above8kWay } from '../../shared/settings/choices'
import type { Recombiner } from './recombiner'
import { mixedLow, withResidual } from './residual'
import { resultLength } from './resultShape'

export interface RecombineOptions {
  readonly sampleRateHz: number
  readonly modelRateHz: number
  /** Of the source. */
  readonly frames: number
  readonly above8k: Above8kWay
  /** How much of what was taken away is left in: of the whole source, or of the model's band where the rest of it is not kept. */
  readonly residualGain: number
}

/** As the file's rate and the wish for the band that the model never saw ask. */
export function newRecombiner(options: RecombineOptions): Recombiner {
  const { sampleRateHz, modelRateHz, above8k, residualGain } = options
  if (sampleRateHz <= modelRateHz) {
    return withResidual(sampleRateHz === modelRateHz ? unchanged() : atSourceRate(options), residualGain)
  }
  if (above8k === 'keep') return withResidual(withHighBand(options), residualGain)
  return mixedLow(above8k === 'remove' ? atSourceRate(options) : atModelRate(options), residualGain)
}

function unchanged(): Recombiner {
  return { push: (_source, _low, clean) => clean, finish: (_low, clean) => clean }
}

function withHighBand({ sampleRateHz, modelRateHz, frames }: RecombineOptions): Recombiner {
  const join = new HighBandJoin({ sampleRateHz, lowHz: modelRateHz })
  return {
    push: (source, low, clean) => join.push({ source, low, clean }),
    finish: (low, clean) => concat([join.push({ source: new Float32Array(0), low, clean }), join.finish(frames)])
  }
}

/** The model's band alone, at the file's rate. */
function atSourceRate({ sampleRateHz, modelRateHz, frames }: RecombineOptions): Recombiner {
  const resampler = new Resampler({ fromHz: modelRateHz, toHz: sampleRateHz })
  return {
    push: (_source, _low, clean) => resampler.push(clean),
    finish: (_low, clean) => concat([resampler.push(clean), resampler.finish(frames)])
  }
}

/** The model's band alone, as it is: a part of a sample at the end is rounded. */
function atModelRate({ sampleRateHz, modelRateHz, frames }: RecombineOptions): Recombiner {
  let left = resultLength(frames, sampleRateHz, modelRateHz)
  const take = (clean: Float32Array): Float32Array => {
    const taken = clean.subarray(0, left)
    left -= taken.length
    return taken
  }
  return { push: (_source, _low, clean) => take(clean), finish: (_low, clean) => take(clean) }
}
