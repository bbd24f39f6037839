import type { Recombiner } from './recombiner'
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
    const out = weighted(clean, waiting.peek(0, clean.length), gain)
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

/** The same, for a result that holds the model's band alone: what is left in is that band's, mixed before it goes on. */
export function mixedLow(recombiner: Recombiner, gain: number): Recombiner {
  if (gain === 0) return recombiner
  const waiting = new SampleQueue(0)
  const mix = (low: Float32Array, clean: Float32Array): Float32Array => {
    waiting.push(low)
    const out = weighted(clean, waiting.peek(0, clean.length), gain)
    waiting.drop(clean.length)
    return out
  }
  return {
    push: (source, low, clean) => recombiner.push(source, low, mix(low, clean)),
    finish: (low, clean) => recombiner.finish(low, mix(low, clean))
  }
}

function weighted(clean: Float32Array, source: Float32Array, gain: number): Float32Array {
  const out = new Float32Array(clean.length)
  for (let i = 0; i < out.length; i++) out[i] = (1 - gain) * clean[i]! + gain * source[i]!
  return out
}
