import type { AudioTrack, Job } from '../../../../shared/jobs/job'
import { LIMITS } from '../../../../shared/settings/jobSettings'

/** A track of sound that can be chosen, by its number from 1. */
export interface TrackChoice {
  readonly number: number
  /** What all files that have it call it; null where they differ, or say nothing. */
  readonly track: AudioTrack | null
}

/** The tracks of the files that have several, and the chosen one, be it in none of them. */
export function trackChoices(jobs: readonly Job[], chosen: number | null): TrackChoice[] {
  const found: (AudioTrack | null)[] = []
  for (const { probe } of jobs) {
    if (!probe?.ok || probe.info.tracks === undefined) continue
    const { tracks } = probe.info
    for (let at = 0; at < Math.min(tracks.length, LIMITS.audioTrack.max); at++) {
      const track = tracks[at]!
      found[at] = at in found && !isAlike(found[at]!, track) ? null : track
    }
  }
  while (found.length < (chosen ?? 0)) found.push(null)
  return found.map((track, at) => ({ number: at + 1, track }))
}

function isAlike(one: AudioTrack | null, other: AudioTrack): boolean {
  return one?.language === other.language && one.title === other.title
}
