import { z } from 'zod'
import { WRITTEN_BY_FFMPEG } from '../shared/settings/choices'
import { ERROR_CODES } from '../shared/errors/appError'
import { MAX_PEAK_BINS, MAX_TILE_LEVEL, SIGNALS } from '../shared/ipc/playerViews'

/**
 * What main and the media process say to each other: the same over `child_process.fork` (structured clones) and a utility
 * process. Every answer carries the `id` of its request. Of samples only what a player is about to play crosses, a second or
 * so at a time.
 */

const id = z.number().int()
const frame = z.number().int().nonnegative()
/** Of files with several tracks of sound, from 1; null: the default one. */
const track = z.number().int().positive().nullable()
/** Given by main, one for each open clip; never used again in one life of the process. */
const clipId = z.number().int()

/** Frames in one `read` at most. */
export const MAX_READ_FRAMES = 1 << 18

/** Main to media. */
export const MediaRequest = z.discriminatedUnion('type', [
  /** Which ffmpeg to use from now on; null looks beside the app and on PATH. Answered by `configured`. */
  z.object({ type: z.literal('configure'), id: z.number().int(), ffmpegPath: z.string().nullable() }),
  /** Answered by `probed`, also where the file is bad or the probe was cancelled. */
  z.object({ type: z.literal('probe'), id: z.number().int(), path: z.string() }),
  /** Opens a file, or a pair of one length and rate, for the player; reading it begins at once. Answered by `clipOpened`. */
  z.object({
    type: z.literal('openClip'),
    id,
    clipId,
    originalPath: z.string(),
    originalTrack: track,
    cleanPath: z.string().nullable(),
    cleanTrack: track,
    /** The part of the files that the clip is, in frames; null for all. */
    window: z.object({ startFrame: frame, frames: frame }).nullable(),
    /** Where decoded audio and peaks are kept for the next time, and how much of it in all. */
    cacheFolder: z.string(),
    cacheLimitBytes: z.number().positive()
  }),
  /** No answer: what was asked of it and is not answered yet fails with E_CANCELLED. */
  z.object({ type: z.literal('closeClip'), clipId }),
  /** Frames from `startFrame` on, interleaved float32, fewer only at the end. Waits for what is not decoded yet. Answered by `samples`. */
  z.object({ type: z.literal('readClip'), id, clipId, startFrame: frame, frames: frame.max(MAX_READ_FRAMES) }),
  z.object({
    type: z.literal('peaks'),
    id,
    clipId,
    signal: z.enum(SIGNALS),
    startFrame: frame,
    endFrame: frame,
    bins: z.number().int().min(1).max(MAX_PEAK_BINS)
  }),
  z.object({
    type: z.literal('tile'),
    id,
    clipId,
    signal: z.enum(SIGNALS),
    level: z.number().int().min(0).max(MAX_TILE_LEVEL),
    index: frame
  }),
  z.object({ type: z.literal('loudness'), id, clipId, startFrame: frame, endFrame: frame }),
  /**
   * Copies a part of a file, at its own rate and with all its channels, into a float32 WAV at `outPath`: `lengthSec` from
   * `startSec` on (null: where the noise is loudest), with up to `leadSec` before it and `tailSec` after it for the network to
   * look at. Answered by `excerpted`.
   */
  z.object({
    type: z.literal('excerpt'),
    id,
    path: z.string(),
    track,
    startSec: z.number().nonnegative().nullable(),
    lengthSec: z.number().positive(),
    leadSec: z.number().nonnegative(),
    tailSec: z.number().nonnegative(),
    /** Whether the whole file's levels are measured too. */
    comparesLevels: z.boolean(),
    outPath: z.string()
  }),
  z.object({ type: z.literal('cancel'), id: z.number().int() }),
  z.object({ type: z.literal('shutdown') })
])
export type MediaRequest = z.infer<typeof MediaRequest>

const ErrorData = z.object({
  code: z.enum(ERROR_CODES),
  data: z.record(z.string(), z.union([z.string(), z.number()]))
})

