import { AppError } from '../../shared/errors/appError'
import { readAt } from './fileBytes'
import type { OpenFile } from './fileBytes'
import { layoutOf, SIGNED_BY_BYTES } from './pcmLayout'
import type { ForeignPayload, PcmLayout } from './pcmLayout'
import { parseWaveFormat } from './waveFormat'
import type { WaveFormat } from './waveFormat'

/** A file of nothing but empty chunks must end the walk. */
const MAX_CHUNKS = 10_000
const KNOWN_CHUNKS = new Set(
  'fmt |data|ds64|fact|LIST|JUNK|junk|PAD |bext|iXML|id3 |ID3 |cue |smpl|inst|PEAK|afsp|axml|chna|plst|disp|DISP|minf|elm1|regn|umid|FLLR|LGWV|acid|_PMX|wavl|slnt'.split(
    '|'
  )
)
/** Sizes that writers to a pipe leave behind: sox 0x7FFFF000, arecord 0x80000000 less a few bytes, others 0x7FFFFFFF. */
const STREAM_SIZES = new Set([0, 0x7ffff000, 0x7fffffff, 0x80000000])
const STREAM_SIZE_FLOOR = 0xffffff00

interface RiffFile {
  readonly file: OpenFile
  readonly bigEndian: boolean
}

interface RiffChunks {
  format: WaveFormat | null
  data: { offset: number; declaredBytes: number | null } | null
  /** Data size of the ds64 chunk (RF64, BW64); null where there is none. */
  dataSize64: number | null
}

/**
 * Reads the header of a RIFF/RIFX/RF64/BW64 WAVE file: chunks in any order, odd sizes with or without pad byte, stray
 * zero bytes between chunks, sizes 0 and 0xFFFFFFFF. Source: Microsoft RIFF/WAVEFORMATEXTENSIBLE, EBU Tech 3306, ITU-R
 * BS.2088. Throws E_CORRUPT, E_NO_AUDIO, E_UNSUPPORTED; a payload that is not PCM comes back as {@link ForeignPayload}.
 */
export async function parseRiff(file: OpenFile): Promise<PcmLayout | ForeignPayload> {
  const magic = (await readAt(file, 0, 4)).toString('latin1')
  const riff: RiffFile = { file, bigEndian: magic === 'RIFX' }
  const chunks = await walkChunks(riff)
  const { path, sizeBytes } = file
  if (chunks.data === null) throw new AppError('E_NO_AUDIO', { path, detail: 'no data chunk' })
  if (chunks.format === null) throw new AppError('E_CORRUPT', { path, detail: 'no format chunk' })
  const { offset, declaredBytes } = chunks.data
  if (chunks.format.kind === 'foreign') {
    const payloadTruncated = declaredBytes !== null && offset + declaredBytes > sizeBytes
    return { foreign: chunks.format.name, payloadTruncated }
  }
  const { sampleBytes, validBits, float, ...format } = chunks.format
  const layout = layoutOf(path, sizeBytes, {
    container: magic === 'RF64' || magic === 'BW64' ? 'rf64' : 'wav',
    sampleFormat: float ? (sampleBytes === 4 ? 'f32' : 'f64') : (SIGNED_BY_BYTES[sampleBytes] ?? 'u8'),
    validBits,
    bigEndian: riff.bigEndian,
    sampleRateHz: format.sampleRateHz,
    channels: format.channels,
    channelMask: format.channelMask,
    dataOffset: offset,
    declaredBytes
  })
  const rightJustified = format.plainNarrow && (await liesInLowBits(file, layout))
  return { ...layout, rightJustified }
}

async function walkChunks(riff: RiffFile): Promise<RiffChunks> {
  const found: RiffChunks = { format: null, data: null, dataSize64: null }
  let offset: number | null = 12
  for (let count = 0; offset !== null && count < MAX_CHUNKS; count += 1) {
    const head = await readAt(riff.file, offset, 8)
    if (head.length < 8) break
    const size = riff.bigEndian ? head.readUInt32BE(4) : head.readUInt32LE(4)
    const end = await takeChunk(riff, found, { id: head.toString('latin1', 0, 4), bodyOffset: offset + 8, size })
    if (found.data !== null && found.format !== null) break
    offset = await nextChunk(riff.file, end)
  }
  return found
}

