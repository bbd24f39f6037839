import { z } from 'zod'
import type { MeasuredPoint } from './memoryBook'

const Point = z
  .object({
    chunkSec: z.number().positive(),
    batch: z.number().int().positive(),
    peakMb: z.number().positive(),
    /** Seconds of audio a CPU-second of two threads; compared with each other only. */
    speed: z.number().positive().nullable()
  })
  .transform(({ peakMb, ...point }): MeasuredPoint => ({
    ...point,
    peakBytes: Math.round(peakMb * 1e6),
    vramBytes: null
  }))

/** Shapes of a model that comes with the program, measured on a CPU before it was published, for each join. */
export const BundledPoints = z.object({ carried: z.array(Point), overlap: z.array(Point) })
export type BundledPoints = z.infer<typeof BundledPoints>
