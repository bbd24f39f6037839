import { onScopeDispose, ref, type Ref } from 'vue'
import { HEAD_PX, ROW_PX } from './rowSize'

interface DragOptions {
  readonly scroller: () => HTMLElement | null
  readonly rowCount: () => number
  readonly allowed: () => boolean
  /** The drag begins on this row. */
  readonly begin: (id: string) => void
  /** Dropped on the gap before row `at`. */
  readonly drop: (at: number) => void
}

const THRESHOLD_PX = 5
const EDGE_PX = 28
const SCROLL_PX = 10

export interface RowDrag {
  /** The gap that the rows would go to; null while nothing is dragged. */
  readonly gap: Readonly<Ref<number | null>>
  readonly press: (event: PointerEvent, id: string) => void
  /** Whether the click that ends a drag is this one: it must not choose a row. */
  readonly takeClick: () => boolean
}

/** Rows by mouse or pen: a drop line follows the pointer, the list scrolls at its edges, Escape gives up. */
export function useRowDrag(options: DragOptions): RowDrag {
  const gap = ref<number | null>(null)
  let pressed: { readonly id: string; readonly y: number } | null = null
  let pointerY = 0
  let frame = 0
  let swallow = false

  function gapAt(y: number): number {
    const scroller = options.scroller()
    if (!scroller) return 0
    const inside = y - scroller.getBoundingClientRect().top - HEAD_PX + scroller.scrollTop
    return Math.min(options.rowCount(), Math.max(0, Math.round(inside / ROW_PX)))
  }
  function scrollAtEdge(): void {
    const scroller = options.scroller()
    if (!scroller || gap.value === null) return
    const { top, bottom } = scroller.getBoundingClientRect()
    if (pointerY < top + HEAD_PX + EDGE_PX) scroller.scrollTop -= SCROLL_PX
    else if (pointerY > bottom - EDGE_PX) scroller.scrollTop += SCROLL_PX
    gap.value = gapAt(pointerY)
    frame = requestAnimationFrame(scrollAtEdge)
  }
  function move(event: PointerEvent): void {
    pointerY = event.clientY
    if (!pressed) return
    if (gap.value !== null) {
      gap.value = gapAt(pointerY)
      return
    }
    if (Math.abs(event.clientY - pressed.y) < THRESHOLD_PX) return
    options.begin(pressed.id)
    gap.value = gapAt(pointerY)
    frame = requestAnimationFrame(scrollAtEdge)
  }
  function release(): void {
    const at = gap.value
    end()
    if (at === null) return
    swallow = true
    // A click, if one comes, comes in this task; later ones are a person's own.
    setTimeout(() => (swallow = false))
    options.drop(at)
  }
  function key(event: KeyboardEvent): void {
    if (event.key === 'Escape') end()
  }
  function end(): void {
    pressed = null
    gap.value = null
    cancelAnimationFrame(frame)
    window.removeEventListener('pointermove', move)
    window.removeEventListener('pointerup', release)
    window.removeEventListener('pointercancel', end)
    window.removeEventListener('keydown', key, true)
  }
  function press(event: PointerEvent, id: string): void {
    if (event.button !== 0 || event.pointerType === 'touch' || !options.allowed()) return
    pressed = { id, y: event.clientY }
    window.addEventListener('pointermove', move)
    window.addEventListener('pointerup', release)
    window.addEventListener('pointercancel', end)
    window.addEventListener('keydown', key, true)
  }
  onScopeDispose(end)
  return {
    gap,
    press,
    takeClick: () => {
      const was = swallow
      swallow = false
      return was
    }
  }
}
