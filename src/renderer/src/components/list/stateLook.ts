import { AudioLines, Ban, Check, CircleAlert, CircleDashed, Pause, SkipForward, TriangleAlert } from 'lucide-vue-next'
import type { Component } from 'vue'
import type { Job } from '../../../../shared/jobs/job'
import type { Tone } from '../ui/kit'

export interface StateLook {
  /** A key of `states`. */
  readonly word: 'pending' | 'running' | 'held' | 'done' | 'warned' | 'failed' | 'skipped' | 'cancelled'
  readonly tone: Tone
  readonly icon: Component | null
  /** Words without a ground: what needs no attention stays quiet. */
  readonly quiet: boolean
}

/** How a job's state looks. `held` while the whole run is paused. */
export function stateLook({ status }: Job, held: boolean): StateLook {
  switch (status.kind) {
    case 'pending':
      return { word: 'pending', tone: 'neutral', icon: CircleDashed, quiet: true }
    case 'running':
      return held
        ? { word: 'held', tone: 'neutral', icon: Pause, quiet: false }
        : { word: 'running', tone: 'accent', icon: AudioLines, quiet: false }
    case 'done':
      return status.result.warnings.length > 0
        ? { word: 'done', tone: 'warn', icon: TriangleAlert, quiet: true }
        : { word: 'done', tone: 'done', icon: Check, quiet: true }
    case 'failed':
      return { word: 'failed', tone: 'failed', icon: CircleAlert, quiet: false }
    case 'skipped':
      return { word: 'skipped', tone: 'neutral', icon: SkipForward, quiet: true }
    case 'cancelled':
      return { word: 'cancelled', tone: 'neutral', icon: Ban, quiet: true }
  }
}
