import { openRegularFile, readAt } from '../fileBytes'
import type { OpenFile } from '../fileBytes'
import { parsePcmHeader } from '../openPcm'
import type { PcmLayout } from '../pcmLayout'

/** More than that is no tags; a file that holds it loses what is over. */
const MAX_TAG_BYTES = 16 * 2 ** 20
const MAX_CHUNKS = 10_000

/** One chunk with its name; the body without the padding. */
export interface TagChunk {
  readonly id: string
  readonly body: Buffer
}

/** What stands in a WAV or AIFF file beside format and samples. */
export interface TagChunks {
  readonly chunks: readonly TagChunk[]
  /** There was more than can be carried. */
  readonly isPartial: boolean
}

/** Of the samples themselves, of their levels, or empty. */
const RIFF_OWN = new Set(
  'fmt |data|ds64|fact|JUNK|junk|PAD |FLLR|PEAK|levl|LGWV|MD5 |wavl|slnt|elm1|minf|regn'.split('|')
)
const AIFF_OWN = new Set(['COMM', 'SSND', 'FVER', 'PEAK'])

/**
 * The chunks that tell of a recording (LIST, bext, iXML, cue, id3 ...; NAME, AUTH, ANNO, MARK, ID3 ...), as bytes, in order.
 * Empty for other files, W64 and big-endian RIFX among them. Throws E_IO, E_READ_ONLY, E_EMPTY.
 */
export async function readTagChunks(path: string): Promise<TagChunks> {
  const file = await openRegularFile(path)
  try {
    const layout = await parsePcmHeader(file)
    if (layout === null || !('format' in layout)) return { chunks: [], isPartial: false }
    return await collect(file, layout)
  } finally {
    await file.handle.close()
  }
}

async function collect(file: OpenFile, layout: PcmLayout): Promise<TagChunks> {
  const { container } = layout.format
  const magic = (await readAt(file, 0, 4)).toString('latin1')
  if (container === 'w64') return { chunks: [], isPartial: await hasMoreOfW64(file, layout) }
  if (container === 'other') return { chunks: [], isPartial: false }
  const isAiff = container === 'aiff' || container === 'aifc'
  const found: TagChunk[] = []
  const walk = { file, isAiff, bigEndian: isAiff || magic === 'RIFX', found, roomBytes: MAX_TAG_BYTES }
  const before = await walkFrom(walk, 12, layout.dataOffset - 8)
  const end = layout.dataOffset + layout.dataBytes
  const after = await walkFrom(before, end + (end % 2), file.sizeBytes)
  // Nothing that we write takes the chunks of a big-endian RIFF as they are.
  if (magic === 'RIFX') return { chunks: [], isPartial: found.length > 0 }
  return { chunks: found, isPartial: after.roomBytes < 0 }
}

/** Anything behind the samples, or between format and samples. */
async function hasMoreOfW64(file: OpenFile, layout: PcmLayout): Promise<boolean> {
  const afterSamples = file.sizeBytes - (layout.dataOffset + layout.dataBytes)
  const head = await readAt(file, 40, Math.min(4096, layout.dataOffset))
  const formatBytes = head.length < 24 ? 0 : Math.ceil(Number(head.readBigUInt64LE(16)) / 8) * 8
  return afterSamples >= 24 || layout.dataOffset - 24 > 40 + formatBytes
}

interface Walk {
  readonly file: OpenFile
  readonly isAiff: boolean
  readonly bigEndian: boolean
  readonly found: TagChunk[]
  /** Below zero once something did not fit. */
  readonly roomBytes: number
}

async function walkFrom(walk: Walk, start: number, end: number): Promise<Walk> {
  const { file, isAiff, bigEndian, found } = walk
  let { roomBytes } = walk
  let offset = start
  for (let count = 0; offset + 8 <= end && count < MAX_CHUNKS; count += 1) {
    const head = await readAt(file, offset, 8)
    const id = head.toString('latin1', 0, 4)
    if (!/^[\x20-\x7e]{4}$/.test(id)) break
    const size = bigEndian ? head.readUInt32BE(4) : head.readUInt32LE(4)
    // A sound chunk of AIFF begins before its first frame: the rest of it ends at `end`.
    if (offset + 8 + size > end) break
    if (!(isAiff ? AIFF_OWN : RIFF_OWN).has(id)) {
      roomBytes -= size
      if (roomBytes < 0) break
      found.push({ id, body: await readAt(file, offset + 8, size) })
    }
    offset += 8 + size + (size % 2)
  }
  return { ...walk, roomBytes }
}

/** Chunks as they stand in a file, each padded to an even length. Pure. */
export function chunkBytes(chunks: readonly TagChunk[], bigEndian: boolean): Buffer {
  return Buffer.concat(
    chunks.flatMap(({ id, body }) => {
      const head = Buffer.alloc(8)
      head.write(id, 0, 'latin1')
      if (bigEndian) head.writeUInt32BE(body.length, 4)
      else head.writeUInt32LE(body.length, 4)
      return [head, body, Buffer.alloc(body.length % 2)]
    })
  )
}

const BEXT_VERSION_AT = 346
const BEXT_LOUDNESS_AT = 412
/** EBU Tech 3285: a loudness field that says nothing. */
const NO_LOUDNESS = 0x7fff

/** Chunks for a result of the same kind: what tells the source's loudness (bext since version 2) says nothing there. Pure. */
export function withoutLevels(chunks: readonly TagChunk[]): TagChunk[] {
  return chunks.map(({ id, body }) => {
    const isMeasured = id === 'bext' && body.length >= BEXT_LOUDNESS_AT + 10 && body.readUInt16LE(BEXT_VERSION_AT) >= 2
    if (!isMeasured) return { id, body }
    const changed = Buffer.from(body)
    for (let field = 0; field < 5; field += 1) changed.writeUInt16LE(NO_LOUDNESS, BEXT_LOUDNESS_AT + 2 * field)
    return { id, body: changed }
  })
}

/** RIFF INFO names of ffmpeg's tag names. */
const INFO_IDS: Readonly<Record<string, string>> = {
  title: 'INAM',
  artist: 'IART',
  album: 'IPRD',
  date: 'ICRD',
  comment: 'ICMT',
  genre: 'IGNR',
  track: 'IPRT',
  copyright: 'ICOP',
  language: 'ILNG'
}

/** Tags as a LIST chunk of type INFO in UTF-8, and whether all of them have a place there. Pure. */
export function infoChunk(tags: readonly (readonly [string, string])[]): {
  readonly chunk: TagChunk | null
  readonly isWhole: boolean
} {
  const known = tags.filter(([key]) => INFO_IDS[key.toLowerCase()] !== undefined)
  const entries = known.map(([key, value]) => ({
    id: INFO_IDS[key.toLowerCase()]!,
    body: Buffer.from(`${value}\0`)
  }))
  const body = Buffer.concat([Buffer.from('INFO', 'latin1'), chunkBytes(entries, false)])
  return { chunk: entries.length === 0 ? null : { id: 'LIST', body }, isWhole: known.length === tags.length }
}
