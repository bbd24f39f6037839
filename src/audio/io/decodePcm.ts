import { endianness } from 'node:os'
import { isZeroBytes } from '../dsp/silence'
import { bytesPerSample } from './pcmLayout'
import type { PcmSampleFormat } from './pcmLayout'

const HOST_IS_BIG_ENDIAN = endianness() === 'BE'

/** How the bytes of a block are stored. */
export interface StoredPcm {
  readonly sampleFormat: PcmSampleFormat
  readonly bigEndian: boolean
  readonly channels: number
  readonly rightJustified: boolean
}

/** Frames `startFrame` on of the block given to {@link pcmDecoder}, into out[channel][0..frames). */
export type DecodeFrames = (startFrame: number, frames: number, out: readonly Float32Array[]) => void

/**
 * Turns the block's bytes, already brought to the host's order by {@link toHostOrder}, into float32 at full scale +-1:
 * integers divided by 2^(bits-1), exactly up to 24 bits. NaN and Inf become 0.
 */
export function pcmDecoder(block: ArrayBuffer, stored: StoredPcm): DecodeFrames {
  const decode = soundDecoder(block, stored)
  // In u8 zero is the lowest value; in all else it is silence.
  return stored.sampleFormat === 'u8' ? decode : skippingSilence(decode, block, stored)
}

/** An hour of silence in eight channels packs into a megabyte: zeros are told from sound before they are taken apart. */
function skippingSilence(decode: DecodeFrames, block: ArrayBuffer, stored: StoredPcm): DecodeFrames {
  const frameBytes = bytesPerSample(stored.sampleFormat) * stored.channels
  return (startFrame, frames, out) => {
    if (!isZeroBytes(new Uint8Array(block, startFrame * frameBytes, frames * frameBytes)))
      decode(startFrame, frames, out)
    else for (const channel of out) channel.fill(0, 0, frames)
  }
}

function soundDecoder(block: ArrayBuffer, stored: StoredPcm): DecodeFrames {
  const { channels } = stored
  switch (stored.sampleFormat) {
    case 'u8':
      return scaling(new Uint8Array(block), { channels, scale: 2 ** -7, bias: -1 })
    case 's8':
      return scaling(new Int8Array(block), { channels, scale: 2 ** -7, bias: 0 })
    case 's16':
      return scaling(new Int16Array(block), { channels, scale: 2 ** -15, bias: 0 })
    case 's24':
      return decode24(new Uint8Array(block), stored)
    case 's32':
      return stored.rightJustified
        ? decodeShifted(new Int32Array(block), channels)
        : scaling(new Int32Array(block), { channels, scale: 2 ** -31, bias: 0 })
    case 's64':
      return decode64(new BigInt64Array(block), channels)
    case 'f32':
      return decodeFloat(new Float32Array(block), channels)
    case 'f64':
      return decodeDouble(new Float64Array(block), channels)
  }
}

/** Swaps the bytes of each sample in place where the file's order is not the host's (24-bit is read bytewise instead). */
export function toHostOrder(bytes: Buffer, stored: StoredPcm): void {
  if (stored.bigEndian === HOST_IS_BIG_ENDIAN) return
  if (stored.sampleFormat === 's16') bytes.swap16()
  if (stored.sampleFormat === 's32' || stored.sampleFormat === 'f32') bytes.swap32()
  if (stored.sampleFormat === 's64' || stored.sampleFormat === 'f64') bytes.swap64()
}

type IntegerView = Uint8Array | Int8Array | Int16Array | Int32Array

function scaling(view: IntegerView, by: { channels: number; scale: number; bias: number }): DecodeFrames {
  const { channels, scale, bias } = by
  return (startFrame, frames, out) => {
    for (let channel = 0; channel < channels; channel += 1) {
      const target = out[channel]!
      let at = startFrame * channels + channel
      for (let i = 0; i < frames; i += 1, at += channels) target[i] = view[at]! * scale + bias
    }
  }
}

/** 24 valid bits in the low bytes of 32 (the top byte is sign or nothing). */
function decodeShifted(view: Int32Array, channels: number): DecodeFrames {
  return (startFrame, frames, out) => {
    for (let channel = 0; channel < channels; channel += 1) {
      const target = out[channel]!
      let at = startFrame * channels + channel
      for (let i = 0; i < frames; i += 1, at += channels) target[i] = (view[at]! << 8) * 2 ** -31
    }
  }
}

function decode24(view: Uint8Array, stored: StoredPcm): DecodeFrames {
  const { channels } = stored
  const [low, high] = stored.bigEndian ? [2, 0] : [0, 2]
  return (startFrame, frames, out) => {
    for (let channel = 0; channel < channels; channel += 1) {
      const target = out[channel]!
      let at = (startFrame * channels + channel) * 3
      for (let i = 0; i < frames; i += 1, at += channels * 3) {
        const value = (view[at + high]! << 24) | (view[at + 1]! << 16) | (view[at + low]! << 8)
        target[i] = value * 2 ** -31
      }
    }
  }
}

function decode64(view: BigInt64Array, channels: number): DecodeFrames {
  return (startFrame, frames, out) => {
    for (let channel = 0; channel < channels; channel += 1) {
      const target = out[channel]!
      let at = startFrame * channels + channel
      for (let i = 0; i < frames; i += 1, at += channels) target[i] = Number(view[at]!) * 2 ** -63
    }
  }
}

function decodeFloat(view: Float32Array, channels: number): DecodeFrames {
  return (startFrame, frames, out) => {
    for (let channel = 0; channel < channels; channel += 1) {
      const target = out[channel]!
      let at = startFrame * channels + channel
      for (let i = 0; i < frames; i += 1, at += channels) {
        const value = view[at]!
        target[i] = value - value === 0 ? value : 0
      }
    }
  }
}

function decodeDouble(view: Float64Array, channels: number): DecodeFrames {
  return (startFrame, frames, out) => {
    for (let channel = 0; channel < channels; channel += 1) {
      const target = out[channel]!
      let at = startFrame * channels + channel
      for (let i = 0; i < frames; i += 1, at += channels) {
        // What is finite in float64 may still be too large for float32.
        const value = Math.fround(view[at]!)
        target[i] = value - value === 0 ? value : 0
      }
    }
  }
}
