import type { ErrorPayload } from '../errors/appError'

/** What the player draws and plays. Frames count at the clip's rate from its first frame; a signal is what is heard. */

/** `removed` is original less clean, made where it is heard or drawn: nothing of it is stored. */
export const SIGNALS = ['original', 'clean', 'removed'] as const
export type Signal = (typeof SIGNALS)[number]

/** Bins of one answer of `player.peaks` at most. */
export const MAX_PEAK_BINS = 4096

/** A tile of the spectrogram: so many columns of so many rows; level n has a column every `TILE_HOP << n` frames. */
export const TILE_COLUMNS = 256
export const TILE_ROWS = 256
export const TILE_HOP = 64
export const MAX_TILE_LEVEL = 24
/** What the bytes 0 and 255 of a tile stand for, in dB relative to a full-scale sine. */
export const TILE_FLOOR_DB = -110
export const TILE_CEILING_DB = -10

/** Lengths of a preview in seconds. */
export const PREVIEW_SEC = { min: 10, max: 30, default: 15 } as const

/** How far the reading of a clip is. Coarse peaks are there from the start; fine ones, exact loudness and all tiles come with `fraction` 1. */
export interface ClipProgress {
  readonly token: string
  /** 0 to 1 over both files: decoded (where they are compressed) and measured. */
  readonly fraction: number
  /** Frames that can be played and drawn exactly now, from the first on; all of them for PCM files at once. */
  readonly readyFrames: number
  /** What ended the reading; the clip stays open as far as it is known. */
  readonly error: ErrorPayload | null
}

/** A file, a pair of files, or a preview, opened for the player. */
export interface PlayerClip {
  readonly token: string
  readonly jobId: string
  readonly name: string
  readonly kind: 'file' | 'preview'
  readonly sampleRateHz: number
  readonly frames: number
  /** Channels of each signal as heard: those of a mono or stereo file; one, the mean of all, for more, or where the result is mono. */
  readonly channels: 1 | 2
  /** Channels of the file itself. */
  readonly sourceChannels: number
  /** `original` alone until there is a result. */
  readonly signals: readonly Signal[]
  /** Where frame 0 lies in the source, in seconds: 0 but for a preview. */
  readonly offsetSec: number
  /**
   * A virtual WAV (RF64 over 4 GiB): float32, interleaved, the original's channels, then the clean ones where there are any.
   * Ranges are byte-exact; the samples begin at `dataOffset`.
   */
  readonly url: string
  readonly dataOffset: number
  readonly progress: ClipProgress
}

/** Lowest and highest sample of each bin, [channels][bins], full scale +-32767. Bins are equal parts of the asked range. */
export interface PeaksView {
  readonly channels: readonly { readonly min: Int16Array; readonly max: Int16Array }[]
  /** Everything in it was read; else part of it is from samples of the file, or still zero. */
  readonly isExact: boolean
}

/** Column after column, lowest frequency first, linear from 0 to half the rate; the mean over the heard channels. */
export interface TileView {
  readonly bytes: Uint8Array
  /** Part of it is not decoded yet (zeros): ask again when the clip's progress has moved. */
  readonly isComplete: boolean
}

/** Integrated loudness (ITU-R BS.1770-5, gated) and sample peak of a range; null where it is silent or too short. */
export interface SignalLoudness {
  readonly lufs: number | null
  /** Linear, full scale 1. */
  readonly peak: number
}

export interface LoudnessView {
  readonly original: SignalLoudness
  readonly clean: SignalLoudness | null
  readonly removed: SignalLoudness | null
  /** False while the whole file has not been read: a first estimate from samples of it. */
  readonly isExact: boolean
}

/** A preview being made: 10 to 30 s of a file with the settings of now. */
export interface PreviewView {
  readonly previewId: string
  readonly jobId: string
  readonly state:
    | { readonly kind: 'working'; readonly fraction: number }
    /** `speed`: seconds of audio a second, measured on it. */
    | { readonly kind: 'done'; readonly startSec: number; readonly lengthSec: number; readonly speed: number }
    | { readonly kind: 'failed'; readonly error: ErrorPayload }
}
