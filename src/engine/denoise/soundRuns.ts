import { isSilent } from '../../audio/dsp/silence'
import { AppError, toAppError } from '../../shared/errors/appError'
import type { ModelSession } from '../onnx/runtime'
import type { BatchItem } from './laneBatcher'
import { isFinite32 } from './samples'

/** A session that may have others to stand in for it. A plain one has none. */
export interface LadderedSession extends ModelSession {
  /** Which one is open; 0 is what was asked for. */
  readonly rung?: number
  /** Opens the next one in place of this one; false where this is the last. Throws where there are more and none could be opened. */
  stepDown?(): Promise<boolean>
}

/** How the lanes of one file were run. */
export interface FallbackTrace {
  /** Rungs that gave anything of it. */
  readonly used: Set<number>
  /** The furthest one that it took to get sound. */
  needed: number
}

export function newFallbackTrace(): FallbackTrace {
  return { used: new Set(), needed: 0 }
}

/** Mean square of -60 dBFS. */
const AUDIBLE_POWER = 1e-6

export interface Result {
  readonly output: Float32Array
  /** What the graph keeps for its next run; empty where it keeps nothing. */
  readonly state: Float32Array
  /** Mean square of the input that this very output belongs to. */
  readonly inputPower: number
}

/** What is wrong with a result, in words; null where it is sound. Exact zeros are wrong only where there was something to hear. */
export function faultOf({ output, state, inputPower }: Result): string | null {
  if (!isFinite32(output) || !isFinite32(state)) return 'values that are not finite'
  if (inputPower > AUDIBLE_POWER && isSilent(output)) return 'nothing but zeros for a sound over -60 dBFS'
  return null
}

export interface Attempt<Item> {
  /** Runs all items from where they were before, whatever an earlier run gave. */
  run(): Promise<void>
  /** Of the last run. */
  fault(item: Item, row: number): string | null
}

type RunItem = BatchItem<{ readonly trace?: FallbackTrace }>

/**
 * Runs, and where a result is no sound runs all of them again one rung down, and so on. What is no sound at the last one fails its
 * lane alone: E_MODEL_OUTPUT, E_CORRUPT where it was in the input already, or what kept the next rung from being opened.
 */
export async function runSound<Item extends RunItem>(
  session: LadderedSession,
  items: readonly Item[],
  attempt: Attempt<Item>
): Promise<Map<Item, AppError>> {
  const errors = new Map<Item, AppError>()
  const wereBad = new Set<Item>()
  for (;;) {
    await attempt.run()
    const bad = new Map(faultsOf(items, attempt).filter(([item]) => !errors.has(item)))
    for (const item of bad.keys()) {
      if (isFinite32(item.input)) wereBad.add(item)
      else errors.set(item, new AppError('E_CORRUPT', { detail: 'its samples are too large to count with' }))
    }
    for (const item of errors.keys()) bad.delete(item)
    if (bad.size === 0) break
    const refusal = await stepDown(session)
    if (refusal === null) continue
    for (const [item, detail] of bad) {
      errors.set(
        item,
        refusal === 'last' ? new AppError('E_MODEL_OUTPUT', { detail: `the model gave ${detail}` }) : refusal
      )
    }
    break
  }
  for (const item of items) if (!errors.has(item)) note(item.lane.trace, session.rung ?? 0, wereBad.has(item))
  return errors
}

function faultsOf<Item>(items: readonly Item[], attempt: Attempt<Item>): [Item, string][] {
  return items.flatMap((item, row): [Item, string][] => {
    const fault = attempt.fault(item, row)
    return fault === null ? [] : [[item, fault]]
  })
}

/** Null once the next rung is open. */
async function stepDown(session: LadderedSession): Promise<AppError | 'last' | null> {
  try {
    return (await session.stepDown?.()) === true ? null : 'last'
  } catch (thrown) {
    return toAppError(thrown)
  }
}

function note(trace: FallbackTrace | undefined, rung: number, wasBad: boolean): void {
  if (trace === undefined) return
  trace.used.add(rung)
  if (wasBad) trace.needed = Math.max(trace.needed, rung)
}

/** Mean square of these samples. */
export function powerOf(samples: Float32Array): number {
  let energy = 0
  for (const sample of samples) energy += sample * sample
  return energy / Math.max(1, samples.length)
}

/**
 * Energies of the hops that were fed and whose output has not come yet: a stateful graph's output is late, and what it gives
 * belongs to what went in so long before.
 */
export class LateEnergies {
  private waiting: Float64Array

  constructor(
    private readonly hopSamples: number,
    lateHops: number
  ) {
    this.waiting = new Float64Array(lateHops)
  }

  clear(): void {
    this.waiting.fill(0)
  }

  /** Mean square of what the output of this chunk belongs to, if it is fed next. */
  powerBehind(input: Float32Array): number {
    const hops = this.with(input).subarray(0, input.length / this.hopSamples)
    return hops.reduce((sum, energy) => sum + energy, 0) / input.length
  }

  fed(input: Float32Array): void {
    this.waiting = this.with(input).slice(input.length / this.hopSamples)
  }

  private with(input: Float32Array): Float64Array {
    const late = this.waiting.length
    const hops = input.length / this.hopSamples
    const all = new Float64Array(late + hops)
    all.set(this.waiting)
    for (let hop = 0; hop < hops; hop++) {
      const at = hop * this.hopSamples
      all[late + hop] = powerOf(input.subarray(at, at + this.hopSamples)) * this.hopSamples
    }
    return all
  }
}
