import { z } from 'zod'
import {
  ABOVE_8K_WAYS,
  CHANNEL_WAYS,
  DEVICES,
  JOINS,
  LOUDNESS_WAYS,
  ON_EXISTS,
  OUTPUT_FORMATS,
  OUTPUT_QUALITIES,
  PLACES,
  PRECISIONS,
  VIDEO_WAYS
} from './choices'
import { patternProblem } from './namePattern'

/** Limits of the numbers that a person may set; seconds, lanes, MB, threads, LUFS, dBTP, dB. */
export const LIMITS = {
  chunkSec: { min: 0.25, max: 60 },
  overlapSec: { min: 0, max: 10 },
  batch: { min: 1, max: 16 },
  budgetMb: { min: 64, max: 1_048_576 },
  threads: { min: 1, max: 64 },
  targetLufs: { min: -40, max: -5 },
  truePeakDb: { min: -20, max: 0 },
  floorDb: { min: 1, max: 60 },
  audioTrack: { min: 1, max: 16 }
} as const

const within = (limit: { readonly min: number; readonly max: number }): z.ZodNumber =>
  z.number().min(limit.min).max(limit.max)

/**
 * Where results go and what they are called. `folder` (absolute) counts for `folder` and `tree`, `subfolder` for `subfolder`.
 * `pattern` gives the name without its extension: `{name}` is the source's, `{folder}` its folder's, `{date}` the day's, `{n}` the
 * file's number in the list, `{model}` the model's.
 */
export const OutputSettings = z.strictObject({
  place: z.enum(PLACES),
  folder: z.string().max(4096).nullable(),
  subfolder: z.string().min(1).max(200),
  pattern: z
    .string()
    .max(200)
    .refine((pattern) => patternProblem(pattern) === null),
  onExists: z.enum(ON_EXISTS),
  format: z.enum(OUTPUT_FORMATS),
  /** Counts for lossy formats only. */
  quality: z.enum(OUTPUT_QUALITIES),
  /** Of films; counts for the format `source` only, any other is one of sound. */
  video: z.enum(VIDEO_WAYS),
  /** Counts for sources over 16 kHz only. */
  above8k: z.enum(ABOVE_8K_WAYS),
  /** Of sources with several tracks of sound the one that is cleaned, from 1; null takes the default one. */
  audioTrack: within(LIMITS.audioTrack).int().nullable(),
  /** Counts for sources of several channels. */
  channels: z.enum(CHANNEL_WAYS),
  /** The result has its source's times of change and of reading. */
  keepTimes: z.boolean(),
  loudness: z.enum(LOUDNESS_WAYS),
  /** Integrated loudness (EBU R128); counts for `target` only. */
  targetLufs: within(LIMITS.targetLufs),
  /** No true peak (dBTP) over it: the whole file is turned down for that. Null: no ceiling. */
  truePeakDb: within(LIMITS.truePeakDb).nullable()
})
export type OutputSettings = z.infer<typeof OutputSettings>

/** What one job is done with. Frozen when the job is added; the window's form holds those for the next ones. */
export const JobSettings = z.strictObject({
  /** An id of the model list. The command line also takes a path of an ONNX file. */
  modelId: z.string().min(1).max(4096),
  device: z.enum(DEVICES),
  /** FP16 is taken where the model has it and its self-check on the device was good; FP32 otherwise, with the reason. */
  precision: z.enum(PRECISIONS),
  join: z.enum(JOINS),
  /** Payload of one run. */
  chunkSec: within(LIMITS.chunkSec),
  /** Crossfade; counts for `overlap` only and is at most half the chunk. */
  overlapSec: within(LIMITS.overlapSec),
  /** Lanes (channels of one file or of several) in one run. */
  batch: within(LIMITS.batch).int(),
  /** What the engine may take, in MB (10^6 bytes): chunk and batch are then chosen to fit. Null takes them as they are set. */
  budgetMb: within(LIMITS.budgetMb).int().nullable(),
  /** Threads of the model; null lets the machine's cores decide. */
  threads: within(LIMITS.threads).int().nullable(),
  /** 100 takes away all that the model takes away; 0 leaves the recording as it is (dry/wet mix). */
  strengthPercent: z.number().min(0).max(100),
  /** Noise is lowered by no more than this, in dB; with the strength the one that leaves more counts. Null: no floor. */
  floorDb: within(LIMITS.floorDb).nullable(),
  output: OutputSettings
})
export type JobSettings = z.infer<typeof JobSettings>

/** What a new installation starts with; chunk and batch are the bundled light model's. */
export const DEFAULT_JOB_SETTINGS: JobSettings = {
  modelId: 'frcrn-lite',
  device: 'auto',
  precision: 'fp32',
  join: 'carried',
  chunkSec: 1,
  overlapSec: 0.5,
  batch: 1,
  budgetMb: null,
  threads: null,
  strengthPercent: 100,
  floorDb: null,
  output: {
    place: 'beside',
    folder: null,
    subfolder: 'clean',
    pattern: '{name}.clean',
    onExists: 'skip',
    format: 'source',
    quality: 'standard',
    video: 'replace',
    audioTrack: null,
    above8k: 'keep',
    channels: 'linked',
    keepTimes: true,
    loudness: 'restore',
    targetLufs: -16,
    truePeakDb: null
  }
}

/** The ceiling that comes with a loudness that is not the source's own: EBU R128. */
export const USUAL_TRUE_PEAK_DB = -1
