import { reduceQueue } from '../../../shared/jobs/reduceQueue'
import type { QueueState } from '../../../shared/jobs/queue'
import type { PushOf } from '../ipc/client'

/**
 * The window's copy of the queue (DESIGN section 5). While `asking`, pushes are kept: they may be later than the snapshot that is
 * on its way. What came before the asking is in that snapshot and is dropped.
 */
export interface Mirror {
  readonly state: QueueState | null
  readonly asking: boolean
  readonly kept: readonly PushOf<'queue'>[]
}

/** Subscribed, with a snapshot asked for. */
export const FIRST_MIRROR: Mirror = { state: null, asking: true, kept: [] }

const askAgain = (mirror: Mirror): Mirror => ({ state: mirror.state, asking: true, kept: [] })

/** The mirror after one push. Where `asking` turned true, a snapshot must be asked for. */
export function takePush(mirror: Mirror, push: PushOf<'queue'>): Mirror {
  if (mirror.asking) return { ...mirror, kept: [...mirror.kept, push] }
  return applyPush(mirror, push)
}

/** The mirror after the snapshot that it asked for. Where `asking` is still true, another one is needed. */
export function takeSnapshot(mirror: Mirror, queue: QueueState): Mirror {
  let next: Mirror = { state: queue, asking: false, kept: [] }
  for (const push of mirror.kept) {
    next = applyPush(next, push)
    if (next.asking) break
  }
  return next
}

function applyPush(mirror: Mirror, push: PushOf<'queue'>): Mirror {
  const { state } = mirror
  if (push.epoch !== state?.epoch) return askAgain(mirror)
  if (push.revision <= state.revision) return mirror
  if (push.revision !== state.revision + 1) return askAgain(mirror)
  try {
    return { ...mirror, state: reduceQueue(state, push.event) }
  } catch (thrown) {
    // An event that cannot happen here means that this copy is wrong, not that main is.
    if (thrown instanceof RangeError) return askAgain(mirror)
    throw thrown
  }
}
