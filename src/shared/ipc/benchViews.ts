import { z } from 'zod'
import type { ErrorPayload } from '../errors/appError'

/** "Measure this machine": the benchmark's table, in the app, in its report and from `npm run bench`. */

/** A figure, or in words why there is none (by code: the window has the sentence). */
export const BenchCell = z.union([
  z.number(),
  z.strictObject({
    why: z.enum(['notRun', 'tooLarge', 'noReference', 'notMeasured']),
    expectedBytes: z.number().nullable()
  })
])
export type BenchCell = z.infer<typeof BenchCell>

export const BENCH_ROWS = ['peakRss', 'wallTime', 'cpuTime', 'growth', 'siSdr', 'stoi', 'agreement'] as const
export type BenchRowId = (typeof BENCH_ROWS)[number]

/** Bytes for memory, seconds for time, dB, 0 to 1. `agreement`: SNR of Stillwave's output against the naive one, in dB. */
export const BenchRow = z.strictObject({
  id: z.enum(BENCH_ROWS),
  unit: z.enum(['bytes', 's', 'dB', 'ratio']),
  naive: BenchCell,
  stillwave: BenchCell,
  /** Overlapping chunks of 2 s / 0.5 s, the published account's way. */
  article: BenchCell
})
export type BenchRow = z.infer<typeof BenchRow>

/** Everything that the table shows: what is exported is this, and nothing is computed twice. */
export const BenchReport = z.strictObject({
  version: z.literal(1),
  at: z.string(),
  app: z.string(),
  machine: z.strictObject({
    cpu: z.string(),
    cores: z.number().int(),
    memoryBytes: z.number(),
    platform: z.string()
  }),
  model: z.string(),
  device: z.string(),
  material: z.strictObject({
    /** File names, no folders. */
    name: z.string(),
    /** Of what was measured on. */
    audioSec: z.number(),
    /** The sources as they are, repeated because they are short, or their beginning only because they are long. */
    treatment: z.enum(['whole', 'looped', 'cut']),
    hasReference: z.boolean()
  }),
  growthFiles: z.number().int(),
  rows: z.array(BenchRow)
})
export type BenchReport = z.infer<typeof BenchReport>

/** The published account on FRCRN in PyTorch on a GPU: five minutes, before and after (DESIGN, introduction). Not measured here. */
export const PUBLISHED = {
  peakMb: { before: 10_842, after: 5_217 },
  wallSec: { before: 186, after: 153 },
  growthMb: { before: 1200, after: 320 }
} as const

/** What is under way. */
export const BENCH_STEPS = ['prepare', 'naive', 'stillwave', 'article', 'growth', 'score'] as const
export type BenchStep = (typeof BENCH_STEPS)[number]

export type BenchView =
  | { readonly kind: 'idle'; readonly report: BenchReport | null }
  | {
      readonly kind: 'running'
      readonly step: BenchStep
      /** 0 to 1 over all steps. */
      readonly fraction: number
      /** Rows that are complete so far. */
      readonly rows: readonly BenchRow[]
    }
  | { readonly kind: 'failed'; readonly error: ErrorPayload; readonly report: BenchReport | null }
