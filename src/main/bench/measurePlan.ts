import type { BenchStep } from '../../shared/ipc/benchViews'

/** How much is measured; seconds of audio. */
export interface MeasurePlan {
  /** Shorter material is repeated up to this. */
  readonly minSec: number
  /** Of longer material only the beginning is taken. */
  readonly maxSec: number
  readonly growthFiles: number
  /** Each way works on the material so many times; the last time counts. */
  readonly repeats: number
}

/** For the window: a minute at least, for memory that is worth a word; five at most, as the published account has it. */
export const APP_PLAN: MeasurePlan = { minSec: 60, maxSec: 300, growthFiles: 5, repeats: 1 }

/** For who wants to know in a minute: figures of the same kind, of less audio. */
export const QUICK_PLAN: MeasurePlan = { minSec: 20, maxSec: 20, growthFiles: 3, repeats: 1 }

/** The two short runs that tell what a long one would need. */
export const PROBE_SEC = [5, 15] as const

/** Files of 5 to 20 s, all of different length, in no order. */
export const growthSeconds = (files: number): number[] => Array.from({ length: files }, (_, i) => 5 + ((i * 7) % 16))

/** What overlapping chunks of 2 s with half a second of crossfade take, against carried ones. */
const ARTICLE_COST = 1.8
/** In seconds of audio denoised by the light model: reading and writing, and the scores of a second. */
const PREPARE_COST = 2
const SCORE_COST = 1.5

/** The share of each step in the whole, by the audio that it denoises. Pure. */
export function stepShares(plan: MeasurePlan, audioSec: number): Readonly<Record<BenchStep, number>> {
  const once = audioSec * plan.repeats
  const growthSec = sum(growthSeconds(plan.growthFiles))
  const costs = {
    prepare: PREPARE_COST,
    naive: sum(PROBE_SEC) + once,
    stillwave: once,
    article: ARTICLE_COST * once,
    growth: (2 + ARTICLE_COST) * growthSec,
    score: SCORE_COST * audioSec
  }
  const all = sum(Object.values(costs))
  const shares = Object.entries(costs).map(([step, cost]) => [step, cost / all])
  return Object.fromEntries(shares) as Record<BenchStep, number>
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
