import type { Outline } from './trackData'
import type { Box } from './trackLayout'
import { frameAtX, lengthOf, xOfFrame, type View } from './view'

export interface WaveLook {
  readonly view: View
  readonly colour: string
  readonly axisColour: string
  /** The sample value at the box's edge. */
  readonly scale: number
  /** A canvas pixel in CSS pixels. */
  readonly pixel: number
}

/** An outline as vertical lines, one for each pixel; single samples as a curve. */
export function drawWave(ctx: CanvasRenderingContext2D, box: Box, outline: Outline | null, look: WaveLook): void {
  const middle = box.y + box.height / 2
  ctx.save()
  ctx.beginPath()
  ctx.rect(box.x, box.y, box.width, box.height)
  ctx.clip()
  ctx.fillStyle = look.axisColour
  ctx.fillRect(box.x, middle - look.pixel / 2, box.width, look.pixel)
  if (outline && outline.low.length > 0) {
    const framesOfBin = lengthOf(outline.view) / outline.low.length
    if (framesOfBin <= 1 && (framesOfBin / lengthOf(look.view)) * box.width > 1.5) drawCurve(ctx, box, outline, look)
    else drawBars(ctx, box, outline, look)
  }
  ctx.restore()
}

function drawBars(ctx: CanvasRenderingContext2D, box: Box, outline: Outline, look: WaveLook): void {
  const { view, low, high } = outline
  const half = box.height / 2
  const middle = box.y + half
  const binAt = (x: number): number =>
    ((frameAtX(look.view, x, box.width) - view.startFrame) / lengthOf(view)) * low.length
  ctx.fillStyle = look.colour
  for (let x = 0; x < box.width; x += look.pixel) {
    const first = Math.floor(binAt(x))
    const last = Math.max(first + 1, Math.ceil(binAt(x + look.pixel)))
    if (last <= 0 || first >= low.length) continue
    let [least, most] = [Infinity, -Infinity]
    for (let bin = Math.max(0, first); bin < Math.min(low.length, last); bin++) {
      least = Math.min(least, low[bin]!)
      most = Math.max(most, high[bin]!)
    }
    const top = middle - Math.min(1, most / look.scale) * half
    const bottom = middle - Math.max(-1, least / look.scale) * half
    ctx.fillRect(box.x + x, top, look.pixel, Math.max(look.pixel, bottom - top))
  }
}

function drawCurve(ctx: CanvasRenderingContext2D, box: Box, outline: Outline, look: WaveLook): void {
  const half = box.height / 2
  ctx.strokeStyle = look.colour
  ctx.lineWidth = 1.5
  ctx.lineJoin = 'round'
  ctx.beginPath()
  for (let bin = 0; bin < outline.high.length; bin++) {
    const x = box.x + xOfFrame(look.view, outline.view.startFrame + bin, box.width)
    const y = box.y + half - (outline.high[bin]! / look.scale) * half
    if (bin === 0) ctx.moveTo(x, y)
    else ctx.lineTo(x, y)
  }
  ctx.stroke()
}
