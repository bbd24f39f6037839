import { readAt } from '../fileBytes'
import type { OpenFile } from '../fileBytes'
import { adtsFrameBytes, chainOvershoots, mpegFrameBytes, withoutTags } from './frameChain'

/** An Ogg page is at most 65,307 bytes: its start lies within this. */
const OGG_WINDOW_BYTES = 128 * 1024
const FRAME_WINDOW_BYTES = 32 * 1024
const MAX_BOXES = 10_000

/** What the end of a file says. */
export interface FileEnd {
  /** The container's structure says that something is missing. */
  readonly isMissing: boolean
  /** The frame that an Ogg stream says it ends at; null for all else. */
  readonly endFrame: number | null
}

/**
 * Whether the container's own structure says that its end is missing, for kinds that ffmpeg decodes to the cut without a
 * word (RELIABILITY finding 2): an MP3, ADTS or AMR frame cut in the middle, an Ogg stream without its last page, an MP4
 * box, Matroska segment or CAF chunk larger than the file. Reads a bounded part of the file; false where it cannot tell.
 */
export async function inspectEnd(file: OpenFile, formatName: string): Promise<FileEnd> {
  const names = formatName.split(',')
  if (names.includes('ogg')) return inspectOggEnd(file)
  return { isMissing: await endsEarly(file, names), endFrame: null }
}

async function endsEarly(file: OpenFile, names: readonly string[]): Promise<boolean> {
  if (names.includes('mp3')) return chainOvershoots(withoutTags(await tail(file, FRAME_WINDOW_BYTES)), mpegFrameBytes)
  if (names.includes('aac')) return chainOvershoots(withoutTags(await tail(file, FRAME_WINDOW_BYTES)), adtsFrameBytes)
  if (names.includes('mp4')) return mp4EndsEarly(file)
  if (names.includes('matroska')) return matroskaEndsEarly(file)
  if (names.includes('caf')) return cafEndsEarly(file)
  return names.includes('amr') ? amrEndsEarly(file) : false
}

function tail(file: OpenFile, bytes: number): Promise<Buffer> {
  return readAt(file, Math.max(0, file.sizeBytes - bytes), bytes)
}

const OGG_END_OF_STREAM = 4
const OGG_HEAD_BYTES = 27

async function inspectOggEnd(file: OpenFile): Promise<FileEnd> {
  const bytes = await tail(file, OGG_WINDOW_BYTES)
  const start = bytes.lastIndexOf('OggS', undefined, 'latin1')
  if (start < 0) return { isMissing: false, endFrame: null }
  const page = bytes.subarray(start)
  if (page.length < OGG_HEAD_BYTES) return { isMissing: true, endFrame: null }
  const bodyStart = OGG_HEAD_BYTES + page[OGG_HEAD_BYTES - 1]!
  const bodyBytes = page.subarray(OGG_HEAD_BYTES, bodyStart).reduce((sum, length) => sum + length, 0)
  const isCut = bodyStart + bodyBytes > page.length
  const isLast = (page[5]! & OGG_END_OF_STREAM) !== 0
  return { isMissing: isCut || !isLast, endFrame: Number(page.readBigInt64LE(6)) }
}

async function mp4EndsEarly(file: OpenFile): Promise<boolean> {
  let offset = 0
  for (let count = 0; count < MAX_BOXES; count += 1) {
    const head = await readAt(file, offset, 16)
    if (head.length < 8) return false
    const size32 = head.readUInt32BE(0)
    // 0: the box goes on to the end of the file; 1: a 64-bit size follows.
    if (size32 === 0 || (size32 === 1 && head.length < 16)) return false
    const size = size32 === 1 ? Number(head.readBigUInt64BE(8)) : size32
    if (offset + size > file.sizeBytes) return true
    if (size < 8) return false
    offset += size
  }
  return false
}

async function cafEndsEarly(file: OpenFile): Promise<boolean> {
  let offset = 8
  for (let count = 0; count < MAX_BOXES; count += 1) {
    const head = await readAt(file, offset, 12)
    if (head.length < 12) return false
    // -1: the data chunk goes on to the end of the file.
    const size = Number(head.readBigInt64BE(4))
    if (size < 0) return false
    offset += 12 + size
    if (offset > file.sizeBytes) return true
  }
  return false
}

const EBML_SEGMENT = 0x18538067

async function matroskaEndsEarly(file: OpenFile): Promise<boolean> {
  const head = await readAt(file, 4, 8)
  const first = vint(head)
  if (first?.value == null) return false
  const offset = 4 + first.length + first.value
  const segment = await readAt(file, offset, 12)
  if (segment.length < 12 || segment.readUInt32BE(0) !== EBML_SEGMENT) return false
  const size = vint(segment.subarray(4))
  return size !== null && size.value !== null && offset + 4 + size.length + size.value > file.sizeBytes
}

/** An EBML variable-size integer; value null for "unknown" (all ones). */
function vint(bytes: Buffer): { length: number; value: number | null } | null {
  const first = bytes[0] ?? 0
  const length = Math.clz32(first) - 23
  if (first === 0 || bytes.length < length) return null
  let value = first - 2 ** (8 - length)
  for (const byte of bytes.subarray(1, length)) value = value * 256 + byte
  return { length, value: value === 2 ** (7 * length) - 1 ? null : value }
}

const AMR_NB_BYTES = [12, 13, 15, 17, 19, 20, 26, 31, 5, 6, 5, 5, 0, 0, 0, 0]
const AMR_WB_BYTES = [17, 23, 32, 36, 40, 46, 50, 58, 60, 5, 0, 0, 0, 0, 0, 0]
const AMR_WINDOW_BYTES = 64 * 1024

/** AMR frames can only be counted from the start: their heads are one byte and mark nothing. */
async function amrEndsEarly(file: OpenFile): Promise<boolean> {
  const magic = (await readAt(file, 0, 9)).toString('latin1')
  const isWide = magic === '#!AMR-WB\n'
  if (!isWide && !magic.startsWith('#!AMR\n')) return false
  const table = isWide ? AMR_WB_BYTES : AMR_NB_BYTES
  let offset = isWide ? 9 : 6
  while (offset < file.sizeBytes) {
    const window = await readAt(file, offset, AMR_WINDOW_BYTES)
    let at = 0
    while (at < window.length) at += 1 + table[(window[at]! >> 3) & 15]!
    offset += at
  }
  return offset > file.sizeBytes
}
