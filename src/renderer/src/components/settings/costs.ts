import type { ChunkSettings } from '../../../../shared/settings/appSettings'

type ChunkCost = 'chunkCarried' | 'chunkShort' | 'chunkLong' | 'chunkOverlap'

/** Carried chunks under and over which the measurements of `presets.ts` saw time or memory wasted; seconds. */
const SHORT_SEC = 0.5
const LONG_SEC = 2

/** Which words say what this chunk length costs (`settings.cost`). */
export function chunkCost({ join, chunkSec }: ChunkSettings): ChunkCost {
  if (join === 'overlap') return 'chunkOverlap'
  if (chunkSec < SHORT_SEC) return 'chunkShort'
  return chunkSec > LONG_SEC ? 'chunkLong' : 'chunkCarried'
}

/** Which words say what so many lanes in one run cost. */
export function batchCost(batch: number): 'batchOne' | 'batchMany' {
  return batch === 1 ? 'batchOne' : 'batchMany'
}
