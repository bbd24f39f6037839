import { KEEP_MS } from './samples'

/** Lengths of the live window, in seconds. */
export const WINDOWS_SEC = [120, 600, 1800] as const
export type WindowSec = (typeof WINDOWS_SEC)[number]

/** A part of the time, seconds of the clock. */
export interface Span {
  readonly fromSec: number
  readonly toSec: number
}

/** What is looked at: the newest samples as they come, or a part that stays while recording goes on. */
export type GraphView =
  | { readonly kind: 'live'; readonly windowSec: WindowSec }
  | { readonly kind: 'held'; readonly windowSec: WindowSec; readonly span: Span }

/** Closer than that there is nothing to see: samples are half a second apart. */
const LEAST_SEC = 5

export function spanOf(view: GraphView, nowSec: number): Span {
  return view.kind === 'held' ? view.span : { fromSec: nowSec - view.windowSec, toSec: nowSec }
}

/** The view stays where it is; recording goes on. */
export function hold(view: GraphView, nowSec: number): GraphView {
  return { kind: 'held', windowSec: view.windowSec, span: spanOf(view, nowSec) }
}

export function goLive(view: GraphView): GraphView {
  return { kind: 'live', windowSec: view.windowSec }
}

/** Another window: live at once, as a held part has a length of its own. */
export function withWindow(windowSec: WindowSec): GraphView {
  return { kind: 'live', windowSec }
}

/** A part that was drawn with the mouse. */
export function pick(view: GraphView, span: Span, nowSec: number): GraphView {
  return { kind: 'held', windowSec: view.windowSec, span: within(span, nowSec) }
}

/** Closer or farther (`factor` below or above 1) about a moment that stays under the pointer. All of the time kept is the farthest. */
export function zoom(view: GraphView, about: { centreSec: number; factor: number }, nowSec: number): GraphView {
  const { fromSec, toSec } = spanOf(view, nowSec)
  const lengthSec = Math.min(KEEP_MS / 1000, Math.max(LEAST_SEC, (toSec - fromSec) * about.factor))
  const share = (about.centreSec - fromSec) / (toSec - fromSec)
  const start = about.centreSec - share * lengthSec
  return pick(view, { fromSec: start, toSec: start + lengthSec }, nowSec)
}

/** Not before what is kept, not after now, not shorter than can be seen. */
function within({ fromSec, toSec }: Span, nowSec: number): Span {
  const longest = KEEP_MS / 1000
  const lengthSec = Math.min(longest, Math.max(LEAST_SEC, toSec - fromSec))
  const end = Math.min(nowSec, Math.max(toSec, nowSec - longest + lengthSec))
  return { fromSec: end - lengthSec, toSec: end }
}
