import { AppError } from '../../../shared/errors/appError'
import { DecoderChild, DEFAULT_TIME_LIMITS } from '../ffmpeg/decoderChild'
import { childCommand, fileUrl, INPUT_LIMITS } from '../ffmpeg/ffmpegCommand'
import { refusal } from '../ffmpeg/ffmpegProbe'

/** One stream of a film, as ffmpeg lists it. */
export interface FilmStream {
  /** ffmpeg's number. */
  readonly index: number
  readonly kind: 'video' | 'audio' | 'subtitle' | 'data' | 'attachment'
  readonly codecName: string
  /** The container's own name of the codec ("tmcd"); empty where it has none. */
  readonly tag: string
  /** 0 where it is no sound. */
  readonly sampleRateHz: number
  /** A still cover, not a moving picture. */
  readonly isCover: boolean
  /** ffmpeg's names of what the stream is for: `default`, `forced`, `hearing_impaired` ... */
  readonly dispositions: readonly string[]
}

/** What a film holds, and when its sound begins. */
export interface Film {
  readonly streams: readonly FilmStream[]
  /** When the first sample is heard, on the clock that was asked for; seconds. */
  readonly startSec: number
  /** "qt  ", "isom" ...; empty where the container has none. */
  readonly brand: string
  /** There is a stream of a kind that ffmpeg does not know. */
  readonly hasUnknown: boolean
  /** It has keys that a camera or a phone wrote in its own way (`com.apple.quicktime.model`). */
  readonly hasDeviceKeys: boolean
}

/** `file`: the times as they stand in the file. `fromStart`: counted from its beginning, jumps taken out, as ffmpeg does by itself. */
export type FilmClock = 'file' | 'fromStart'

/**
 * Before a film that is read from its start. Of a transport stream ffmpeg takes the first of those streams that it is asked for as the
 * beginning, not the first of all: a sound that begins later than its picture would count as if it did not. Only with an offset of its
 * own does it leave that alone; a microsecond is the least.
 */
export const FROM_START_OF_ALL = ['-itsoffset', '0.000001'] as const

/**
 * Lists a film's streams and decodes the first samples of the sound that is stream `sound`. Throws E_CORRUPT, E_UNSUPPORTED,
 * E_NO_AUDIO, E_MEMORY, E_TIMEOUT, E_NO_FFMPEG.
 */
export async function readFilm(
  path: string,
  options: { readonly ffmpegPath: string; readonly sound: number; readonly clock: FilmClock }
): Promise<Film> {
  const { ffmpegPath, sound, clock } = options
  const wanted = ['-map', `0:${sound}`, '-frames:a', '1', '-c:a', 'pcm_s16le', '-f', 'framecrc', 'pipe:1']
  const times = clock === 'file' ? ['-copyts'] : FROM_START_OF_ALL
  const args = ['-nostdin', '-hide_banner', '-v', 'info', ...times, ...INPUT_LIMITS, '-i', fileUrl(path), ...wanted]
  const child = new DecoderChild(childCommand(ffmpegPath, args), path, DEFAULT_TIME_LIMITS)
  try {
    let said = ''
    for (let chunk = await child.read(0); chunk !== null; chunk = await child.read(0)) said += chunk.toString('latin1')
    if (!child.exitedWell) throw refusal(path, child.stderr)
    const startSec = firstTime(said)
    if (startSec === null) throw new AppError('E_NO_AUDIO', { path })
    return { ...parseListing(child.stderr), startSec }
  } finally {
    await child.close()
  }
}

/** The time of the first frame in what the framecrc muxer prints; null where there is none. Pure. */
export function firstTime(said: string): number | null {
  const base = /^#tb 0: (\d+)\/(\d+)/m.exec(said)
  const frame = /^0, *-?\d+, *(-?\d+),/m.exec(said)
  return base === null || frame === null ? null : (Number(frame[1]) * Number(base[1])) / Number(base[2])
}

const STREAM_LINE = /^ +Stream #0:(\d+)\S*: (Video|Audio|Subtitle|Data|Attachment): (\w+)(.*)$/gm
const DISPOSITIONS =
  /\((default|dub|original|comment|lyrics|karaoke|forced|hearing impaired|visual impaired|clean effects|captions|descriptions)\)/g

/** The streams in what ffmpeg says of its input. Pure. */
export function parseListing(said: string): Omit<Film, 'startSec'> {
  const listing = said.split(/^(?:Output #0|Stream mapping:)/m)[0]!
  const streams = [...listing.matchAll(STREAM_LINE)].map(([, index, kind = '', codecName = '', rest = '']) => ({
    index: Number(index),
    kind: kind.toLowerCase() as FilmStream['kind'],
    codecName,
    tag: /\((\S+) \/ 0x/.exec(rest)?.[1] ?? '',
    sampleRateHz: Number(/, (\d+) Hz,/.exec(rest)?.[1] ?? 0),
    isCover: rest.includes('(attached pic)'),
    dispositions: [...rest.matchAll(DISPOSITIONS)].map(([, name]) => name!.replace(' ', '_'))
  }))
  const brand = /^ +major_brand +: (.{1,4})$/m.exec(listing)?.[1] ?? ''
  const hasUnknown = (listing.match(/^ +Stream #0:\d+/gm) ?? []).length > streams.length
  return { streams, brand, hasUnknown, hasDeviceKeys: /^ {4}com\.(?:apple|android)\.\S+ *:/m.test(listing) }
}
