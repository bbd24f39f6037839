import type { EngineSettings } from '../../engine/protocol'
import { UsageError, type DenoiseArgs } from './args'

export interface JoinSettings {
  readonly values: Pick<EngineSettings, 'join' | 'chunkSec' | 'overlapSec'>
  /** What was asked for and does not apply. */
  readonly notes: readonly string[]
}

export interface ModelTraits {
  readonly hasStateful: boolean
  /** Seconds in one carried run unless the user says otherwise. */
  readonly chunkSec: number
}

const OVERLAP_CHUNK_SEC = 2
const OVERLAP_SEC = 0.5

/**
 * How the chunks join, with each way's own defaults: carried in the model's own pieces; overlapped as in the article, 2 s with 0.5 s.
 * A model without its stateful companion runs overlapped.
 */
export function joinSettings(args: DenoiseArgs, model: ModelTraits): JoinSettings {
  const { hasStateful } = model
  if (args.chunkSec !== null && args.overlapSec !== null) refuseLongOverlap(args.overlapSec, args.chunkSec)
  const notes: string[] = []
  if (args.join !== 'overlap' && !hasStateful) {
    notes.push('This model has no stateful companion (NAME.stateful.onnx): its chunks are joined by overlap.')
  }
  if (args.join !== 'overlap' && hasStateful) {
    if (args.overlapSec !== null) notes.push('--overlap-seconds counts for --join overlap only.')
    return { values: { join: 'carried', chunkSec: args.chunkSec ?? model.chunkSec, overlapSec: 0 }, notes }
  }
  const chunkSec = args.chunkSec ?? OVERLAP_CHUNK_SEC
  const overlapSec = args.overlapSec ?? Math.min(OVERLAP_SEC, chunkSec / 4)
  refuseLongOverlap(overlapSec, chunkSec)
  return { values: { join: 'overlap', chunkSec, overlapSec }, notes }
}

/** Whatever the join: a pair that cannot be meant is not passed over because the join does not use it. */
function refuseLongOverlap(overlapSec: number, chunkSec: number): void {
  if (overlapSec <= chunkSec / 2) return
  throw new UsageError(`--overlap-seconds must be at most half of the chunk (${chunkSec} s), not "${overlapSec}"`)
}