/** Takes one chunk in and returns where its body ends. */
async function takeChunk(
  riff: RiffFile,
  found: RiffChunks,
  chunk: { id: string; bodyOffset: number; size: number }
): Promise<number> {
  const { id, bodyOffset, size } = chunk
  if (id === 'ds64') {
    const body = await readAt(riff.file, bodyOffset, 16)
    if (body.length === 16) found.dataSize64 = Number(body.readBigUInt64LE(8))
  } else if (id === 'fmt ' && found.format === null) {
    found.format = parseWaveFormat(await readAt(riff.file, bodyOffset, Math.min(size, 40)), riff)
  } else if (id === 'data' && found.data === null) {
    const declaredBytes = await dataSize(riff.file, found.dataSize64, bodyOffset, size)
    found.data = { offset: bodyOffset, declaredBytes }
    return bodyOffset + (declaredBytes ?? riff.file.sizeBytes)
  }
  return bodyOffset + size
}

/** The declared size of the data chunk, or null where the header leaves it open. */
async function dataSize(file: OpenFile, size64: number | null, offset: number, size: number): Promise<number | null> {
  if (size64 !== null && size === 0xffffffff) return size64 === 0 ? null : size64
  if (offset + size <= file.sizeBytes && size !== 0) return size
  if (size === 0 && offset < file.sizeBytes) return (await onlyChunksFollow(file, offset)) ? 0 : null
  return STREAM_SIZES.has(size) || size >= STREAM_SIZE_FLOOR ? null : size
}

/** Whether well-formed chunks lead from `offset` exactly to the end of the file: then a data size of 0 is the truth. */
async function onlyChunksFollow(file: OpenFile, offset: number): Promise<boolean> {
  let position = offset
  for (let count = 0; count < 64; count += 1) {
    const head = await readAt(file, position, 8)
    if (head.length < 8 || !isPrintable(head, 0)) return false
    const size = head.readUInt32LE(4)
    position += 8 + size + (size % 2)
    if (position === file.sizeBytes || position === file.sizeBytes + 1) return true
  }
  return false
}

/**
 * Where the next chunk begins: after the pad byte of an odd size, or without it (some writers forget it), or after a
 * stray byte. A known name wins over a merely printable one. Null at the end or where nothing looks like a chunk.
 */
async function nextChunk(file: OpenFile, end: number): Promise<number | null> {
  const bytes = await readAt(file, end, 10)
  const isOdd = end % 2 === 1
  const order = (isOdd ? [1, 0, 2] : [0, 1]).filter((skip) => skip + 8 <= bytes.length)
  const known = order.find((skip) => KNOWN_CHUNKS.has(bytes.toString('latin1', skip, skip + 4)))
  const skip = known ?? order.find((candidate) => isPrintable(bytes, candidate))
  return skip === undefined ? null : end + skip
}

function isPrintable(bytes: Buffer, offset: number): boolean {
  return bytes.subarray(offset, offset + 4).every((byte) => byte >= 0x20 && byte < 0x7f)
}

/**
 * Plain PCM with samples narrower than their container should be left-justified, but files with the value in the low
 * bytes exist. Looks at the first samples: low bytes that are ever used, and high bytes that never are.
 */
async function liesInLowBits(file: OpenFile, layout: PcmLayout): Promise<boolean> {
  const { sampleBytes, format } = layout
  const bytes = await readAt(file, layout.dataOffset, Math.min(layout.dataBytes, 4096 * sampleBytes))
  let lowUsed = false
  let highUsed = false
  for (let i = 0; i + sampleBytes <= bytes.length; i += sampleBytes) {
    const low = bytes[format.bigEndian ? i + sampleBytes - 1 : i]
    const high = bytes[format.bigEndian ? i : i + sampleBytes - 1]
    lowUsed ||= low !== 0
    highUsed ||= high !== 0 && high !== 0xff
  }
  return lowUsed && !highUsed
}
