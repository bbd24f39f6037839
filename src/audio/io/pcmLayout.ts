import { AppError } from '../../shared/errors/appError'
import type { AudioFormat, Container, SampleFormat } from './types'

/** Where the samples of a PCM file lie, found by one of the header parsers. */
export interface PcmLayout {
  readonly format: AudioFormat
  readonly dataOffset: number
  /** Bytes of whole frames that are really there. */
  readonly dataBytes: number
  /** Bytes of one sample of one channel. */
  readonly sampleBytes: number
  /** Samples narrower than their container lie in its low bits (against the standard, seen in plain 24-in-32-bit WAV). */
  readonly rightJustified: boolean
  /** The header declares more than is there. */
  readonly truncated: boolean
}

/** A payload that is not PCM: for ffmpeg. `payloadTruncated` is what the container's own sizes say. */
export interface ForeignPayload {
  readonly foreign: string
  readonly payloadTruncated: boolean
}

export const MAX_CHANNELS = 64
export const MIN_RATE_HZ = 1000
export const MAX_RATE_HZ = 768_000

/** Throws E_UNSUPPORTED for a rate or channel count no recording has: nothing is allocated for a lying header. */
export function assertPlausible(path: string, sampleRateHz: number, channels: number): void {
  const rateOk = sampleRateHz >= MIN_RATE_HZ && sampleRateHz <= MAX_RATE_HZ
  if (rateOk && channels >= 1 && channels <= MAX_CHANNELS) return
  throw new AppError('E_UNSUPPORTED', { path, detail: `${channels} channels at ${sampleRateHz} Hz` })
}

/** What a header says, before it is compared with the file. */
export interface DeclaredPcm {
  readonly container: Container
  readonly sampleFormat: PcmSampleFormat
  readonly validBits: number
  readonly bigEndian: boolean
  readonly sampleRateHz: number
  readonly channels: number
  readonly channelMask: number
  readonly dataOffset: number
  /** Null: the header does not know (a stream), the data goes on to the end of the file. */
  readonly declaredBytes: number | null
}

/** A sample format that is PCM. */
export type PcmSampleFormat = Exclude<SampleFormat, 'compressed'>

const SAMPLE_BYTES: Readonly<Record<PcmSampleFormat, number>> = {
  u8: 1,
  s8: 1,
  s16: 2,
  s24: 3,
  s32: 4,
  s64: 8,
  f32: 4,
  f64: 8
}

/** Bytes of one stored sample. */
export function bytesPerSample(sampleFormat: PcmSampleFormat): number {
  return SAMPLE_BYTES[sampleFormat]
}

/** Signed integer PCM by container bytes (8-bit is decided by the container: unsigned in WAV, signed in AIFF). */
export const SIGNED_BY_BYTES: Readonly<Record<number, PcmSampleFormat>> = { 2: 's16', 3: 's24', 4: 's32', 8: 's64' }

/** Compares what is declared with the file's size. Throws E_UNSUPPORTED, and E_NO_AUDIO where not one whole frame is there. */
export function layoutOf(path: string, fileBytes: number, declared: DeclaredPcm): PcmLayout {
  assertPlausible(path, declared.sampleRateHz, declared.channels)
  const sampleBytes = bytesPerSample(declared.sampleFormat)
  const frameBytes = sampleBytes * declared.channels
  const thereBytes = Math.max(0, fileBytes - declared.dataOffset)
  const claimedBytes = declared.declaredBytes ?? thereBytes
  const frames = Math.floor(Math.min(claimedBytes, thereBytes) / frameBytes)
  if (frames === 0) throw new AppError('E_NO_AUDIO', { path })
  const { dataOffset, declaredBytes, ...format } = declared
  // A stream of unknown length that ends inside a frame was cut; so was data shorter than its chunk says.
  const cutInFrame = declaredBytes === null && thereBytes % frameBytes !== 0
  return {
    format: { ...format, declaredFrames: declaredBytes === null ? null : Math.floor(declaredBytes / frameBytes) },
    dataOffset,
    dataBytes: frames * frameBytes,
    sampleBytes,
    rightJustified: false,
    truncated: cutInFrame || claimedBytes > thereBytes
  }
}
