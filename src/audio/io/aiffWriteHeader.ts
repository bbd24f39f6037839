import { bytesPerSample } from './pcmLayout'
import type { SinkFormat } from './types'

const AIFC_VERSION_1 = 0xa2805140
const FLOAT_NAMES = { f32: ['fl32', '32-bit floating point'], f64: ['fl64', '64-bit floating point'] } as const

/** Everything before the samples of an AIFF file (integers), or AIFC (fl32, fl64). Sizes must fit 32 bits (`sinkCanHold`). */
export function aiffHeader(format: SinkFormat, frames: number, chunksAfterBytes = 0): Buffer {
  const dataBytes = frames * bytesPerSample(format.sampleFormat) * format.channels
  const floatName =
    format.sampleFormat === 'f32' || format.sampleFormat === 'f64' ? FLOAT_NAMES[format.sampleFormat] : null
  const version = floatName === null ? Buffer.alloc(0) : chunk('FVER', uint32(AIFC_VERSION_1))
  const common = chunk('COMM', Buffer.concat([commonBody(format, frames), compressionName(floatName)]))
  const soundHead = Buffer.concat([Buffer.from('SSND', 'latin1'), uint32(8 + dataBytes), Buffer.alloc(8)])
  const formBytes =
    4 + version.length + common.length + soundHead.length + dataBytes + (dataBytes % 2) + chunksAfterBytes
  return Buffer.concat([
    Buffer.from('FORM', 'latin1'),
    uint32(formBytes),
    Buffer.from(floatName === null ? 'AIFF' : 'AIFC', 'latin1'),
    version,
    common,
    soundHead
  ])
}

function commonBody(format: SinkFormat, frames: number): Buffer {
  const body = Buffer.alloc(18)
  body.writeUInt16BE(format.channels, 0)
  body.writeUInt32BE(frames, 2)
  body.writeUInt16BE(format.validBits, 6)
  // 80-bit extended: the rate as an integer of 64 bits, shifted up until its top bit is set.
  const exponent = Math.floor(Math.log2(format.sampleRateHz))
  body.writeUInt16BE(16383 + exponent, 8)
  body.writeBigUInt64BE(BigInt(format.sampleRateHz) << BigInt(63 - exponent), 10)
  return body
}

/** The compression id and its Pascal string, padded so that the two together are even. */
function compressionName(name: readonly [string, string] | null): Buffer {
  if (name === null) return Buffer.alloc(0)
  const text = Buffer.concat([Buffer.from([name[1].length]), Buffer.from(name[1], 'latin1')])
  return Buffer.concat([Buffer.from(name[0], 'latin1'), text, Buffer.alloc(text.length % 2)])
}

function chunk(id: string, body: Buffer): Buffer {
  return Buffer.concat([Buffer.from(id, 'latin1'), uint32(body.length), body])
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
