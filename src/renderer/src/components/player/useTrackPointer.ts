import { computed, ref, type Ref, type ShallowRef } from 'vue'
import type { Pointer } from '../../player/trackPainter'
import { contains, type TrackLayout } from '../../player/trackLayout'
import { frameAtX, lengthOf, loopBetween, placed, wholeView, xOfFrame } from '../../player/view'
import { LEAST_LOOP_SEC } from '../../player/loopRegion'
import { usePlayer } from '../../stores/player'

/** Shorter ways of the pointer are a click. */
const CLICK_PX = 4
const EDGE_PX = 5
const ZOOM_PER_PX = 0.0035

type Drag =
  | { readonly kind: 'overview' }
  /** From a fixed frame on: a new loop, or the other edge of one. */
  | { readonly kind: 'loop'; readonly fromFrame: number; readonly startX: number; readonly isEdge: boolean }

interface TrackPointer {
  readonly cursor: Readonly<Ref<string>>
  readonly down: (event: PointerEvent) => void
  readonly move: (event: PointerEvent) => void
  readonly up: (event: PointerEvent) => void
  readonly cancel: () => void
  readonly leave: () => void
  readonly wheel: (event: WheelEvent) => void
}

/** Click seeks, drag loops, an edge of the loop can be moved, the wheel scrolls, with Ctrl (or a pinch) it zooms. */
export function useTrackPointer({
  layout,
  hover
}: {
  readonly layout: () => TrackLayout | null
  readonly hover: ShallowRef<Pointer | null>
}): TrackPointer {
  const player = usePlayer()
  let drag: Drag | null = null
  const isOnEdge = ref(false)
  const cursor = computed(() => (isOnEdge.value ? 'cursor-ew-resize' : 'cursor-text'))

  const placeOf = (event: MouseEvent): Pointer => {
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect()
    return { x: event.clientX - box.left, y: event.clientY - box.top }
  }
  const frameAt = (x: number, { field }: TrackLayout): number => frameAtX(player.view, x - field.x, field.width)

  /** The edge that stays where the one under the pointer is moved; null where there is none. */
  function otherEdge(x: number, { field }: TrackLayout): number | null {
    const { region, view } = player
    if (!region) return null
    const isAt = (frame: number): boolean => Math.abs(field.x + xOfFrame(view, frame, field.width) - x) <= EDGE_PX
    if (isAt(region.fromFrame)) return region.toFrame
    return isAt(region.toFrame) ? region.fromFrame : null
  }

  function moveOverview(x: number, at: TrackLayout): void {
    if (!at.overview) return
    const frame = frameAtX(wholeView(player.frames), x - at.overview.x, at.overview.width)
    player.setView(placed(frame - lengthOf(player.view) / 2, lengthOf(player.view), player.frames))
  }

  function down(event: PointerEvent): void {
    const at = layout()
    if (!at || event.button !== 0) return
    const { x, y } = placeOf(event)
    ;(event.currentTarget as HTMLElement).setPointerCapture(event.pointerId)
    if (at.overview && contains(at.overview, x, y)) {
      drag = { kind: 'overview' }
      moveOverview(x, at)
      return
    }
    const fixed = otherEdge(x, at)
    drag = { kind: 'loop', fromFrame: fixed ?? frameAt(x, at), startX: x, isEdge: fixed !== null }
  }
  function move(event: PointerEvent): void {
    const at = layout()
    if (!at) return
    const place = placeOf(event)
    hover.value = place
    isOnEdge.value = drag === null ? otherEdge(place.x, at) !== null : drag.kind === 'loop' && drag.isEdge
    if (drag?.kind === 'overview') moveOverview(place.x, at)
    else if (drag && isFar(drag, place.x)) draft(drag, place.x, at)
  }
  const isFar = (now: Extract<Drag, { kind: 'loop' }>, x: number): boolean =>
    now.isEdge || Math.abs(x - now.startX) > CLICK_PX

  function draft({ fromFrame }: Extract<Drag, { kind: 'loop' }>, x: number, at: TrackLayout): void {
    const leastFrames = LEAST_LOOP_SEC * player.rateHz
    const loop = loopBetween(fromFrame, frameAt(x, at), { frames: player.frames, leastFrames })
    if (loop) player.draft = loop
  }
  function up(event: PointerEvent): void {
    const at = layout()
    const now = drag
    drag = null
    if (!at || !now || now.kind === 'overview') return
    const { x } = placeOf(event)
    if (player.draft) player.setRegion(player.draft)
    else if (!now.isEdge && !isFar(now, x)) player.seek(frameAt(x, at))
    player.draft = null
  }
  function cancel(): void {
    drag = null
    player.draft = null
  }
  function wheel(event: WheelEvent): void {
    const at = layout()
    if (!at) return
    event.preventDefault()
    if (event.ctrlKey) {
      player.zoom(Math.exp(event.deltaY * ZOOM_PER_PX), frameAt(placeOf(event).x, at))
      return
    }
    const px = Math.abs(event.deltaX) > Math.abs(event.deltaY) ? event.deltaX : event.deltaY
    player.scroll(px / at.field.width)
  }
  const leave = (): void => {
    hover.value = null
  }
  return { cursor, down, move, up, cancel, leave, wheel }
}
