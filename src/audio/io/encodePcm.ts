import { endianness } from 'node:os'
import { AppError } from '../../shared/errors/appError'
import { isSilent } from '../dsp/silence'
import { bytesPerSample } from './pcmLayout'
import type { SinkSampleFormat } from './types'

const HOST_IS_BIG_ENDIAN = endianness() === 'BE'
/** Integers with more valid bits hold every float32 step; dither would only add noise. */
const MAX_DITHERED_BITS = 24

/** How samples are to be stored. */
export interface EncodeFormat {
  readonly sampleFormat: SinkSampleFormat
  readonly validBits: number
  readonly channels: number
  readonly bigEndian: boolean
}

/** Turns planar float32 into stored, interleaved samples in a fixed block. */
export interface PcmEncoder {
  /** Frames that one call of `encode` may take. */
  readonly capacityFrames: number
  /** Bytes of frames [from, from + frames) of `planar`, valid until the next call. Throws E_INTERNAL on NaN or Inf. */
  encode(planar: readonly Float32Array[], from: number, frames: number): Buffer
  /** Samples so far that were over full scale and limited. */
  clippedSamples(): number
}

/**
 * Integer formats: a sample that is exactly a step of the format is stored as it is (so PCM passes through bit-exact and
 * digital silence stays silent); any other gets TPDF dither of +-1 step up to 24 bits, is rounded, and limited to full
 * scale. The dither of a channel depends only on its number and on the samples, not on how they are cut into blocks; it
 * begins by the first of them, so that a file that is written again does not get the same noise twice, which would add up.
 */
export function pcmEncoder(format: EncodeFormat, blockBytes: number): PcmEncoder {
  const frameBytes = bytesPerSample(format.sampleFormat) * format.channels
  const capacityFrames = Math.max(1, Math.floor(blockBytes / frameBytes))
  const memory = new ArrayBuffer(capacityFrames * frameBytes)
  const isFloat = format.sampleFormat === 'f32' || format.sampleFormat === 'f64'
  return isFloat ? floatEncoder(format, memory, capacityFrames) : integerEncoder(format, memory, capacityFrames)
}

function floatEncoder(format: EncodeFormat, memory: ArrayBuffer, capacityFrames: number): PcmEncoder {
  const { channels } = format
  const view = format.sampleFormat === 'f32' ? new Float32Array(memory) : new Float64Array(memory)
  const bytes = Buffer.from(memory)
  return {
    capacityFrames,
    clippedSamples: () => 0,
    encode(planar, from, frames) {
      for (let channel = 0; channel < channels; channel += 1) {
        const source = planar[channel]!
        let at = channel
        for (let i = from; i < from + frames; i += 1, at += channels) {
          const value = source[i]!
          if (value - value !== 0) throw notFinite()
          view[at] = value
        }
      }
      return inFileOrder(bytes.subarray(0, frames * channels * view.BYTES_PER_ELEMENT), format)
    }
  }
}

function integerEncoder(format: EncodeFormat, memory: ArrayBuffer, capacityFrames: number): PcmEncoder {
  const { channels } = format
  const quantizers = Array.from({ length: channels }, (_, channel) => quantizer(format, channel))
  const steps = new Int32Array(capacityFrames * channels)
  const pack = packer(memory, format)
  const [silence, frameBytes] = [format.sampleFormat === 'u8' ? 128 : 0, memory.byteLength / capacityFrames]
  return {
    capacityFrames,
    clippedSamples: () => quantizers.reduce((sum, one) => sum + one.clipped(), 0),
    encode(planar, from, frames) {
      if (planar.every((channel) => isSilent(channel.subarray(from, from + frames)))) {
        return Buffer.from(memory, 0, frames * frameBytes).fill(silence)
      }
      quantizers.forEach((one, channel) => {
        one.quantize(planar[channel]!.subarray(from, from + frames), steps, channel)
      })
      return pack(steps, frames * channels)
    }
  }
}

