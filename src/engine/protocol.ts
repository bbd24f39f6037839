import { z } from 'zod'
import { ERROR_CODES, WARNING_CODES } from '../shared/errors/appError'
import {
  ABOVE_8K_WAYS,
  CHANNEL_WAYS,
  DEVICES,
  JOINS,
  LOUDNESS_WAYS,
  OUTPUT_FORMATS,
  OUTPUT_QUALITIES,
  PRECISIONS,
  VIDEO_WAYS
} from '../shared/settings/choices'

/**
 * What main and the engine process say to each other: the same over `child_process.fork` and a utility process.
 * Paths and options cross, never samples. Every message of the engine carries the generation it was forked with.
 */

const modelFiles = z.object({
  onePassPath: z.string(),
  /** The stateful companion; null when there is none: the model then runs overlapped. */
  statefulPath: z.string().nullable(),
  /** SHA-256 of each file where it is known (bundled and installed models): a mismatch is E_MODEL_DAMAGED. */
  onePassSha256: z.string().nullable(),
  statefulSha256: z.string().nullable()
})
export type ModelFiles = z.infer<typeof modelFiles>

/** What one engine is started with. `chunkSec` is payload per run; `overlapSec` counts for `overlap` only. */
export const EngineSettings = z.object({
  model: modelFiles,
  /** The same model in FP32 where `model` is FP16: what is not finite is run again with it. */
  fullModel: modelFiles.nullable(),
  device: z.enum(DEVICES),
  join: z.enum(JOINS),
  chunkSec: z.number().positive(),
  overlapSec: z.number().nonnegative(),
  batch: z.number().int().positive(),
  threads: z.number().int().positive().nullable(),
  ffmpegPath: z.string().nullable()
})
export type EngineSettings = z.infer<typeof EngineSettings>

/** How loud a result shall be: LUFS count for `target` only; the ceiling in dBTP, null for none. */
const levelWish = z.object({
  loudness: z.enum(LOUDNESS_WAYS),
  targetLufs: z.number(),
  truePeakDb: z.number().nullable(),
  /** The file is a part of a longer one, whose gain it gets: how much louder the whole source is, in LU, and how much higher its peak, in dB. */
  wholeAbove: z.object({ lu: z.number(), peakDb: z.number() }).optional()
})
export type LevelWish = z.infer<typeof levelWish>

/** One file to denoise. The engine writes `partPath` whole and synced; main renames it to its final name. */
export const FileJob = z.object({
  jobId: z.string(),
  inputPath: z.string(),
  partPath: z.string(),
  /** The container to write; null keeps the source's where we can write it. */
  outputContainer: z.enum(['wav', 'aiff', 'w64']).nullable(),
  /** What to write where no container is asked for; absent: the source's own format, of standard quality, a film with its picture. */
  output: z
    .object({ format: z.enum(OUTPUT_FORMATS), quality: z.enum(OUTPUT_QUALITIES), video: z.enum(VIDEO_WAYS).optional() })
    .optional(),
  /** Absent: the source's level is restored exactly. */
  level: levelWish.optional(),
  /** The band that the model does not hear; absent: kept with the gain that follows what lies below it. */
  above8k: z.enum(ABOVE_8K_WAYS).optional(),
  /** Of files with several tracks of sound, from 1; absent: the default one. */
  audioTrack: z.number().int().positive().optional(),
  /** Absent: each on its own. */
  channels: z.enum(CHANNEL_WAYS).optional(),
  /**
   * How much of what the model takes away is left in, 0 to 1: output = clean + residualGain x (source - clean), of the model's
   * band alone where the one above it is not kept.
   */
  residualGain: z.number().min(0).max(1),
  /**
   * Where what the model gives is kept for the next time, and taken from where it is there: named by all that it depends on. Absent:
   * nothing is kept.
   */
  keptPath: z.string().optional(),
  /** Goes in at the next chunk boundary, paused or not: the others wait with what they have, and go on after it. */
  isUrgent: z.boolean()
})
export type FileJob = z.infer<typeof FileJob>

