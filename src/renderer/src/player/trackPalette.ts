import type { Signal } from '../../../shared/ipc/playerViews'
import { colourMap } from './colourMap'

/** The theme's colours for a canvas, which knows no variables. */
export interface TrackPalette {
  readonly signals: Readonly<Record<Signal, string>>
  readonly ink: string
  readonly muted: string
  readonly faint: string
  readonly line: string
  readonly ground: string
  readonly surface: string
  readonly accent: string
  readonly accentSoft: string
  readonly font: string
  readonly strong: string
  readonly map: Uint32Array
  readonly theme: 'dark' | 'light'
}

export function readTrackPalette(root: HTMLElement): TrackPalette {
  const style = getComputedStyle(root)
  const of = (name: string): string => style.getPropertyValue(name).trim()
  const theme = root.ownerDocument.documentElement.dataset.theme === 'dark' ? 'dark' : 'light'
  return {
    signals: { original: of('--ink-faint'), clean: of('--accent'), removed: of('--warn') },
    ink: of('--ink'),
    muted: of('--ink-muted'),
    faint: of('--ink-faint'),
    line: of('--line'),
    ground: of('--sunken'),
    surface: of('--surface'),
    accent: of('--accent'),
    accentSoft: of('--accent-soft'),
    font: `11px ${style.fontFamily}`,
    strong: `600 11px ${style.fontFamily}`,
    map: colourMap(theme),
    theme
  }
}
