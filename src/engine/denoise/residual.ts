import type { Recombiner } from './recombine'
import { SampleQueue } from './samples'

/**
 * Leaves a share of what was taken away in: clean + gain x (source - clean), with the source as the file has it. A recombiner
 * gives its frames in order and as many as came in, so the source's frames only wait for theirs. The sum is formed with a
 * weight for each, so that a gain of 1 gives the source itself, to the bit; a gain of 0 leaves the recombiner alone.
 */
export function withResidual(recombiner: Recombiner, gain: number): Recombiner {
  if (gain === 0) return recombiner
  const waiting = new SampleQueue(0)
  const mix = (clean: Float32Array): Float32Array => {
    const source = waiting.peek(0, clean.length)
    const out = new Float32Array(clean.length)
    for (let i = 0; i < out.length; i++) out[i] = (1 - gain) * clean[i]! + gain * source[i]!
    waiting.drop(clean.length)
    return out
  }
  return {
    push: (source, low, clean) => {
      waiting.push(source)
      return mix(recombiner.push(source, low, clean))
    },
    finish: (low, clean) => mix(recombiner.finish(low, clean))
  }
}