const Info = z.object({
  durationSec: z.number().nullable(),
  sampleRateHz: z.number(),
  channels: z.number().int(),
  bitDepth: z.number().int().nullable(),
  format: z.string(),
  tracks: z
    .array(
      z.object({
        language: z.string().nullable(),
        title: z.string().nullable(),
        channels: z.number().int(),
        isDefault: z.boolean()
      })
    )
    .readonly()
    .exactOptional()
})

/** An ffmpeg that answers, by its absolute path. */
export const FoundFfmpeg = z.object({
  path: z.string(),
  version: z.string(),
  origin: z.enum(['setting', 'app', 'path']),
  /** What it has no encoder for. */
  lacks: z.array(z.enum(WRITTEN_BY_FFMPEG))
})
export type FoundFfmpeg = z.infer<typeof FoundFfmpeg>

/** What is known of an open clip. */
export const ClipFacts = z.object({
  sampleRateHz: z.number().positive(),
  frames: frame,
  channels: z.union([z.literal(1), z.literal(2)]),
  sourceChannels: z.number().int().positive(),
  /** All bytes of the virtual WAV before its first sample. */
  header: z.instanceof(Uint8Array)
})
export type ClipFacts = z.infer<typeof ClipFacts>

/** The part that was cut out: where it begins in the source, and where it lies in the file that was written. */
export const Excerpt = z.object({
  startSec: z.number().nonnegative(),
  sampleRateHz: z.number().positive(),
  window: z.object({ startFrame: frame, frames: frame }),
  /** How much louder the whole file is than what was written, in LU, and how much higher its peak, in dB. Null: it is all of the file, was not asked for, or has no loudness. */
  wholeAbove: z.object({ lu: z.number(), peakDb: z.number() }).nullable()
})
export type Excerpt = z.infer<typeof Excerpt>

const Loudness = z.object({ lufs: z.number().nullable(), peak: z.number().nonnegative() })

/** The answer, or why there is none. */
const answer = <T extends z.ZodType>(value: T) =>
  z.discriminatedUnion('ok', [
    z.object({ ok: z.literal(true), value }),
    z.object({ ok: z.literal(false), error: ErrorData })
  ])

/** Media to main. */
export const MediaEvent = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('configured'),
    id: z.number().int(),
    ffmpeg: FoundFfmpeg.nullable(),
    /** Names of its audio encoders. */
    encoders: z.array(z.string()),
    /** Why the ffmpeg that was set does not work; null where none was set and none found. */
    error: ErrorData.nullable()
  }),
  z.object({ type: z.literal('clipOpened'), id, result: answer(ClipFacts) }),
  z.object({ type: z.literal('samples'), id, result: answer(z.instanceof(Uint8Array)) }),
  z.object({
    type: z.literal('peaks'),
    id,
    result: answer(
      z.object({
        channels: z.array(z.object({ min: z.instanceof(Int16Array), max: z.instanceof(Int16Array) })),
        isExact: z.boolean()
      })
    )
  }),
  z.object({
    type: z.literal('tile'),
    id,
    result: answer(z.object({ bytes: z.instanceof(Uint8Array), isComplete: z.boolean() }))
  }),
  z.object({
    type: z.literal('loudness'),
    id,
    result: answer(
      z.object({
        original: Loudness,
        clean: Loudness.nullable(),
        removed: Loudness.nullable(),
        isExact: z.boolean()
      })
    )
  }),
  z.object({ type: z.literal('excerpted'), id, result: answer(Excerpt) }),
  /** How far the reading of a clip is; unasked, a few times a second while it goes on. The last one has fraction 1 or an error. */
  z.object({
    type: z.literal('clipProgress'),
    clipId,
    fraction: z.number().min(0).max(1),
    readyFrames: frame,
    error: ErrorData.nullable()
  }),
  z.object({
    type: z.literal('probed'),
    id: z.number().int(),
    probe: z.discriminatedUnion('ok', [
      z.object({ ok: z.literal(true), info: Info }),
      z.object({ ok: z.literal(false), error: ErrorData })
    ])
  })
])
export type MediaEvent = z.infer<typeof MediaEvent>

/** What a request is answered with where it succeeds. */
export type MediaValue<T extends 'samples' | 'peaks' | 'tile' | 'loudness'> = Extract<
  Extract<MediaEvent, { type: T }>['result'],
  { ok: true }
>['value']
