/** What a key pressed in the player means. Pure; the panel carries it out. */
export type PlayerCommand =
  | { readonly kind: 'signal'; readonly at: 0 | 1 | 2 }
  | { readonly kind: 'seekBy'; readonly sec: number }
  | { readonly kind: 'zoom'; readonly factor: number }
  | { readonly kind: 'edge'; readonly edge: 'from' | 'to' }
  | {
      readonly kind: 'play' | 'cycle' | 'start' | 'end' | 'loop' | 'whole' | 'mute' | 'blind' | 'preview' | 'leave'
    }

/** What has the keyboard: the player itself, or one of its parts that has keys of its own. */
export type KeyOwner = 'surface' | 'button' | 'group' | 'field'

type Key = Pick<KeyboardEvent, 'key' | 'shiftKey' | 'ctrlKey' | 'metaKey' | 'altKey'>

const ARROWS = ['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown', 'Home', 'End', 'PageUp', 'PageDown']

const PLAIN: Readonly<Record<string, PlayerCommand>> = {
  '1': { kind: 'signal', at: 0 },
  '2': { kind: 'signal', at: 1 },
  '3': { kind: 'signal', at: 2 },
  ' ': { kind: 'play' },
  l: { kind: 'loop' },
  '[': { kind: 'edge', edge: 'from' },
  ']': { kind: 'edge', edge: 'to' },
  '+': { kind: 'zoom', factor: 0.5 },
  '=': { kind: 'zoom', factor: 0.5 },
  '-': { kind: 'zoom', factor: 2 },
  '0': { kind: 'whole' },
  m: { kind: 'mute' },
  b: { kind: 'blind' },
  p: { kind: 'preview' },
  Home: { kind: 'start' },
  End: { kind: 'end' },
  Escape: { kind: 'leave' }
}

export function playerCommand(event: Key, owner: KeyOwner): PlayerCommand | null {
  const { key } = event
  if (owner === 'field') return key === 'Escape' ? { kind: 'leave' } : null
  if (owner !== 'surface' && (key === ' ' || key === 'Enter' || key === 'Tab')) return null
  if (owner === 'group' && ARROWS.includes(key)) return null
  if (key === 'Tab') return event.shiftKey || event.ctrlKey || event.altKey || event.metaKey ? null : { kind: 'cycle' }
  if (key === 'ArrowLeft' || key === 'ArrowRight')
    return { kind: 'seekBy', sec: stepOf(event) * (key === 'ArrowLeft' ? -1 : 1) }
  if (event.ctrlKey || event.metaKey || event.altKey) return null
  return PLAIN[key.length === 1 ? key.toLowerCase() : key] ?? null
}

function stepOf({ shiftKey, ctrlKey, altKey, metaKey }: Key): number {
  if (shiftKey) return 1
  return ctrlKey || altKey || metaKey ? 30 : 5
}

/** Whose keys they are, by the element that has the keyboard. */
export function ownerOf(target: EventTarget | null, surface: Element | null): KeyOwner {
  if (!(target instanceof HTMLElement) || target === surface || target.dataset.keys === 'player') return 'surface'
  if (target.closest('input, textarea, select, [contenteditable]')) return 'field'
  if (target.closest('[role=radiogroup], [role=slider], [role=tablist], [role=separator], [role=menu]')) return 'group'
  return 'button'
}
