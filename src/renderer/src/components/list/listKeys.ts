/** What a key pressed in the list means. Pure; the grid carries it out. */
export type ListCommand =
  | { readonly kind: 'go'; readonly to: number; readonly range: boolean; readonly toggle: boolean }
  | { readonly kind: 'step'; readonly by: -1 | 1 }
  | { readonly kind: 'all' | 'open' | 'details' | 'remove' | 'toggle' | 'close' }

interface Place {
  /** Of the focused row; -1 where none is. */
  readonly at: number
  readonly count: number
  readonly pageRows: number
}

type Key = Pick<KeyboardEvent, 'key' | 'shiftKey' | 'ctrlKey' | 'metaKey' | 'altKey'>

export function listCommand(event: Key, { at, count, pageRows }: Place): ListCommand | null {
  const toggle = event.ctrlKey || event.metaKey
  const go = (to: number): ListCommand => ({ kind: 'go', to, range: event.shiftKey, toggle })
  if (event.altKey) {
    if (event.key === 'Enter') return { kind: 'details' }
    if (event.key === 'ArrowUp') return { kind: 'step', by: -1 }
    return event.key === 'ArrowDown' ? { kind: 'step', by: 1 } : null
  }
  switch (event.key) {
    case 'ArrowDown':
      return go(at + 1)
    case 'ArrowUp':
      return go(at < 0 ? 0 : at - 1)
    case 'Home':
      return go(0)
    case 'End':
      return go(count - 1)
    case 'PageDown':
      return go(at + pageRows)
    case 'PageUp':
      return go(at - pageRows)
    case 'a':
    case 'A':
      return toggle ? { kind: 'all' } : null
    case 'Enter':
      // With Ctrl or Cmd it starts and pauses the batch: that key is the menu's.
      return toggle ? null : { kind: 'open' }
    case ' ':
      return { kind: 'toggle' }
    case 'Delete':
    case 'Backspace':
      return { kind: 'remove' }
    case 'Escape':
      return { kind: 'close' }
    default:
      return null
  }
}
