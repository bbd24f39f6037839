import type { LineId } from '../../memory/samples'

/** The graph's colours, read from the theme's variables: a canvas knows none. */
export interface Palette {
  readonly lines: Readonly<Record<LineId, string>>
  readonly engineFill: string
  readonly ink: string
  readonly muted: string
  readonly grid: string
  readonly axis: string
  readonly mark: string
  readonly forecast: string
  readonly limit: string
  readonly surface: string
  readonly font: string
}

/** The variable of each line's colour; the legend's swatches have the same. */
export const LINE_COLOURS: Readonly<Record<LineId, string>> = {
  engine: '--accent',
  app: '--graph-app',
  gpuOurs: '--graph-gpu',
  gpuOthers: '--graph-others'
}

export function readPalette(root: HTMLElement): Palette {
  const style = getComputedStyle(root)
  const of = (name: string): string => style.getPropertyValue(name).trim()
  return {
    lines: {
      engine: of(LINE_COLOURS.engine),
      app: of(LINE_COLOURS.app),
      gpuOurs: of(LINE_COLOURS.gpuOurs),
      gpuOthers: of(LINE_COLOURS.gpuOthers)
    },
    engineFill: of('--accent-soft'),
    ink: of('--ink'),
    muted: of('--ink-muted'),
    grid: of('--line'),
    axis: of('--line-strong'),
    mark: of('--control-line'),
    forecast: of('--warn'),
    limit: of('--failed'),
    surface: of('--surface'),
    font: `11px ${style.fontFamily}`
  }
}
