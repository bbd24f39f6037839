import { bytesPerSample } from './pcmLayout'
import type { SinkFormat } from './types'
import { W64_GUIDS } from './w64Header'

const DS64_BYTES = 28
const MAX_RIFF_BYTES = 0xffffffff
const EXTENSIBLE_GUID_TAIL = '000000001000800000aa00389b71'

function isFloat(format: SinkFormat): boolean {
  return format.sampleFormat === 'f32' || format.sampleFormat === 'f64'
}

/** EXTENSIBLE wherever the standard asks for it: more than 2 channels, more than 16 bits, narrow samples, a speaker mask. */
function needsExtensible(format: SinkFormat): boolean {
  const bits = bytesPerSample(format.sampleFormat) * 8
  const isWide = bits > 16 && !isFloat(format)
  return format.channels > 2 || isWide || format.validBits !== bits || format.channelMask !== 0
}

/** The body of a fmt chunk for WAV and W64: WAVEFORMAT, or WAVEFORMATEXTENSIBLE where needed. */
export function waveFormatBody(format: SinkFormat): Buffer {
  const extensible = needsExtensible(format)
  const sampleBytes = bytesPerSample(format.sampleFormat)
  const blockAlign = sampleBytes * format.channels
  const tag = isFloat(format) ? 3 : 1
  const body = Buffer.alloc(extensible ? 40 : isFloat(format) ? 18 : 16)
  body.writeUInt16LE(extensible ? 0xfffe : tag, 0)
  body.writeUInt16LE(format.channels, 2)
  body.writeUInt32LE(format.sampleRateHz, 4)
  body.writeUInt32LE(Math.min(format.sampleRateHz * blockAlign, 0xffffffff), 8)
  body.writeUInt16LE(blockAlign, 12)
  body.writeUInt16LE(sampleBytes * 8, 14)
  if (extensible) {
    body.writeUInt16LE(22, 16)
    body.writeUInt16LE(format.validBits, 18)
    body.writeUInt32LE(format.channelMask, 20)
    body.writeUInt16LE(tag, 24)
    body.write(EXTENSIBLE_GUID_TAIL, 26, 'hex')
  }
  return body
}

/**
 * Everything before the samples of a WAV file of `frames` frames; its length does not depend on `frames`. A JUNK chunk
 * keeps the place of ds64: over 4 GiB the file becomes RF64 (EBU Tech 3306).
 */
export function wavHeader(format: SinkFormat, frames: number, chunksAfterBytes = 0): Buffer {
  const dataBytes = frames * bytesPerSample(format.sampleFormat) * format.channels
  const formatBody = waveFormatBody(format)
  const fact = isFloat(format) ? 12 : 0
  const headerBytes = 12 + 8 + DS64_BYTES + 8 + formatBody.length + fact + 8
  const riffBytes = headerBytes - 8 + dataBytes + (dataBytes % 2) + chunksAfterBytes
  const isRf64 = riffBytes > MAX_RIFF_BYTES
  const size32 = (size: number): number => (isRf64 ? 0xffffffff : size)
  const ds64 = Buffer.alloc(DS64_BYTES)
  if (isRf64) {
    ds64.writeBigUInt64LE(BigInt(riffBytes), 0)
    ds64.writeBigUInt64LE(BigInt(dataBytes), 8)
    ds64.writeBigUInt64LE(BigInt(frames), 16)
  }
  return Buffer.concat([
    riffHead(isRf64 ? 'RF64' : 'RIFF', size32(riffBytes)),
    Buffer.from('WAVE', 'latin1'),
    riffHead(isRf64 ? 'ds64' : 'JUNK', DS64_BYTES),
    ds64,
    riffHead('fmt ', formatBody.length),
    formatBody,
    fact === 0 ? Buffer.alloc(0) : Buffer.concat([riffHead('fact', 4), uint32(size32(frames))]),
    riffHead('data', size32(dataBytes))
  ])
}

function riffHead(id: string, size: number): Buffer {
  return Buffer.concat([Buffer.from(id, 'latin1'), uint32(size)])
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

/** Everything before the samples of a Sony Wave64 file. */
export function w64Header(format: SinkFormat, frames: number): Buffer {
  const dataBytes = frames * bytesPerSample(format.sampleFormat) * format.channels
  const body = waveFormatBody(format)
  const formatPad = Buffer.alloc((8 - (body.length % 8)) % 8)
  const headerBytes = 40 + 24 + body.length + formatPad.length + 24
  const fileBytes = headerBytes + dataBytes
  return Buffer.concat([
    w64Head(W64_GUIDS.riff, fileBytes),
    Buffer.from(W64_GUIDS.wave, 'hex'),
    w64Head(W64_GUIDS.format, 24 + body.length),
    body,
    formatPad,
    w64Head(W64_GUIDS.data, 24 + dataBytes)
  ])
}

function w64Head(guid: string, size: number): Buffer {
  const head = Buffer.alloc(24)
  head.write(guid, 0, 'hex')
  head.writeBigUInt64LE(BigInt(size), 16)
  return head
}