/** Main to engine. */
export const EngineRequest = z.discriminatedUnion('type', [
  z.object({ type: z.literal('start'), generation: z.number().int(), settings: EngineSettings }),
  z.object({ type: z.literal('denoise'), job: FileJob }),
  z.object({ type: z.literal('cancel'), jobId: z.string() }),
  /** Holds every job between two chunks, its state kept; heartbeats go on, and cancel works. */
  z.object({ type: z.literal('pause') }),
  z.object({ type: z.literal('resume') }),
  z.object({ type: z.literal('shutdown') })
])
export type EngineRequest = z.infer<typeof EngineRequest>

const errorPayload = z.object({
  code: z.enum(ERROR_CODES),
  data: z.record(z.string(), z.union([z.string(), z.number()]))
})

/** Seconds spent, by part, for one file. */
export const Timings = z.object({
  /** Wall time from the job's start to its `done`, pauses left out. */
  wallSec: z.number(),
  /**
   * Wall time inside `session.run`, this file's share where lanes of several files ran together. The sum over a batch
   * is the time of all runs; `wallSec` also holds the other files' shares then, so what is outside the model is told by
   * a batch of one, or by these sums against the time that the whole batch took.
   */
  modelSec: z.number(),
  /** CPU time (user + system) of the process between the job's start and its end. */
  cpuSec: z.number()
})
export type Timings = z.infer<typeof Timings>

/** What the engine knows of its own session; counts since it was opened, bytes of tensor data. */
export const SessionFacts = z.object({
  fileName: z.string(),
  sizeBytes: z.number(),
  /** Of the very bytes that were loaded. */
  sha256: z.string(),
  isVerified: z.boolean(),
  graph: z.enum(['stateful', 'onePass', 'foreign']),
  /** Of the session that is open now: a bad chunk takes the engine down from what it was asked for, and an empty engine climbs back. */
  precision: z.enum(PRECISIONS),
  device: z.string(),
  /** Files that needed more than what was asked for, and whether the engine stays with that since. */
  fallbackFiles: z.number().int(),
  staysDown: z.boolean(),
  loadSec: z.number(),
  ageSec: z.number(),
  runs: z.number().int(),
  files: z.number().int(),
  lanes: z.number().int(),
  /** Wall time inside `session.run`, and the seconds of audio (of all lanes) that went through. */
  modelSec: z.number(),
  laneSec: z.number(),
  /** Lanes times seconds of the largest run so far: what the peak belongs to. */
  largestRunSec: z.number(),
  buffersInUse: z.number().int(),
  bytesInUse: z.number(),
  buffersGivenBack: z.number().int(),
  bytesGivenBack: z.number()
})
export type SessionFacts = z.infer<typeof SessionFacts>

const soundFigures = z.object({
  levelDb: z.number(),
  noiseFloorDb: z.number(),
  speechDb: z.number(),
  peakDb: z.number()
})

