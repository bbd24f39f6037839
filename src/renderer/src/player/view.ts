import type { Loop } from './frameQueue'

/** The part of a clip that is drawn, in frames; fractions while it moves. */
export interface View {
  readonly startFrame: number
  readonly endFrame: number
}

/** A view is never shorter: single samples can be seen then. */
const LEAST_FRAMES = 96

export interface Extent {
  readonly frames: number
  readonly widthPx: number
}

export function wholeView(frames: number): View {
  return { startFrame: 0, endFrame: Math.max(1, frames) }
}

export function isWhole(view: View, frames: number): boolean {
  return view.startFrame <= 0 && view.endFrame >= frames
}

export function lengthOf(view: View): number {
  return view.endFrame - view.startFrame
}

export function frameAtX(view: View, x: number, widthPx: number): number {
  return view.startFrame + (x / widthPx) * lengthOf(view)
}

export function xOfFrame(view: View, frame: number, widthPx: number): number {
  return ((frame - view.startFrame) / lengthOf(view)) * widthPx
}

/** A view of some length from a frame on, moved so that it lies in the clip. */
export function placed(startFrame: number, length: number, frames: number): View {
  const whole = Math.max(1, frames)
  const fits = Math.min(whole, Math.max(Math.min(LEAST_FRAMES, whole), length))
  const start = Math.min(Math.max(0, startFrame), whole - fits)
  return { startFrame: start, endFrame: start + fits }
}

/** Shows `factor` times as much (below 1: closer), and what lies at `frame` stays where it is. */
export function zoomed(view: View, factor: number, { frame, frames }: { frame: number; frames: number }): View {
  const share = (frame - view.startFrame) / lengthOf(view)
  const whole = Math.max(1, frames)
  const length = Math.min(whole, Math.max(Math.min(LEAST_FRAMES, whole), lengthOf(view) * factor))
  return placed(frame - share * length, length, frames)
}

export function scrolled(view: View, byFrames: number, frames: number): View {
  return placed(view.startFrame + byFrames, lengthOf(view), frames)
}

/** Pages shorter than this would only flicker. */
const LEAST_PAGE_SEC = 0.4

/** Whether a view is long enough to be turned like a page while it plays. */
export function canFollow(view: View, rateHz: number): boolean {
  return lengthOf(view) >= LEAST_PAGE_SEC * rateHz
}

/** The view that holds the playhead: a page on where it has left, else the same. */
export function followed(view: View, frame: number, frames: number): View {
  if (frame >= view.startFrame && frame <= view.endFrame) return view
  const start = frame > view.endFrame ? frame - 0.02 * lengthOf(view) : frame - 0.1 * lengthOf(view)
  return placed(start, lengthOf(view), frames)
}

/** A loop between two frames in any order, whole frames in the clip; null where it would be too short to be meant. */
export function loopBetween(
  a: number,
  b: number,
  { frames, leastFrames }: { frames: number; leastFrames: number }
): Loop | null {
  const from = Math.max(0, Math.round(Math.min(a, b)))
  const to = Math.min(frames, Math.round(Math.max(a, b)))
  return to - from >= Math.max(1, leastFrames) ? { fromFrame: from, toFrame: to } : null
}

const STEPS_SEC = [
  0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200,
  14_400
]

export interface Tick {
  readonly sec: number
  readonly text: string
}

/** Round times across a span, at least `leastPx` apart. */
export function timeTicks(
  startSec: number,
  endSec: number,
  { widthPx, leastPx }: { widthPx: number; leastPx: number }
): readonly Tick[] {
  const span = endSec - startSec
  if (!(span > 0) || widthPx <= 0) return []
  const wish = (span * leastPx) / widthPx
  const step = STEPS_SEC.find((one) => one >= wish) ?? Math.ceil(wish / 14_400) * 14_400
  const ticks: Tick[] = []
  for (let n = Math.ceil(startSec / step - 1e-9); n * step <= endSec + 1e-9; n++) {
    ticks.push({ sec: n * step, text: timeText(n * step, digitsOf(step)) })
  }
  return ticks
}

function digitsOf(stepSec: number): number {
  return stepSec >= 1 ? 0 : stepSec >= 0.1 ? 1 : stepSec >= 0.01 ? 2 : 3
}

/** A place in a recording: `0:05`, `0:05.25`, `1:02:30`. Cut off, not rounded: a place is not shown before it is reached. */
export function timeText(sec: number, digits = 0): string {
  const scale = 10 ** digits
  const units = Math.floor(Math.max(0, sec) * scale + 1e-6)
  const whole = Math.floor(units / scale)
  const hours = Math.floor(whole / 3600)
  const minutes = Math.floor((whole % 3600) / 60)
  const pad = (n: number): string => String(n).padStart(2, '0')
  const fraction = digits > 0 ? `.${String(units % scale).padStart(digits, '0')}` : ''
  const tail = `${pad(whole % 60)}${fraction}`
  return hours > 0 ? `${hours}:${pad(minutes)}:${tail}` : `${minutes}:${tail}`
}

const FREQUENCY_STEPS_HZ = [100, 200, 500, 1000, 2000, 4000, 5000, 10_000, 20_000, 40_000]

/** Round frequencies over a height, 0 and the top left out of the count where they would crowd. */
export function frequencyTicks(
  topHz: number,
  { heightPx, leastPx }: { heightPx: number; leastPx: number }
): readonly number[] {
  if (heightPx < leastPx) return []
  const wish = (topHz * leastPx) / heightPx
  const step = FREQUENCY_STEPS_HZ.find((one) => one >= wish) ?? topHz
  const ticks: number[] = []
  for (let hz = step; hz < topHz * 0.985; hz += step) ticks.push(hz)
  return ticks
}
