import type { Joiner } from './join'
import type { PipelineContext } from './pipelineContext'
import { newFallbackTrace } from './soundRuns'
import { newRunCounters } from './statefulLanes'

const CHUNK_SAMPLES = 3000

/** A pipeline whose model changes nothing, and gives what it took one chunk later, as the real ones do. */
export function identityContext(options: Pick<PipelineContext, 'ffmpegPath' | 'modelRateHz'>): PipelineContext {
  const { signal } = new AbortController()
  return {
    ...options,
    joiner: identityJoiner(),
    signal,
    checkpoint: () => Promise.resolve(),
    isHeld: () => false,
    trace: newFallbackTrace(),
    onChannels: () => undefined,
    onProgress: () => undefined
  }
}

function identityJoiner(): Joiner {
  return {
    kind: 'carried',
    excerptPlan: null,
    counters: newRunCounters(),
    chunkSamples: CHUNK_SAMPLES,
    open: () => {
      let waiting = new Float32Array(0)
      return Promise.resolve({
        push: (samples) => {
          const ready = waiting
          waiting = samples.slice()
          return Promise.resolve(ready)
        },
        finish: () => Promise.resolve(waiting),
        modelSec: 0,
        close: () => undefined
      })
    }
  }
}
