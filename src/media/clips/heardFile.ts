import type { AppError } from '../../shared/errors/appError'

/** Channels that are heard of a file's: mono and stereo as they are, the mean of all of more. */
export function heardChannels(sourceChannels: number): 1 | 2 {
  return sourceChannels === 2 ? 2 : 1
}

/** Puts `count` frames of all channels into `out` from `at` on, as they are heard. */
export function hear(planar: readonly Float32Array[], count: number, out: readonly Float32Array[], at: number): void {
  if (planar.length <= 2) {
    for (const [index, channel] of planar.entries()) out[index]!.set(channel.subarray(0, count), at)
    return
  }
  const mix = out[0]!
  for (let i = 0; i < count; i++) {
    let sum = 0
    for (const channel of planar) sum += channel[i]!
    mix[at + i] = sum / planar.length
  }
}

/** How much of a file can be read now. */
export interface ReadState {
  /** From the first on; all that will ever be there once `isWhole`. */
  readonly readyFrames: number
  readonly isWhole: boolean
  /** What ended the decoding before its end. */
  readonly failure: AppError | null
}

/** What is heard of a file, any part of it at any time. */
export interface HeardFile {
  readonly path: string
  /** ffmpeg's number of its sound; 0 for PCM. */
  readonly stream: number
  readonly sampleRateHz: number
  readonly sourceChannels: number
  readonly channels: 1 | 2
  /** Its length: exact where its samples lie in the file or were decoded before, else as declared. */
  readonly frames: number
  readonly state: ReadState
  /** Fills `out` ([channels], of one length) from `startFrame` on, with silence after the end. Waits for what is not decoded yet. */
  read(startFrame: number, out: readonly Float32Array[], signal: AbortSignal): Promise<void>
  /** Called after each step of the decoding. */
  onProgress: (() => void) | null
  close(): Promise<void>
}
