import { AppError } from '../../../shared/errors/appError'
import { chapterComments, tagText } from '../tags/ffmetadata'
import { isNamedPicture, pictureBlock } from '../tags/pictureBlock'
import { chunkBytes, infoChunk, readTagChunks, withoutLevels } from '../tags/pcmChunks'
import type { TagChunk } from '../tags/pcmChunks'
import { marksAtRate, tagsAtRate } from '../tags/marksAtRate'
import type { MarkRates } from '../tags/marksAtRate'
import { readPicture, readSourceTags } from '../tags/sourceTags'
import type { SourcePicture, SourceTags } from '../tags/sourceTags'
import type { AudioFormat, SinkFormat } from '../types'
import type { EncodedKind } from './outputChoice'

/** Tags for a file that ffmpeg writes. */
export interface CarriedTags {
  /** ffmetadata. */
  readonly text: string
  /** Streams of the source that are copied as pictures. */
  readonly pictures: readonly number[]
  readonly isWhole: boolean
}

interface Source {
  readonly path: string
  readonly format: AudioFormat
  readonly ffmpegPath: string | null
  /** Of the file itself, and of what is written. */
  readonly rates: MarkRates
}

/** Pictures that a muxer of ffmpeg takes as a stream; Ogg's go in as tags, CAF has none. */
const PICTURE_STREAMS: Readonly<Record<EncodedKind, RegExp>> = {
  flac: /^(?:mjpeg|png|gif)$/,
  mp3: /^(?:mjpeg|png)$/,
  aac: /^(?:mjpeg|png|bmp)$/,
  alac: /^(?:mjpeg|png|bmp)$/,
  vorbis: /^$/,
  opus: /^$/,
  caf: /^$/
}

const NO_TAGS: SourceTags = { tags: [], chapters: [], pictures: [], isPartial: false }

/** Keys that ffmpeg writes into an MP4; it leaves others out without a word. */
const MP4_KEYS =
  /^(?:title|artist|album_artist|composer|album|date|comment|genre|copyright|grouping|lyrics|description|synopsis|show|episode_id|network|keywords|episode_sort|season_number|media_type|compilation|track|disc|gapless_playback)$/i
/** Chunks of a WAV that ffmpeg reads as tags; the rest has no place in a file of another kind. */
const READ_CHUNKS = /^(?:LIST|bext|id3 |ID3 |NAME|AUTH|ANNO|\(c\) )$/

/** What of a source's tags goes into a file that ffmpeg writes. Errors as `readSourceTags`. */
export async function tagsForEncoder(source: Source, kind: EncodedKind): Promise<CarriedTags> {
  const { path, ffmpegPath } = source
  if (ffmpegPath === null) throw new AppError('E_NO_FFMPEG', { path })
  const isPcm = source.format.container !== 'other'
  const chunks = isPcm ? await readTagChunks(path) : { chunks: [], isPartial: false }
  const hasNone = isPcm && chunks.chunks.length === 0
  const found = hasNone ? NO_TAGS : await readSourceTags(path, ffmpegPath)
  const lostChunk = chunks.isPartial || chunks.chunks.some(({ id }) => !READ_CHUNKS.test(id))
  const streams = found.pictures.filter(({ codecName }) => PICTURE_STREAMS[kind].test(codecName))
  const tags = tagsAtRate(found.tags, source.rates)
  let pictures = streams.length
  if (kind === 'vorbis' || kind === 'opus') {
    const blocks = await pictureTags(path, found.pictures, ffmpegPath)
    tags.push(...blocks)
    pictures = blocks.length
  }
  const isOgg = kind === 'vorbis' || kind === 'opus'
  if (isOgg || kind === 'flac') tags.push(...chapterComments(found.chapters))
  const takesChapters = kind === 'mp3' || kind === 'aac' || kind === 'alac'
  const lostKey = (kind === 'aac' || kind === 'alac') && tags.some(([key]) => !MP4_KEYS.test(key))
  const lostChapter = kind === 'caf' && found.chapters.length > 0
  const isWhole = !found.isPartial && !lostChunk && !lostKey && !lostChapter && pictures === found.pictures.length
  return {
    text: tagText(tags, takesChapters ? found.chapters : []),
    pictures: streams.map(({ stream }) => stream),
    isWhole
  }
}

async function pictureTags(
  path: string,
  pictures: readonly SourcePicture[],
  ffmpegPath: string
): Promise<[string, string][]> {
  const tags: [string, string][] = []
  for (const picture of pictures.filter(isNamedPicture)) {
    const bytes = await readPicture(path, picture, ffmpegPath)
    if (bytes === null) continue
    const block = pictureBlock(picture, bytes)
    tags.push(['METADATA_BLOCK_PICTURE', block.toString('base64')])
  }
  return tags
}

/** Tags for a file that we write ourselves: chunks that come behind the samples. */
export interface CarriedChunks {
  readonly bytes: Buffer
  readonly isWhole: boolean
}

/**
 * What of a source's tags goes into WAV, AIFF or W64: from WAV to WAV and AIFF to AIFF all chunks as bytes; from other kinds
 * what ffmpeg reads, as a LIST chunk of a WAV. Errors as `readSourceTags`.
 */
export async function chunksForPcm(source: Source, target: SinkFormat['container']): Promise<CarriedChunks> {
  const { path, format, ffmpegPath } = source
  const own = familyOf(format)
  const { chunks, isPartial } = await readTagChunks(path)
  if (own === target && target !== 'w64') {
    const moved = marksAtRate(withoutLevels(chunks), source.rates)
    return { bytes: chunkBytes(moved.chunks, target === 'aiff'), isWhole: !isPartial && moved.isWhole }
  }
  const nothing = { bytes: Buffer.alloc(0), isWhole: !isPartial && chunks.length === 0 }
  const isOurs = format.container !== 'other'
  if (target !== 'wav' || ffmpegPath === null || (isOurs && chunks.length === 0)) return nothing
  const id3 = chunks.filter(({ id }) => id.toUpperCase() === 'ID3 ').map(({ body }) => ({ id: 'id3 ', body }))
  const found = await readSourceTags(path, ffmpegPath)
  const { chunk, isWhole } = infoChunk(found.tags)
  const out: TagChunk[] = [...(chunk === null ? [] : [chunk]), ...id3]
  return { bytes: chunkBytes(out, false), isWhole: isWhole && !isPartial && isAllInTags(found) && chunks.every(isRead) }
}

function isAllInTags({ isPartial, pictures, chapters }: SourceTags): boolean {
  return !isPartial && pictures.length === 0 && chapters.length === 0
}

function isRead({ id }: TagChunk): boolean {
  return READ_CHUNKS.test(id)
}

function familyOf({ container, bigEndian }: AudioFormat): SinkFormat['container'] | null {
  if (container === 'aiff' || container === 'aifc') return 'aiff'
  if (container === 'wav' || container === 'rf64') return bigEndian ? null : 'wav'
  return container === 'w64' ? 'w64' : null
}
