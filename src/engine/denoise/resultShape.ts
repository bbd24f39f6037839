import type { AudioFormat } from '../../audio/io/types'
import type { FileJob } from '../protocol'
import type { FileProbe } from './probe'

/** What is written, by its format; all but rate and channels is the source's. */
export interface ResultShape {
  readonly format: AudioFormat
  readonly frames: number
}

/** The rate of a result is its source's, or the model's where that is asked for and lower. */
export function resultShape(
  { format, frames }: Pick<FileProbe, 'format' | 'frames'>,
  { above8k }: Pick<FileJob, 'above8k'>,
  modelRateHz: number
): ResultShape {
  if (above8k !== '16k' || format.sampleRateHz <= modelRateHz) return { format, frames }
  return {
    format: { ...format, sampleRateHz: modelRateHz },
    frames: resultLength(frames, format.sampleRateHz, modelRateHz)
  }
}

/** Frames at another rate, to the nearest; a file with sound has one at least. */
export function resultLength(frames: number, fromHz: number, toHz: number): number {
  return Math.max(Math.min(frames, 1), Math.round((frames * toHz) / fromHz))
}
