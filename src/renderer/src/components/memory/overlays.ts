import uPlot from 'uplot'
import type { FileMark } from '../../../../shared/ipc/memoryViews'
import type { Palette } from './palette'

/** What is drawn over the lines: level lines with their names, and where files began. Canvas pixels throughout. */
export interface Level {
  readonly bytes: number
  readonly text: string
  readonly colour: string
  readonly dash: readonly number[]
}

const LABEL_GAP = 4

export function drawOverlays(
  plot: uPlot,
  { levels, marks, palette }: { levels: readonly Level[]; marks: readonly FileMark[]; palette: Palette }
): void {
  const { ctx, bbox } = plot
  ctx.save()
  ctx.beginPath()
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height)
  ctx.clip()
  for (const mark of marks) drawMark(plot, mark.atMs / 1000, palette)
  const taken: number[] = []
  for (const level of levels) drawLevel(plot, level, { palette, taken })
  ctx.restore()
}

function drawMark(plot: uPlot, atSec: number, palette: Palette): void {
  const { ctx, bbox } = plot
  const dpr = uPlot.pxRatio
  const x = Math.round(plot.valToPos(atSec, 'x', true)) + 0.5
  ctx.strokeStyle = palette.mark
  ctx.fillStyle = palette.mark
  ctx.lineWidth = dpr
  ctx.setLineDash([2 * dpr, 3 * dpr])
  ctx.beginPath()
  ctx.moveTo(x, bbox.top)
  ctx.lineTo(x, bbox.top + bbox.height)
  ctx.stroke()
  ctx.beginPath()
  ctx.moveTo(x - 4 * dpr, bbox.top)
  ctx.lineTo(x + 4 * dpr, bbox.top)
  ctx.lineTo(x, bbox.top + 6 * dpr)
  ctx.fill()
}

/** The name stands over its line at the left; under it where there is no room above or another name is there. */
function drawLevel(plot: uPlot, level: Level, { palette, taken }: { palette: Palette; taken: number[] }): void {
  const { ctx, bbox } = plot
  const dpr = uPlot.pxRatio
  const y = Math.round(plot.valToPos(level.bytes, 'y', true)) + 0.5
  ctx.strokeStyle = level.colour
  ctx.lineWidth = 1.5 * dpr
  ctx.setLineDash(level.dash.map((length) => length * dpr))
  ctx.beginPath()
  ctx.moveTo(bbox.left, y)
  ctx.lineTo(bbox.left + bbox.width, y)
  ctx.stroke()
  const height = 13 * dpr
  const isFree = (at: number): boolean =>
    at - height >= bbox.top && taken.every((other) => Math.abs(other - at) >= height)
  const above = y - LABEL_GAP * dpr
  const at = isFree(above) ? above : y + height
  taken.push(at)
  ctx.font = palette.font.replace(/^(\d+)px/u, (_, px: string) => `${Number(px) * dpr}px`)
  ctx.textAlign = 'left'
  ctx.textBaseline = 'alphabetic'
  ctx.setLineDash([])
  ctx.lineJoin = 'round'
  ctx.lineWidth = 4 * dpr
  ctx.strokeStyle = palette.surface
  ctx.strokeText(level.text, bbox.left + 8 * dpr, at)
  ctx.fillStyle = level.colour
  ctx.fillText(level.text, bbox.left + 8 * dpr, at)
}
