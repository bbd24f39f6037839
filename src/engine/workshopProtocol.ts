import { z } from 'zod'
import { ERROR_CODES } from '../shared/errors/appError'
import { DEVICES } from '../shared/settings/choices'

/**
 * Main to a process that deals with model files: it looks into them, converts them and tries them. One request a process: what a
 * hostile file does to it ends with it, and ending it is how a request is cancelled. Paths and options cross, never weights.
 */

export const PRECISIONS = ['fp32', 'fp16'] as const
const precision = z.enum(PRECISIONS)
export type ModelPrecision = z.infer<typeof precision>

const count = z.number().int().nonnegative()
const cascade = z.union([z.literal(1), z.literal(2)])

export const WorkshopRequest = z.discriminatedUnion('type', [
  /** What is this file? A typed refusal where it is nothing that can be used. */
  z.object({ type: z.literal('inspect'), path: z.string() }),
  /** A checkpoint to one-pass graphs with their companions, in one or more precisions. The folders must be there. */
  z.object({
    type: z.literal('convert'),
    checkpointPath: z.string(),
    targets: z.array(z.object({ outOnnx: z.string(), precision })).min(1)
  }),
  /** Runs a fixed clip through a stateful graph of ours; the result goes to `outPath` and is compared with that of `referencePath`. */
  z.object({
    type: z.literal('try'),
    statefulPath: z.string(),
    sha256: z.string().nullable(),
    device: z.enum(DEVICES),
    outPath: z.string(),
    referencePath: z.string().nullable()
  }),
  /** Runs a graph of ours on one device, quickly: see `probeDevice`. Chunks of a second follow where two take less than `maxSec`. */
  z.object({
    type: z.literal('probe'),
    modelPath: z.string(),
    sha256: z.string().nullable(),
    device: z.enum(DEVICES),
    outPath: z.string(),
    referencePath: z.string().nullable(),
    maxSec: z.number().positive()
  }),
  /** Takes libraries out of an archive into a folder that is there: see `unpackLibraries`. */
  z.object({
    type: z.literal('unpack'),
    archivePath: z.string(),
    format: z.enum(['zip', 'tgz']),
    outFolder: z.string(),
    /** Null takes every library in a folder called `lib`. */
    names: z.array(z.string()).nullable(),
    maxBytes: count
  }),
  z.object({ type: z.literal('shutdown') })
])
export type WorkshopRequest = z.infer<typeof WorkshopRequest>

/** What a model file is. File names are those of files beside it, which belong to it. */
export const Inspection = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('checkpoint'), channels: count, cascade, weightBytes: count }),
  z.object({
    kind: z.literal('own'),
    channels: count,
    cascade,
    precision,
    statefulName: z.string().nullable(),
    dataNames: z.array(z.string())
  }),
  z.object({ kind: z.literal('foreign'), precision })
])
export type Inspection = z.infer<typeof Inspection>

export const ConvertedFiles = z.object({
  precision,
  onePassPath: z.string(),
  statefulPath: z.string(),
  sharedDataPath: z.string().nullable(),
  bytes: z.object({ onePass: count, stateful: count, sharedData: count })
})
export type ConvertedFiles = z.infer<typeof ConvertedFiles>

/** Its answers: steps on the way, one result, and `ended` once. Bytes of resident memory of the process. */
export const WorkshopEvent = z.discriminatedUnion('type', [
  z.object({ type: z.literal('inspected'), found: Inspection }),
  z.object({ type: z.literal('step'), done: count, of: count }),
  z.object({
    type: z.literal('converted'),
    channels: count,
    cascade,
    files: z.array(ConvertedFiles),
    /** Of the weights that the network uses, as float32. */
    weightBytes: count,
    /** The most that was resident beyond what the process had before it began. */
    peakAboveIdleBytes: z.number()
  }),
  z.object({
    type: z.literal('tried'),
    device: z.string(),
    audioSec: z.number(),
    /** Wall time of the whole clip by its fastest piece: what else the machine does is no fault of the model's. */
    wallSec: z.number(),
    /** CPU time of the whole clip, the least of several: where the CPU does the work, what it costs on a busy machine too. */
    cpuSec: z.number(),
    peakRssBytes: z.number(),
    isFinite: z.boolean(),
    /** Of the result against the reference; null without one, and where either of them is silent or not finite. */
    snrDb: z.number().nullable()
  }),
  z.object({
    type: z.literal('probed'),
    device: z.string(),
    loadSec: z.number(),
    /** The first run, in which a device compiles what it runs. */
    firstSec: z.number(),
    /** A run's length and its wall time, the fastest of some. */
    audioSec: z.number(),
    wallSec: z.number(),
    peakRssBytes: z.number(),
    isFinite: z.boolean(),
    snrDb: z.number().nullable()
  }),
  z.object({ type: z.literal('unpacked'), files: z.array(z.object({ name: z.string(), bytes: count })) }),
  z.object({
    type: z.literal('ended'),
    error: z
      .object({ code: z.enum(ERROR_CODES), data: z.record(z.string(), z.union([z.string(), z.number()])) })
      .nullable()
  })
])
export type WorkshopEvent = z.infer<typeof WorkshopEvent>
