import { AppError } from '../../../shared/errors/appError'
import { DecoderChild, DEFAULT_TIME_LIMITS } from '../ffmpeg/decoderChild'
import { childCommand, fileUrl, INPUT_LIMITS } from '../ffmpeg/ffmpegCommand'
import { parseTagText } from './ffmetadata'
import type { Chapter } from './ffmetadata'

/** Longest text of tags, and longest picture, that is carried over. */
const MAX_TEXT_BYTES = 8 * 2 ** 20
const MAX_PICTURE_BYTES = 64 * 2 ** 20

/** A cover picture inside a file. */
export interface SourcePicture {
  /** ffmpeg's number of its stream. */
  readonly stream: number
  readonly codecName: string
  readonly width: number
  readonly height: number
  /** ID3's name of what it shows ("Cover (front)"); empty where the file does not say. */
  readonly role: string
  readonly title: string
}

/** What a file says about itself, beside its sound. */
export interface SourceTags {
  readonly tags: readonly (readonly [string, string])[]
  readonly chapters: readonly Chapter[]
  readonly pictures: readonly SourcePicture[]
  /** Something was left out on purpose: levels that the result does not have, more than we carry. */
  readonly isPartial: boolean
}

/** Of the container and the encoder, not of the recording. */
const TECHNICAL =
  /^(?:encoder|encoded_by_tool|major_brand|minor_version|compatible_brands|handler_name|vendor_id|duration|_statistics.*|number_of_(?:frames|bytes)|bps|creation_time|metadata_block_picture|itunsmpb|chapter\d{3}(?:name)?)$/i
/** Levels were measured on the noisy sound: they would make players wrong. */
const LEVELS = /^(?:replaygain_.*|r128_(?:track|album)_gain|itunnorm)$/i

/**
 * Reads tags, chapters and the list of pictures, as ffmpeg sees them. Replay gain and what only tells of the container and
 * its encoder is left out. A file whose sound can be read and that ffmpeg does not open has nothing to carry, and is partial:
 * no recording fails for its tags. Throws E_IO, E_TIMEOUT, E_MEMORY, E_NO_FFMPEG.
 */
export async function readSourceTags(path: string, ffmpegPath: string): Promise<SourceTags> {
  // One packet is enough; without any, chapters would be cut to no length.
  const wanted = ['-map', '0:a:0', '-c', 'copy', '-frames:a', '1', '-copyts', '-f', 'ffmetadata', 'pipe:1']
  const args = ['-nostdin', '-hide_banner', '-v', 'info', ...INPUT_LIMITS, '-i', fileUrl(path), ...wanted]
  const answer = await outputOf(path, { ffmpegPath, args, maxBytes: MAX_TEXT_BYTES })
  if (answer === null) return { tags: [], chapters: [], pictures: [], isPartial: true }
  const { file, track, chapters } = parseTagText(answer.stdout.toString('utf8'))
  const all = new Map([...track, ...file].map(([key, value]) => [key.toLowerCase(), [key, value] as const]))
  all.delete('language')
  const tags = [...all.values()].filter(([key]) => !TECHNICAL.test(key))
  const kept = tags.filter(([key]) => !LEVELS.test(key))
  return { tags: kept, chapters, pictures: picturesIn(answer.stderr), isPartial: kept.length < tags.length }
}

/** The bytes of a picture, as they lie in the file; none where ffmpeg cannot take it out. Errors as `readSourceTags`. */
export async function readPicture(path: string, picture: SourcePicture, ffmpegPath: string): Promise<Buffer | null> {
  const wanted = ['-map', `0:${picture.stream}`, '-c', 'copy', '-frames:v', '1', '-f', 'image2pipe', 'pipe:1']
  const args = ['-nostdin', '-hide_banner', '-v', 'error', ...INPUT_LIMITS, '-i', fileUrl(path), ...wanted]
  return (await outputOf(path, { ffmpegPath, args, maxBytes: MAX_PICTURE_BYTES }))?.stdout ?? null
}

/** Stream lines that end in `(attached pic)`, with the tags below them. Pure. */
export function picturesIn(said: string): SourcePicture[] {
  const inputs = said.split(/^Output #0/m)[0]!
  const blocks = inputs.split(/^ {2}(?=Stream #0:)/m).slice(1)
  return blocks.flatMap((block): SourcePicture[] => {
    const line = block.split('\n')[0]!
    const head = /^Stream #0:(\d+)\S*: Video: (\w+).*?, (\d+)x(\d+)/.exec(line)
    if (head === null || !line.includes('(attached pic)')) return []
    const tag = (key: string): string => new RegExp(`^ {6}${key} *: (.*)$`, 'm').exec(block)?.[1] ?? ''
    const [, stream, codecName = '', width, height] = head
    const place = { stream: Number(stream), codecName, width: Number(width), height: Number(height) }
    return [{ ...place, role: tag('comment'), title: tag('title') }]
  })
}

interface Asking {
  readonly ffmpegPath: string
  readonly args: readonly string[]
  readonly maxBytes: number
}

/** Null where ffmpeg ends with an error. */
async function outputOf(
  path: string,
  { ffmpegPath, args, maxBytes }: Asking
): Promise<{ stdout: Buffer; stderr: string } | null> {
  const child = new DecoderChild(childCommand(ffmpegPath, args), path, DEFAULT_TIME_LIMITS)
  try {
    const chunks: Buffer[] = []
    let bytes = 0
    for (let chunk = await child.read(0); chunk !== null; chunk = await child.read(0)) {
      bytes += chunk.length
      if (bytes > maxBytes) throw new AppError('E_TOO_LONG', { path, detail: 'tags or a picture without end' })
      chunks.push(chunk)
    }
    if (!child.exitedWell) return null
    return { stdout: Buffer.concat(chunks), stderr: child.stderr }
  } finally {
    await child.close()
  }
}
