import { EDGE_SAMPLES } from './join'

/** Lengths of overlapped chunking in samples at the model's rate; all but `overlap` lie on the frame grid. */
export interface OverlapPlan {
  /** Payload of one run. */
  readonly chunk: number
  /** Of it, what the next payload covers too. */
  readonly overlap: number
  readonly contextLeft: number
  readonly contextRight: number
}

/** One run: where its input lies in the file (below 0 and past the end: zeros) and which part of its output counts. */
export interface OverlapWindow {
  readonly inputStart: number
  readonly inputLength: number
  readonly payloadStart: number
  readonly payloadLength: number
}

export interface OverlapSettings {
  readonly chunkSec: number
  readonly overlapSec: number
  readonly sampleRateHz: number
  readonly hopSamples: number
  readonly contextLeft: number
  readonly contextRight: number
}

/** FRCRN's reach in frames (FRCRN.md 2.3): 45 back and 7 ahead a U-Net, one more for the STFT's own overlap. */
export function contextSamples(cascade: number, hopSamples: number): { left: number; right: number } {
  return { left: (45 * cascade + 1) * hopSamples, right: (7 * cascade + 1) * hopSamples }
}

/** Puts the settings on the frame grid. An overlap as long as its chunk is shortened to leave one hop of progress. */
export function planOverlap(settings: OverlapSettings): OverlapPlan {
  const { hopSamples, sampleRateHz } = settings
  const onGrid = (sec: number): number => Math.round((sec * sampleRateHz) / hopSamples) * hopSamples
  const chunk = Math.max(hopSamples, onGrid(settings.chunkSec))
  const overlap = Math.min(onGrid(settings.overlapSec), chunk - hopSamples)
  return { chunk, overlap, contextLeft: settings.contextLeft, contextRight: settings.contextRight }
}

/** Samples computed for one sample kept: (chunk + context) / hop. */
export function computeFactor(plan: OverlapPlan): number {
  return (plan.chunk + plan.contextLeft + plan.contextRight) / (plan.chunk - plan.overlap)
}

/**
 * The runs for a file of `totalSamples`, in order, all of one length. The first and the last are shifted inwards so that
 * nothing inside is padded (zeros would dilute the gates); a file no longer than one run is one run of its own length.
 * Only the file's own ends get zeros.
 */
export function* overlapWindows(plan: OverlapPlan, totalSamples: number, hopSamples: number): Generator<OverlapWindow> {
  const start = -EDGE_SAMPLES
  const end = Math.ceil(totalSamples / hopSamples) * hopSamples + EDGE_SAMPLES
  const length = plan.contextLeft + plan.chunk + plan.contextRight
  if (end - start <= length) {
    yield { inputStart: start, inputLength: end - start, payloadStart: 0, payloadLength: totalSamples }
    return
  }
  for (let payload = 0; ; payload += plan.chunk - plan.overlap) {
    const inputStart = Math.min(Math.max(payload - plan.contextLeft, start), end - length)
    const payloadLength = Math.min(plan.chunk, totalSamples - payload)
    yield { inputStart, inputLength: length, payloadStart: payload, payloadLength }
    if (payload + plan.chunk >= totalSamples) return
  }
}

/** Rising half of a raised cosine; with its mirror image it sums to one. */
export function fadeIn(length: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => 0.5 - 0.5 * Math.cos((Math.PI * (i + 0.5)) / length))
}
