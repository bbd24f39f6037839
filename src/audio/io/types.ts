import type { WarningCode } from '../../shared/errors/appError'

/** How one sample is stored. `compressed`: decoded by ffmpeg, the stored form is not PCM. */
export type SampleFormat = 'u8' | 's8' | 's16' | 's24' | 's32' | 's64' | 'f32' | 'f64' | 'compressed'

export type Container = 'wav' | 'rf64' | 'w64' | 'aiff' | 'aifc' | 'other'

/** What ffmpeg says of a file that it decodes for us, for who wants to write the same again. */
export interface Origin {
  /** ffmpeg's names for the container, joined by commas ("mov,mp4,m4a,3gp,3g2,mj2"). */
  readonly formatName: string
  readonly codecName: string
  /** Of the sound; null where the file does not say. */
  readonly bitsPerSec: number | null
  /** ffmpeg's number of the sound's stream. */
  readonly stream: number
  /** There is a moving picture (not a cover). */
  readonly hasVideo: boolean
  /** Tracks of sound in the file, `stream` among them. */
  readonly tracks: number
}

/** What is known of a file's audio once it is open. */
export interface AudioFormat {
  readonly container: Container
  readonly sampleFormat: SampleFormat
  /** Bits that carry signal, for dither on the way out (24 in a 32-bit container is 24); for `compressed` the depth to write. */
  readonly validBits: number
  readonly bigEndian: boolean
  readonly sampleRateHz: number
  readonly channels: number
  /** WAVE speaker mask, 0 where the file says nothing. */
  readonly channelMask: number
  /** Frames that the header declares; null where it says nothing (size 0, 0xFFFFFFFF, a stream). */
  readonly declaredFrames: number | null
  /** Only where ffmpeg decodes. */
  readonly origin?: Origin
}

/**
 * A file read from its start, once. Samples are float32, full scale +-1 (float sources may go beyond, NaN and Inf are
 * read as 0), one array a channel.
 */
export interface AudioSource {
  readonly format: AudioFormat
  /** 1 to `maxFrames` frames (fewer at any time, not only at the end), [channels][frames], valid until the next call; null at the end. */
  read(maxFrames: number): Promise<Float32Array[] | null>
  /** What is known to be wrong, complete once `read` has returned null (W_TRUNCATED ...). Throws E_* instead where there is no audio at all. */
  readonly warnings: ReadonlySet<WarningCode>
  close(): Promise<void>
}

/** Sample formats that a sink can write. 64-bit integers become `s32`: samples travel as float32, nothing is lost. */
export type SinkSampleFormat = Exclude<SampleFormat, 'compressed' | 's64'>

/** What to write. Containers other than WAV and AIFF come out as WAV (RF64 over 4 GiB); W64 stays W64. */
export interface SinkFormat {
  readonly container: 'wav' | 'aiff' | 'w64'
  readonly sampleFormat: SinkSampleFormat
  /** Bits that carry signal, left-justified in the container (20 in `s24`, 24 in `s32`). */
  readonly validBits: number
  readonly sampleRateHz: number
  readonly channels: number
  readonly channelMask: number
}

/** A PCM file being written under its temporary name. */
export interface AudioSink {
  /** [channels][frames], float32; rounded, dithered (TPDF, never on digital silence) and clipped to the format. */
  write(planar: readonly Float32Array[]): Promise<void>
  /** `frames` of digital silence; sparse where the file system allows it. */
  writeSilence(frames: number): Promise<void>
  /** Completes headers, syncs, reopens and checks the frame count; returns frames, bytes, SHA-256 of the file and clipped samples. */
  finish(): Promise<SinkResult>
  /** Closes and removes the file. */
  abort(): Promise<void>
}

export interface SinkResult {
  readonly frames: number
  readonly bytes: number
  readonly sha256: string
  readonly clippedSamples: number
}
