import type { StateLayout } from './statefulLanes'

/**
 * How the gates of a stateful graph are made (FRCRN.md 2.4): the official network takes means over the whole file, which
 * nobody has while the file streams by. A survey of excerpts before the file comes nearest: the sums that they give are
 * frozen for the real pass. Everything here is arithmetic on numbers; `carried.ts` runs it.
 */

/** What to run before the file, in hops. */
export interface SurveyPlan {
  /** Hops per run: the file's own chunk, or less where chunks are longer than an excerpt (a smaller run costs no memory). */
  readonly runHops: number
  /** Hops that one excerpt takes in all, a multiple of `runHops`. */
  readonly excerptHops: number
  /** Excerpts that are run, up to twice as many for long files. */
  readonly baseExcerpts: number
  /** Files of up to this many hops are surveyed whole. */
  readonly wholeHops: number
}

/** 8 s of survey at 50 hops a second: 6.7 % of a file of two minutes. */
const SURVEY_HOPS = 400
const EXCERPT_HOPS = 50

/** The survey for chunks of `chunkHops`: eight excerpts of about a second, or as many as 8 s allow. */
export function planSurvey(chunkHops: number): SurveyPlan {
  const runHops = Math.min(chunkHops, EXCERPT_HOPS)
  const excerptHops = runHops * Math.max(1, Math.round(EXCERPT_HOPS / runHops))
  return {
    runHops,
    excerptHops,
    baseExcerpts: Math.max(1, Math.floor(SURVEY_HOPS / excerptHops)),
    wholeHops: SURVEY_HOPS
  }
}

/** Share of a file that its survey may take; a file of two minutes gets eight excerpts by it. */
const SURVEY_SHARE = 1 / 15

/** How many excerpts a file of `fileHops` is surveyed by: more for longer ones, which change more, up to twice the least. */
export function excerptCount(plan: SurveyPlan, fileHops: number): number {
  const affordable = Math.floor((fileHops * SURVEY_SHARE) / plan.excerptHops)
  return Math.min(Math.max(plan.baseExcerpts, affordable), 2 * plan.baseExcerpts)
}

/** Which of `kept` excerpts to run: at most `wanted`, evenly spread. */
export function spreadEvenly(kept: number, wanted: number): number[] {
  const count = Math.min(kept, wanted)
  return Array.from({ length: count }, (_, i) => Math.floor(((i + 0.5) * kept) / count))
}

/**
 * So large that float32 does not see a frame added to it, and a power of two: scaling by it rounds nothing. (1e9 rounds in steps of
 * 64: a run of 33 frames or more moved it.)
 */
export const FROZEN_COUNT = 2 ** 40

/**
 * Hops by which the deepest gate runs late. Its graph counts frames for all gates alike from the moment that the deepest one
 * has its first (5 gated decoders, each one frame later; 7 more for a second U-Net).
 */
export function gateLagHops(cascade: number): number {
  return 5 + 7 * (cascade - 1)
}

/** Turns the sums in `state` into means that no later frame moves. Without a single counted frame there is nothing to freeze. */
export function freezeGates(state: Float32Array, layout: StateLayout): boolean {
  const count = state[layout.gateCount.offset]!
  if (!(count > 0)) return false
  const { offset, size } = layout.gateSums
  for (let i = offset; i < offset + size; i++) state[i] = (state[i]! / count) * FROZEN_COUNT
  state[layout.gateCount.offset] = FROZEN_COUNT
  return true
}
