import { AppError } from '../../shared/errors/appError'
import { readAt } from './fileBytes'
import type { OpenFile } from './fileBytes'
import { bytesPerSample, layoutOf } from './pcmLayout'
import type { ForeignPayload, PcmLayout } from './pcmLayout'
import type { SinkSampleFormat } from './types'

const MAX_CHUNKS = 10_000

interface Common {
  readonly channels: number
  readonly frames: number
  readonly bits: number
  readonly sampleRateHz: number
  readonly compression: string
}

interface Coding {
  readonly sampleFormat: SinkSampleFormat
  readonly bigEndian: boolean
  readonly validBits: number
}

/**
 * Reads the header of an AIFF or AIFC file. Source: Apple AIFF 1.3 (1989), AIFF-C draft (1991). Errors as in `parseRiff`;
 * compressed AIFC (ulaw, ima4, ...) comes back as {@link ForeignPayload}.
 */
export async function parseAiff(file: OpenFile): Promise<PcmLayout | ForeignPayload> {
  const { path, sizeBytes } = file
  const isAifc = (await readAt(file, 8, 4)).toString('latin1') === 'AIFC'
  const { common, sound } = await walkChunks(file, isAifc)
  if (sound === null) throw new AppError('E_NO_AUDIO', { path, detail: 'no sound chunk' })
  if (common === null) throw new AppError('E_CORRUPT', { path, detail: 'no COMM chunk' })
  const coding = codingOf(common)
  if (coding === null) {
    return { foreign: common.compression, payloadTruncated: sound.offset + (sound.bytes ?? 0) > sizeBytes }
  }
  const frameBytes = bytesPerSample(coding.sampleFormat) * common.channels
  const framesBytes = common.frames === 0 ? null : common.frames * frameBytes
  return layoutOf(path, sizeBytes, {
    container: isAifc ? 'aifc' : 'aiff',
    ...coding,
    sampleRateHz: common.sampleRateHz,
    channels: common.channels,
    channelMask: 0,
    dataOffset: sound.offset,
    // The frame count rules (SSND may hold a pad); where it says nothing the chunk size does.
    declaredBytes: framesBytes ?? sound.bytes
  })
}

interface AiffChunks {
  common: Common | null
  sound: { offset: number; bytes: number | null } | null
}

async function walkChunks(file: OpenFile, isAifc: boolean): Promise<AiffChunks> {
  const found: AiffChunks = { common: null, sound: null }
  let offset = 12
  for (let count = 0; count < MAX_CHUNKS; count += 1) {
    const head = await readAt(file, offset, 16)
    if (head.length < 8) break
    const id = head.toString('latin1', 0, 4)
    const size = head.readUInt32BE(4)
    if (id === 'COMM' && found.common === null) {
      found.common = parseCommon(await readAt(file, offset + 8, isAifc ? 22 : 18), isAifc)
    } else if (id === 'SSND' && found.sound === null && head.length === 16) {
      // SSND begins with the offset of the first frame and a block size.
      const isOpen = size < 8 || size >= 0xffffff00
      const skip = head.readUInt32BE(8)
      found.sound = { offset: offset + 16 + skip, bytes: isOpen ? null : Math.max(0, size - 8 - skip) }
    }
    if (found.common !== null && found.sound !== null) break
    offset += 8 + size + (size % 2)
  }
  return found
}

function parseCommon(body: Buffer, isAifc: boolean): Common | null {
  if (body.length < (isAifc ? 22 : 18)) return null
  return {
    channels: body.readUInt16BE(0),
    frames: body.readUInt32BE(2),
    bits: body.readUInt16BE(6),
    sampleRateHz: Math.round(readExtended(body, 8)),
    compression: isAifc ? body.toString('latin1', 18, 22) : 'NONE'
  }
}

/** IEEE 754 80-bit extended, as AIFF stores its rate; NaN, negative and huge values come out as 0 (refused as implausible). */
function readExtended(bytes: Buffer, offset: number): number {
  const signAndExponent = bytes.readUInt16BE(offset)
  const exponent = signAndExponent - 16383
  if (signAndExponent >= 0x8000 || exponent > 62) return 0
  return Number(bytes.readBigUInt64BE(offset + 2)) * 2 ** (exponent - 63)
}

const FIXED_CODINGS: Readonly<Record<string, Coding>> = {
  'raw ': { sampleFormat: 'u8', bigEndian: true, validBits: 8 },
  fl32: { sampleFormat: 'f32', bigEndian: true, validBits: 32 },
  FL32: { sampleFormat: 'f32', bigEndian: true, validBits: 32 },
  fl64: { sampleFormat: 'f64', bigEndian: true, validBits: 64 },
  FL64: { sampleFormat: 'f64', bigEndian: true, validBits: 64 },
  in24: { sampleFormat: 's24', bigEndian: true, validBits: 24 },
  in32: { sampleFormat: 's32', bigEndian: true, validBits: 32 },
  '42ni': { sampleFormat: 's24', bigEndian: false, validBits: 24 },
  '23ni': { sampleFormat: 's32', bigEndian: false, validBits: 32 }
}

const BY_BYTES: Readonly<Record<number, SinkSampleFormat>> = { 1: 's8', 2: 's16', 3: 's24', 4: 's32' }

function codingOf(common: Common): Coding | null {
  const fixed = FIXED_CODINGS[common.compression]
  if (fixed !== undefined) return fixed
  if (!['NONE', 'twos', 'sowt', 'in16'].includes(common.compression)) return null
  const bytes = Math.ceil(common.bits / 8)
  const sampleFormat = BY_BYTES[bytes]
  if (sampleFormat === undefined) return null
  return { sampleFormat, bigEndian: common.compression !== 'sowt', validBits: common.bits }
}