interface Quantizer {
  quantize(source: Float32Array, steps: Int32Array, channel: number): void
  clipped(): number
}

function quantizer(format: EncodeFormat, channelIndex: number): Quantizer {
  const { validBits, channels } = format
  const scale = 2 ** (validBits - 1)
  const [min, max] = [-scale, scale - 1]
  const shift = bytesPerSample(format.sampleFormat) * 8 - validBits
  const ditherScale = validBits <= MAX_DITHERED_BITS ? 2 ** -16 : 0
  let random = (0x9e3779b9 * (channelIndex + 1)) | 0
  let isFresh = true
  let clipped = 0
  return {
    clipped: () => clipped,
    quantize(source, steps, channel) {
      // Locals: variables of the closure would be stored to memory at every sample.
      let [state, over, at] = [random, 0, channel]
      for (let i = 0; i < source.length; i += 1, at += channels) {
        const step = source[i]! * scale
        if (step - step !== 0) throw notFinite()
        if (step > max + 0.5 || step < min - 0.5) over += 1
        let whole = Math.floor(step)
        if (step !== whole) {
          if (isFresh) state = begunBy(state, source[i]!)
          isFresh = false
          // xorshift32; the difference of its halves is triangular over +-1 step.
          state ^= state << 13
          state ^= state >>> 17
          state ^= state << 5
          whole = Math.floor(step + ((state & 0xffff) - (state >>> 16)) * ditherScale + 0.5)
        }
        steps[at] = (whole > max ? max : whole < min ? min : whole) << shift
      }
      random = state
      clipped += over
    }
  }
}

const oneFloat = new Float32Array(1)
const itsBits = new Int32Array(oneFloat.buffer)

/** Never 0, which xorshift would not leave. */
function begunBy(seed: number, sample: number): number {
  oneFloat[0] = sample
  return seed ^ Math.imul(itsBits[0]!, 0x85ebca6b) || seed
}

type Pack = (steps: Int32Array, samples: number) => Buffer

/** Stores left-justified 32-bit-container integers at their width. 24-bit is written bytewise, the rest through views. */
function packer(memory: ArrayBuffer, format: EncodeFormat): Pack {
  const bytes = Buffer.from(memory)
  if (format.sampleFormat === 's24') return packer24(bytes, format.bigEndian)
  const [view, bias] = packView(memory, format.sampleFormat)
  return (steps, samples) => {
    for (let i = 0; i < samples; i += 1) view[i] = steps[i]! + bias
    return inFileOrder(bytes.subarray(0, samples * view.BYTES_PER_ELEMENT), format)
  }
}

function packView(
  memory: ArrayBuffer,
  sampleFormat: SinkSampleFormat
): [Uint8Array | Int8Array | Int16Array | Int32Array, number] {
  if (sampleFormat === 'u8') return [new Uint8Array(memory), 128]
  if (sampleFormat === 's8') return [new Int8Array(memory), 0]
  return sampleFormat === 's16' ? [new Int16Array(memory), 0] : [new Int32Array(memory), 0]
}

function packer24(bytes: Buffer, bigEndian: boolean): Pack {
  const [low, high] = bigEndian ? [2, 0] : [0, 2]
  return (steps, samples) => {
    for (let i = 0, at = 0; i < samples; i += 1, at += 3) {
      const step = steps[i]!
      bytes[at + low] = step
      bytes[at + 1] = step >> 8
      bytes[at + high] = step >> 16
    }
    return bytes.subarray(0, samples * 3)
  }
}

function inFileOrder(bytes: Buffer, format: EncodeFormat): Buffer {
  if (format.bigEndian === HOST_IS_BIG_ENDIAN) return bytes
  const width = bytesPerSample(format.sampleFormat)
  if (width === 2) return bytes.swap16()
  if (width === 4) return bytes.swap32()
  return width === 8 ? bytes.swap64() : bytes
}

function notFinite(): AppError {
  return new AppError('E_INTERNAL', { detail: 'a sample that is not finite reached the writer' })
}
