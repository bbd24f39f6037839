import type { FilmClock } from './readFilm'

/** What the clean sound of a film can be coded as. */
export type TrackKind =
  'aac' | 'opus' | 'vorbis' | 'flac' | 'alac' | 'mp3' | 'mp2' | 'ac3' | 'eac3' | 'wma' | 'pcm_le' | 'pcm_be'

/** A container that ffmpeg writes films in. */
export interface FilmContainer {
  readonly muxer: readonly string[]
  /** Names that it may keep; the first is given to others. */
  readonly extensions: readonly string[]
  /** What its sound can be, the most usual first. */
  readonly kinds: readonly TrackKind[]
  /** How it says that an encoder's first frames are no sound; `untimed`: it does not, and its sound begins with the film. */
  readonly delay: 'editList' | 'opusOnly' | 'never' | 'untimed'
  /** Where a stream begins can be read back to the millisecond. */
  readonly keepsStart: boolean
}

const QUICKTIME = ['.mp4', '.m4v', '.mov', '.3gp', '.3gpp', '.3g2'] as const
const MP4_KINDS: readonly TrackKind[] = ['aac', 'mp3', 'opus', 'alac', 'flac', 'ac3', 'eac3', 'mp2']

const CONTAINERS = {
  mp4: {
    ...{ muxer: ['-f', 'mp4', '-strict', 'experimental'], extensions: QUICKTIME, kinds: MP4_KINDS },
    ...{ delay: 'editList', keepsStart: true }
  },
  mov: {
    ...{ muxer: ['-f', 'mov'], extensions: ['.mov', ...QUICKTIME] },
    ...{ kinds: ['aac', 'pcm_le', 'pcm_be', 'alac', 'mp3', 'ac3', 'eac3', 'mp2'] },
    ...{ delay: 'editList', keepsStart: true }
  },
  threeGp: {
    ...{ muxer: ['-f', '3gp'], extensions: ['.3gp', ...QUICKTIME], kinds: ['aac'] },
    ...{ delay: 'editList', keepsStart: true }
  },
  matroska: {
    ...{ muxer: ['-f', 'matroska'], extensions: ['.mkv'] },
    ...{ kinds: ['aac', 'opus', 'vorbis', 'flac', 'alac', 'mp3', 'mp2', 'ac3', 'eac3', 'pcm_le', 'pcm_be', 'wma'] },
    ...{ delay: 'opusOnly', keepsStart: true }
  },
  webm: {
    ...{ muxer: ['-f', 'webm'], extensions: ['.webm'], kinds: ['opus', 'vorbis'] },
    ...{ delay: 'opusOnly', keepsStart: true }
  },
  avi: {
    ...{ muxer: ['-f', 'avi'], extensions: ['.avi'], kinds: ['mp3', 'ac3', 'aac', 'pcm_le', 'mp2', 'wma'] },
    ...{ delay: 'untimed', keepsStart: false }
  },
  flv: {
    ...{ muxer: ['-f', 'flv'], extensions: ['.flv'], kinds: ['aac', 'mp3'] },
    ...{ delay: 'never', keepsStart: false }
  },
  asf: {
    ...{ muxer: ['-f', 'asf'], extensions: ['.wmv', '.asf'], kinds: ['wma', 'mp3', 'aac', 'pcm_le'] },
    ...{ delay: 'never', keepsStart: false }
  },
  mpegts: {
    ...{ muxer: ['-f', 'mpegts', '-mpegts_m2ts_mode', '0'], extensions: ['.ts'] },
    ...{ kinds: ['aac', 'mp2', 'mp3', 'ac3', 'eac3', 'opus'], delay: 'never', keepsStart: false }
  },
  m2ts: {
    ...{ muxer: ['-f', 'mpegts', '-mpegts_m2ts_mode', '1'], extensions: ['.m2ts', '.mts'] },
    ...{ kinds: ['ac3', 'eac3', 'aac', 'mp2'], delay: 'never', keepsStart: false }
  }
} as const satisfies Record<string, FilmContainer>

/** Matroska takes almost everything: what films come in whose own container is not written, or does not take them back. */
export const MATROSKA: FilmContainer = CONTAINERS.matroska

/** The container of a film by ffmpeg's names for it, its brand and, where these leave it open, its name; null: not one that we write. */
export function containerOf(formatName: string, brand: string, extension: string): FilmContainer | null {
  const names = formatName.split(',')
  const ending = extension.toLowerCase()
  if (names.includes('mov')) return quicktimeOf(brand)
  if (names.includes('matroska')) return ending === '.webm' ? CONTAINERS.webm : CONTAINERS.matroska
  if (names.includes('mpegts')) return ending === '.m2ts' || ending === '.mts' ? CONTAINERS.m2ts : CONTAINERS.mpegts
  if (names.includes('avi')) return CONTAINERS.avi
  if (names.includes('flv')) return CONTAINERS.flv
  return names.includes('asf') ? CONTAINERS.asf : null
}

function quicktimeOf(brand: string): FilmContainer {
  if (brand === '' || brand.startsWith('qt')) return CONTAINERS.mov
  return brand.startsWith('3g') ? CONTAINERS.threeGp : CONTAINERS.mp4
}

/** The clock that a film of these names is read by: the times of some begin anywhere and may jump. */
export function clockOf(formatName: string): FilmClock {
  return /(?:^|,)(?:mpegts|mpeg)(?:,|$)/.test(formatName) ? 'fromStart' : 'file'
}
