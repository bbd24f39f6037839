import type { OutputQuality } from '../../../shared/settings/choices'
import { fileUrl, INPUT_LIMITS } from '../ffmpeg/ffmpegCommand'
import type { FilmContainer } from './filmContainers'
import { FROM_START_OF_ALL } from './readFilm'
import type { Film, FilmClock, FilmStream } from './readFilm'
import { trackArgs } from './trackChoice'
import type { TrackChoice } from './trackChoice'

/** A stream of the result: a copied one, or the clean sound in the place of (or before) the source's. */
export interface FilmSlot {
  readonly stream: FilmStream
  readonly isClean: boolean
}

/** All that ffmpeg needs to know to write a film with its clean sound. */
export interface FilmPlan {
  readonly container: FilmContainer
  readonly film: Film
  readonly slots: readonly FilmSlot[]
  readonly track: TrackChoice
  readonly clock: FilmClock
  /** When the clean sound's first sample is heard; seconds. */
  readonly startSec: number
  /** Both keep their sound: the clean one comes first and is the default. */
  readonly keepsOriginal: boolean
  /** Times of the source are written as they are; else ffmpeg may move all of them, so that none is below zero. */
  readonly isSameContainer: boolean
}

export interface FilmTarget {
  readonly sourcePath: string
  readonly partPath: string
  readonly quality: OutputQuality
  readonly sourceKbps: number | null
}

/** Statistics of the sound that is no more, as mkvmerge writes them, and levels that were measured on it. */
const STALE_KEYS = [
  ...['BPS', 'DURATION', 'NUMBER_OF_FRAMES', 'NUMBER_OF_BYTES', '_STATISTICS_WRITING_APP', '_STATISTICS_TAGS'].flatMap(
    (key) => [key, `${key}-eng`]
  ),
  ...['_STATISTICS_WRITING_DATE_UTC', 'REPLAYGAIN_TRACK_GAIN', 'REPLAYGAIN_TRACK_PEAK', 'R128_TRACK_GAIN']
]

/** Arguments of ffmpeg: WAV on standard input and the source become the film `partPath`. Nothing but pipes and files is opened. */
export function filmArgs(plan: FilmPlan, { sourcePath, partPath, quality, sourceKbps }: FilmTarget): string[] {
  const { slots, track } = plan
  const at = slots.findIndex(({ isClean }) => isClean)
  return [
    ...['-nostdin', '-hide_banner', '-v', 'level+warning', '-y', '-filter_threads', '1', ...clockArgs(plan)],
    // Microseconds; more digits are cut off by ffmpeg.
    ...[
      ...INPUT_LIMITS,
      '-thread_queue_size',
      '1024',
      '-itsoffset',
      plan.startSec.toFixed(6),
      '-f',
      'wav',
      '-i',
      'pipe:0'
    ],
    ...[...INPUT_LIMITS, '-thread_queue_size', '16', ...timeArgs(plan), '-i', fileUrl(sourcePath)],
    ...slots.flatMap(({ stream, isClean }) => ['-map', isClean ? '0:a:0' : `1:${stream.index}`]),
    ...['-map_metadata', '1', '-map_chapters', '1'],
    ...slots.flatMap(({ stream }, n) => [`-map_metadata:s:${n}`, `1:s:${stream.index}`]),
    ...STALE_KEYS.flatMap((key) => [`-metadata:s:${at}`, `${key}=`]),
    ...titleArgs(plan, at),
    ...['-c', 'copy', ...trackArgs(track, at, { quality, sourceKbps }), '-threads', '1'],
    ...slots.flatMap((slot, n) => dispositionArgs(plan, slot, n)),
    ...muxerArgs(plan),
    fileUrl(partPath)
  ]
}

function clockArgs({ clock }: Pick<FilmPlan, 'clock'>): string[] {
  return clock === 'file' ? ['-copyts'] : []
}

function timeArgs({ isSameContainer, clock }: FilmPlan): string[] {
  // Not every packet of an MPEG program stream has a time; in Matroska each needs one.
  return [...(clock === 'file' ? [] : FROM_START_OF_ALL), ...(isSameContainer ? [] : ['-fflags', '+genpts'])]
}

/** Two tracks of one language must be told apart in a player's menu. */
function titleArgs({ keepsOriginal }: FilmPlan, at: number): string[] {
  return keepsOriginal ? [`-metadata:s:${at}`, 'title=Stillwave', `-metadata:s:${at}`, 'handler_name=Stillwave'] : []
}

function dispositionArgs(plan: FilmPlan, { stream, isClean }: FilmSlot, n: number): string[] {
  if (stream.kind !== 'audio') return []
  const names = stream.dispositions.filter((name) => name !== 'default' || isClean || !plan.keepsOriginal)
  if (isClean && plan.keepsOriginal && !names.includes('default')) names.push('default')
  return [`-disposition:${n}`, names.length === 0 ? '0' : names.join('+')]
}

function muxerArgs({ container, film, track, isSameContainer }: FilmPlan): string[] {
  const args = [...container.muxer]
  if (container.delay === 'editList') {
    // The edit list, which tells where the sound begins and ends, counts in this unit; by default in milliseconds.
    args.push('-movie_timescale', String(track.sampleRateHz))
    if (film.hasDeviceKeys) args.push('-movflags', '+use_metadata_tags')
  }
  if (isSameContainer && container.delay === 'opusOnly') args.push('-avoid_negative_ts', 'disabled')
  return args
}

/** Arguments that only try whether a container takes these streams of the source, as they are. */
export function trialArgs(
  container: FilmContainer,
  streams: readonly FilmStream[],
  { sourcePath, partPath }: Pick<FilmTarget, 'sourcePath' | 'partPath'>
): string[] {
  return [
    ...['-nostdin', '-hide_banner', '-v', 'error', '-y'],
    ...[...INPUT_LIMITS, '-i', fileUrl(sourcePath)],
    ...streams.flatMap(({ index }) => ['-map', `0:${index}`]),
    // The header is written, and then it is enough.
    ...['-c', 'copy', '-fs', '1', ...container.muxer, fileUrl(partPath)]
  ]
}
