/** Where a model can run; `auto` takes the best that works. */
export const DEVICES = ['auto', 'cpu', 'webgpu', 'cuda', 'dml', 'coreml'] as const
export type Device = (typeof DEVICES)[number]

/** How the network counts. FP16 is half the weights; on most CPUs it is slower. */
export const PRECISIONS = ['fp32', 'fp16'] as const
export type Precision = (typeof PRECISIONS)[number]

/** Why a model runs in another precision than the one that was asked for. */
export const PRECISION_REASONS = ['noFp16', 'noFp32', 'notChecked', 'notTrusted'] as const
export type PrecisionReason = (typeof PRECISION_REASONS)[number]

/** How chunks join: histories carried from run to run, or overlapping chunks with a crossfade (DESIGN section 4). */
export const JOINS = ['carried', 'overlap'] as const
export type Join = (typeof JOINS)[number]

/** What happens where a result is already there; `changed` replaces it where its source or what is heard of the settings is another. */
export const ON_EXISTS = ['skip', 'changed', 'rename', 'overwrite'] as const
export type OnExists = (typeof ON_EXISTS)[number]

/** Where results go: beside their sources, in a folder beside them, in one folder, or in one folder with the inputs' tree. */
export const PLACES = ['beside', 'subfolder', 'folder', 'tree'] as const
export type Place = (typeof PLACES)[number]

/** What results are written as: the source's own format (or the nearest), or one for all. */
export const OUTPUT_FORMATS = ['source', 'wav16', 'wav24', 'wav32f', 'flac', 'mp3', 'm4a', 'opus'] as const
export type OutputFormat = (typeof OUTPUT_FORMATS)[number]

/** How many bits a lossy result takes: `standard` is about the source's own bit rate, or one that speech is transparent at. */
export const OUTPUT_QUALITIES = ['small', 'standard', 'high'] as const
export type OutputQuality = (typeof OUTPUT_QUALITIES)[number]

/** What becomes of a film: the clean sound in the place of its own, beside its own, or alone in a file of sound. */
export const VIDEO_WAYS = ['replace', 'add', 'sound'] as const
export type VideoWay = (typeof VIDEO_WAYS)[number]

/** Formats of sound that ffmpeg writes for us, where it has the encoder. */
export const WRITTEN_BY_FFMPEG = ['flac', 'alac', 'mp3', 'm4a', 'ogg', 'opus'] as const
export type WrittenByFfmpeg = (typeof WRITTEN_BY_FFMPEG)[number]

/**
 * What becomes of the band that the model does not hear, of sources over 16 kHz: kept with the gain that the model gave to what
 * lies below it, taken away at the source's rate, or left out with its rate (the result has 16 kHz).
 */
export const ABOVE_8K_WAYS = ['keep', 'remove', '16k'] as const
export type Above8kWay = (typeof ABOVE_8K_WAYS)[number]

/**
 * What is done with a file's channels: left and right under one gain, so that the image stays (other channels on their own), each on
 * its own, or all mixed into one before anything else.
 */
export const CHANNEL_WAYS = ['linked', 'each', 'mono'] as const
export type ChannelWay = (typeof CHANNEL_WAYS)[number]

/** How loud results are: as the model leaves them at the source's level, at the source's measured loudness, or at a target. */
export const LOUDNESS_WAYS = ['restore', 'match', 'target'] as const
export type LoudnessWay = (typeof LOUDNESS_WAYS)[number]
