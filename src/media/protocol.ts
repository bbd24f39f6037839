import { z } from 'zod'
import { ERROR_CODES } from '../shared/errors/appError'

/**
 * What main and the media process say to each other: the same over `child_process.fork` and a utility process. Paths and
 * facts cross, never samples. Every answer carries the `id` of its request.
 */

/** Main to media. */
export const MediaRequest = z.discriminatedUnion('type', [
  /** Which ffmpeg to use from now on; null looks beside the app and on PATH. Answered by `configured`. */
  z.object({ type: z.literal('configure'), id: z.number().int(), ffmpegPath: z.string().nullable() }),
  /** Answered by `probed`, also where the file is bad or the probe was cancelled. */
  z.object({ type: z.literal('probe'), id: z.number().int(), path: z.string() }),
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
  format: z.string()
})

/** An ffmpeg that answers, by its absolute path. */
export const FoundFfmpeg = z.object({ path: z.string(), version: z.string() })
export type FoundFfmpeg = z.infer<typeof FoundFfmpeg>

/** Media to main. */
export const MediaEvent = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('configured'),
    id: z.number().int(),
    ffmpeg: FoundFfmpeg.nullable(),
    /** Why the ffmpeg that was set does not work; null where none was set and none found. */
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