/** Engine to main. */
export const EngineEvent = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('ready'),
    generation: z.number().int(),
    device: z.string(),
    join: z.enum(JOINS),
    precision: z.enum(PRECISIONS),
    /** Threads that one run uses. */
    threads: z.number().int().positive(),
    loadSec: z.number(),
    rssBytes: z.number()
  }),
  z.object({ type: z.literal('unavailable'), generation: z.number().int(), error: errorPayload }),
  z.object({ type: z.literal('started'), generation: z.number().int(), jobId: z.string() }),
  z.object({
    type: z.literal('progress'),
    generation: z.number().int(),
    jobId: z.string(),
    /** 0 to 1 over both passes. */
    fraction: z.number(),
    /** Seconds of audio denoised so far, and in all (null until the first pass ends). */
    audioSecDone: z.number(),
    audioSec: z.number().nullable()
  }),
  z.object({
    type: z.literal('done'),
    generation: z.number().int(),
    jobId: z.string(),
    frames: z.number().int(),
    durationSec: z.number(),
    sampleRateHz: z.number(),
    channels: z.number().int(),
    /** SHA-256 of the written part file. */
    sha256: z.string(),
    /** Extension (with dot) of the container really written. */
    extension: z.string(),
    warnings: z.array(z.enum(WARNING_CODES)),
    /** Made from what was kept of an earlier run: the model did not run. */
    isFromKept: z.boolean().optional(),
    /** Levels in dBFS of what was read and of what is written. */
    sound: z.object({ before: soundFigures, after: soundFigures }).optional(),
    timings: Timings,
    /** The highest resident memory while this file was in hand; of the process's whole life where the system has no such mark. */
    peakRssBytes: z.number()
  }),
  z.object({ type: z.literal('failed'), generation: z.number().int(), jobId: z.string(), error: errorPayload }),
  z.object({
    type: z.literal('heartbeat'),
    generation: z.number().int(),
    rssBytes: z.number(),
    peakRssBytes: z.number(),
    /** Null before the session is open. */
    facts: SessionFacts.nullable()
  })
])
export type EngineEvent = z.infer<typeof EngineEvent>

/**
 * Main to a process that denoises the naive way, for comparison only, and that does what a comparison needs beside it: the
 * recordings to measure on, and the scores. One request a process, so that a peak is that of one thing.
 */
export const NaiveRequest = z.discriminatedUnion('type', [
  /**
   * Sources one after the other, mixed to mono at 16 kHz, as float32 WAVs in `folder`: `noisy.wav`, and `clean.wav` where every
   * source has a clean track. Not more than `maxSec` of them is read; what is shorter than `minSec` is repeated up to it.
   * `pieces` are files of `seconds` from the beginning of the noisy one.
   */
  z.object({
    type: z.literal('prepare'),
    sources: z.array(z.object({ noisyPath: z.string(), cleanPath: z.string().nullable() })).min(1),
    folder: z.string(),
    minSec: z.number().nonnegative(),
    maxSec: z.number().positive(),
    pieces: z.array(z.object({ name: z.string(), seconds: z.number().positive() })),
    ffmpegPath: z.string().nullable()
  }),
  /**
   * The naive way: a fresh session with default options for every file, the whole file (mono, 16 kHz) in one run, nothing given
   * back. `outPath`, which must not exist, gets the last one's result as float32 WAV.
   */
  z.object({
    type: z.literal('denoiseWhole'),
    onePassPath: z.string(),
    device: z.enum(DEVICES),
    inputPaths: z.array(z.string()),
    outPath: z.string().nullable()
  }),
  /** Results (mono, 16 kHz, of one length) against the clean track and against the naive result, as far as they are there. */
  z.object({
    type: z.literal('score'),
    paths: z.array(z.string()),
    cleanPath: z.string().nullable(),
    naivePath: z.string().nullable()
  }),
  z.object({ type: z.literal('shutdown') })
])
export type NaiveRequest = z.infer<typeof NaiveRequest>

/** Its answers: what belongs to the request, in order, and `ended` once. */
export const NaiveEvent = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('prepared'),
    /** Of `noisy.wav`. */
    audioSec: z.number(),
    treatment: z.enum(['whole', 'looped', 'cut']),
    hasReference: z.boolean()
  }),
  /** What one file cost the naive way. Bytes of resident memory of the process. */
  z.object({
    type: z.literal('cost'),
    audioSec: z.number(),
    wallSec: z.number(),
    cpuSec: z.number(),
    rssBytes: z.number(),
    peakRssBytes: z.number()
  }),
  /** One for each path. Null where there is nothing to compare with, or no number comes of it (silence, identity). */
  z.object({
    type: z.literal('scored'),
    siSdrDb: z.number().nullable(),
    stoi: z.number().nullable(),
    agreementDb: z.number().nullable()
  }),
  z.object({ type: z.literal('ended'), error: errorPayload.nullable() })
])
export type NaiveEvent = z.infer<typeof NaiveEvent>
