import { describe, expect, it } from 'vitest'
import { listCommand } from './listKeys'
import { clickRow, dropTarget, moveTo, NOTHING_SELECTED, selectAll, stepTarget, withoutGone } from './selection'

const ORDER = ['a', 'b', 'c', 'd', 'e']
const plain = { range: false, toggle: false }
const ids = (selection: { ids: ReadonlySet<string> }): string => [...selection.ids].sort().join('')

describe('selection', () => {
  it('takes ranges from the anchor, not from the last row (Shift up and down must shrink again)', () => {
    const at = clickRow(NOTHING_SELECTED, ORDER, 'c', plain)
    const down = clickRow(at, ORDER, 'e', { range: true, toggle: false })
    const up = clickRow(down, ORDER, 'b', { range: true, toggle: false })
    expect([ids(down), ids(up)]).toEqual(['cde', 'bc'])
  })

  it('adds and takes away with Ctrl, and moves the focus alone with Ctrl and an arrow', () => {
    const both = clickRow(clickRow(NOTHING_SELECTED, ORDER, 'a', plain), ORDER, 'd', { range: false, toggle: true })
    expect(ids(both)).toBe('ad')
    const moved = moveTo(both, ORDER, 4, { range: false, toggle: true })
    expect([ids(moved), moved.focus]).toEqual(['ad', 'e'])
    expect(ids(clickRow(both, ORDER, 'a', { range: false, toggle: true }))).toBe('d')
  })

  it('stays inside the list (PageDown at the end must not lose the focus)', () => {
    expect(moveTo(NOTHING_SELECTED, ORDER, 99, plain).focus).toBe('e')
    expect(moveTo(NOTHING_SELECTED, [], 0, plain)).toBe(NOTHING_SELECTED)
  })

  it('forgets rows that have left, and is the same object where none has (else every event draws every row)', () => {
    const all = selectAll(NOTHING_SELECTED, ORDER)
    expect(ids(withoutGone(all, (id) => id !== 'c'))).toBe('abde')
    expect(withoutGone(all, () => true)).toBe(all)
  })
})

describe('the keyboard in the list', () => {
  it('goes on from the next row where its own is removed, or from the one before (Delete must not lose the keyboard)', () => {
    const at = (id: string): typeof NOTHING_SELECTED => clickRow(NOTHING_SELECTED, ORDER, id, plain)
    expect(withoutGone(at('c'), (id) => id !== 'c', ORDER).focus).toBe('d')
    expect(withoutGone(at('e'), (id) => id < 'd', ORDER).focus).toBe('c')
    expect(withoutGone(at('a'), () => false, ORDER).focus).toBeNull()
  })

  it('leaves Enter with Ctrl to the menu, where it starts and pauses the batch', () => {
    const enter = { key: 'Enter', shiftKey: false, ctrlKey: false, metaKey: false, altKey: false }
    const place = { at: 0, count: 5, pageRows: 3 }
    expect(listCommand(enter, place)).toEqual({ kind: 'open' })
    expect(listCommand({ ...enter, altKey: true }, place)).toEqual({ kind: 'details' })
    expect(listCommand({ ...enter, ctrlKey: true }, place)).toBeNull()
  })
})

describe('reordering', () => {
  it('steps a block over its neighbour, and stops at the ends', () => {
    expect(stepTarget(ORDER, new Set(['b', 'c']), -1)).toBe('a')
    expect(stepTarget(ORDER, new Set(['b', 'c']), 1)).toBe('e')
    expect(stepTarget(ORDER, new Set(['d']), 1)).toBeNull()
    expect(stepTarget(ORDER, new Set(['e']), 1)).toBeUndefined()
    expect(stepTarget(ORDER, new Set(['a']), -1)).toBeUndefined()
  })

  it('drops before the next row that stays (main refuses a move before one of the moved)', () => {
    expect(dropTarget(ORDER, new Set(['a']), 3)).toBe('d')
    expect(dropTarget(ORDER, new Set(['a', 'd']), 3)).toBe('e')
    expect(dropTarget(ORDER, new Set(['a']), 5)).toBeNull()
  })

  it('asks for nothing where nothing would move', () => {
    expect(dropTarget(ORDER, new Set(['b', 'c']), 2)).toBeUndefined()
    expect(dropTarget(ORDER, new Set(['e']), 5)).toBeUndefined()
  })
})
