import { WRITTEN_BY_FFMPEG } from '../../../shared/settings/choices'
import type { WrittenByFfmpeg } from '../../../shared/settings/choices'
import { ENCODERS } from './outputChoice'

const KINDS = { flac: 'flac', alac: 'alac', mp3: 'mp3', m4a: 'aac', ogg: 'vorbis', opus: 'opus' } as const

/** The formats that an ffmpeg with these encoders cannot write: results become the nearest one instead. Pure. */
export function lackedFormats(encoders: ReadonlySet<string>): WrittenByFfmpeg[] {
  return WRITTEN_BY_FFMPEG.filter((format) => !ENCODERS[KINDS[format]].some((name) => encoders.has(name)))
}
