/** Which rows are chosen. `anchor` is where a range begins; `focus` is the row that the keyboard is on. Pure. */
export interface Selection {
  readonly ids: ReadonlySet<string>
  readonly anchor: string | null
  readonly focus: string | null
}

export const NOTHING_SELECTED: Selection = { ids: new Set(), anchor: null, focus: null }

export interface Modifiers {
  /** Shift: from the anchor to here. */
  readonly range: boolean
  /** Ctrl or Cmd: add or take away. */
  readonly toggle: boolean
}

/** After a click on a row. */
export function clickRow(
  now: Selection,
  order: readonly string[],
  id: string,
  { range, toggle }: Modifiers
): Selection {
  if (range && now.anchor !== null) {
    const between = rangeOf(order, now.anchor, id)
    return { ids: new Set(toggle ? [...now.ids, ...between] : between), anchor: now.anchor, focus: id }
  }
  if (!toggle) return { ids: new Set([id]), anchor: id, focus: id }
  const ids = new Set(now.ids)
  if (!ids.delete(id)) ids.add(id)
  return { ids, anchor: id, focus: id }
}

/** After an arrow, Home, End or Page key: Ctrl moves the focus alone. */
export function moveTo(now: Selection, order: readonly string[], at: number, modifiers: Modifiers): Selection {
  const id = order[Math.min(order.length - 1, Math.max(0, at))]
  if (id === undefined) return now
  if (modifiers.toggle && !modifiers.range) return { ...now, focus: id }
  return clickRow(now, order, id, { range: modifiers.range, toggle: false })
}

export function selectAll(now: Selection, order: readonly string[]): Selection {
  return { ids: new Set(order), anchor: now.anchor ?? order[0] ?? null, focus: now.focus ?? order[0] ?? null }
}

/**
 * Without the jobs that have left; the same object where none has, so that nothing is drawn anew. The keyboard goes on from the
 * next row that stays, by the order that was, or from the one before.
 */
export function withoutGone(now: Selection, has: (id: string) => boolean, before: readonly string[] = []): Selection {
  const kept = [...now.ids].filter(has)
  const stays = (id: string | null): string | null => (id !== null && has(id) ? id : null)
  const anchor = stays(now.anchor)
  const focus = stays(now.focus) ?? neighbour(now.focus, has, before)
  if (kept.length === now.ids.size && anchor === now.anchor && focus === now.focus) return now
  return { ids: new Set(kept), anchor, focus }
}

function neighbour(gone: string | null, has: (id: string) => boolean, before: readonly string[]): string | null {
  const at = gone === null ? -1 : before.indexOf(gone)
  if (at < 0) return null
  return before.slice(at).find(has) ?? before.slice(0, at).findLast(has) ?? null
}

function rangeOf(order: readonly string[], from: string, to: string): readonly string[] {
  const a = order.indexOf(from)
  const b = order.indexOf(to)
  if (a < 0 || b < 0) return b < 0 ? [] : [to]
  return order.slice(Math.min(a, b), Math.max(a, b) + 1)
}

/**
 * Where the chosen rows go when they move one up or down: the id to stand before, null for the end, undefined where they
 * cannot move.
 */
export function stepTarget(
  order: readonly string[],
  chosen: ReadonlySet<string>,
  step: -1 | 1
): string | null | undefined {
  const places = order.flatMap((id, at) => (chosen.has(id) ? [at] : []))
  const first = places[0]
  const last = places.at(-1)
  if (first === undefined || last === undefined) return undefined
  if (step < 0) return first === 0 ? undefined : order[first - 1]
  return last === order.length - 1 ? undefined : (order[last + 2] ?? null)
}

/** Where chosen rows dropped on the gap before row `at` go: as {@link stepTarget}. Chosen rows are stepped over. */
export function dropTarget(
  order: readonly string[],
  chosen: ReadonlySet<string>,
  at: number
): string | null | undefined {
  const before = order.slice(at).find((id) => !chosen.has(id)) ?? null
  const rest = order.filter((id) => !chosen.has(id))
  const cut = before === null ? rest.length : rest.indexOf(before)
  const moved = [...rest.slice(0, cut), ...order.filter((id) => chosen.has(id)), ...rest.slice(cut)]
  return moved.every((id, place) => id === order[place]) ? undefined : before
}
