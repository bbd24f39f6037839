import { AppError } from '../../shared/errors/appError'
import { readAt } from './fileBytes'
import type { OpenFile } from './fileBytes'
import { layoutOf, SIGNED_BY_BYTES } from './pcmLayout'
import type { ForeignPayload, PcmLayout } from './pcmLayout'
import { parseWaveFormat } from './waveFormat'
import type { WaveFormat } from './waveFormat'

/** Chunk names of Sony Wave64 (GUIDs in file order). Source: Sony Pictures Digital, "Sony Wave64", 2006. */
export const W64_GUIDS = {
  riff: '726966662e91cf11a5d628db04c10000',
  wave: '77617665f3acd3118cd100c04f8edb8a',
  format: '666d7420f3acd3118cd100c04f8edb8a',
  data: '64617461f3acd3118cd100c04f8edb8a'
} as const

const MAX_CHUNKS = 10_000
const CHUNK_HEAD_BYTES = 24

/** Reads the header of a Sony Wave64 file. Errors as in `parseRiff`. */
export async function parseW64(file: OpenFile): Promise<PcmLayout | ForeignPayload> {
  const { path, sizeBytes } = file
  let format: WaveFormat | null = null
  let offset = 40
  for (let count = 0; count < MAX_CHUNKS; count += 1) {
    const head = await readAt(file, offset, CHUNK_HEAD_BYTES)
    if (head.length < CHUNK_HEAD_BYTES) break
    const guid = head.toString('hex', 0, 16)
    // The size counts the chunk's own head; 0 and all ones are left behind by streams.
    const declaredSize = head.readBigUInt64LE(16)
    const bodyOffset = offset + CHUNK_HEAD_BYTES
    if (guid === W64_GUIDS.format) {
      format = parseWaveFormat(await readAt(file, bodyOffset, 40), { bigEndian: false })
    } else if (guid === W64_GUIDS.data) {
      if (format === null) throw new AppError('E_CORRUPT', { path, detail: 'no format chunk before the data' })
      return w64Layout(file, format, bodyOffset, declaredSize)
    }
    const size = Number(declaredSize)
    if (size < CHUNK_HEAD_BYTES || size > sizeBytes) break
    offset += Math.ceil(size / 8) * 8
  }
  throw new AppError('E_NO_AUDIO', { path, detail: 'no data chunk' })
}

function w64Layout(
  file: OpenFile,
  format: WaveFormat,
  dataOffset: number,
  declaredSize: bigint
): PcmLayout | ForeignPayload {
  const isOpen = declaredSize <= BigInt(CHUNK_HEAD_BYTES) || declaredSize >= 0x7fffffffffffff00n
  const declaredBytes = isOpen ? null : Number(declaredSize) - CHUNK_HEAD_BYTES
  if (format.kind === 'foreign') {
    const payloadTruncated = declaredBytes !== null && dataOffset + declaredBytes > file.sizeBytes
    return { foreign: format.name, payloadTruncated }
  }
  return layoutOf(file.path, file.sizeBytes, {
    container: 'w64',
    sampleFormat: format.float
      ? format.sampleBytes === 4
        ? 'f32'
        : 'f64'
      : (SIGNED_BY_BYTES[format.sampleBytes] ?? 'u8'),
    validBits: format.validBits,
    bigEndian: false,
    sampleRateHz: format.sampleRateHz,
    channels: format.channels,
    channelMask: format.channelMask,
    dataOffset,
    declaredBytes
  })
}
