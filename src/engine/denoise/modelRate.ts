import { Resampler } from '../../audio/dsp/resampler'
import type { RateConverter } from './excerpts'

const NOTHING = new Float32Array(0)

/** A converter from a file's rate to the model's; the same samples where they are equal. */
export function toModelRate(fromHz: number, toHz: number): RateConverter {
  if (fromHz === toHz) return { push: (samples) => samples, finish: () => NOTHING }
  const resampler = new Resampler({ fromHz, toHz })
  return { push: (samples) => resampler.push(samples), finish: () => resampler.finish() }
}
