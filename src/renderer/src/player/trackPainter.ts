import type { Signal } from '../../../shared/ipc/playerViews'
import { TILE_CEILING_DB, TILE_FLOOR_DB } from '../../../shared/ipc/playerViews'
import { drawWave } from './drawWave'
import type { Loop } from './frameQueue'
import { addressesFor, drawSpectrum, TilePictures, type SpectrumLook } from './tilePictures'
import { peakOf, type Outline, type TrackData } from './trackData'
import { layoutOf, type Box, type Lane, type Look, type TrackLayout } from './trackLayout'
import { readTrackPalette, type TrackPalette } from './trackPalette'
import { frequencyTicks, isWhole, timeText, timeTicks, wholeView, xOfFrame, type View } from './view'

/** All that the picture depends on, besides what was read of the clip. */
export interface TrackModel {
  readonly frames: number
  readonly rateHz: number
  /** Where frame 0 lies in the source. */
  readonly offsetSec: number
  readonly signals: readonly Signal[]
  readonly heard: Signal
  readonly view: View
  readonly look: Look
  readonly region: Loop | null
  readonly isLooping: boolean
  /** Nothing is drawn that would tell which is which; these words are, in its place. */
  readonly secret: string | null
  readonly names: Readonly<Record<Signal, string>>
  readonly words: { readonly hertz: string; readonly decibels: string }
}

export interface Pointer {
  readonly x: number
  readonly y: number
}

const WAVE_FLOOR = 0.02

/** Draws one clip into two canvases: what lies still, and over it what moves sixty times a second. */
export class TrackPainter {
  readonly #still: HTMLCanvasElement
  readonly #moving: HTMLCanvasElement
  readonly #pictures: TilePictures
  #palette: TrackPalette
  #widthPx = 0
  #heightPx = 0
  #ratio = 1
  layout: TrackLayout | null = null

  constructor(still: HTMLCanvasElement, moving: HTMLCanvasElement) {
    this.#still = still
    this.#moving = moving
    this.#palette = readTrackPalette(still)
    this.#pictures = new TilePictures(this.#palette.map)
  }

  resize(widthPx: number, heightPx: number, ratio: number): void {
    this.#widthPx = widthPx
    this.#heightPx = heightPx
    this.#ratio = ratio
    for (const canvas of [this.#still, this.#moving]) {
      canvas.width = Math.max(1, Math.round(widthPx * ratio))
      canvas.height = Math.max(1, Math.round(heightPx * ratio))
    }
  }

  readTheme(): void {
    this.#palette = readTrackPalette(this.#still)
    this.#pictures.recolour(this.#palette.map)
  }

  drawStill(model: TrackModel, data: TrackData, atFrame: number): void {
    const ctx = this.#begin(this.#still)
    if (!ctx) return
    const isZoomed = !isWhole(model.view, model.frames)
    this.layout = layoutOf({ ...model, widthPx: this.#widthPx, heightPx: this.#heightPx, isZoomed })
    this.#drawAxis(ctx, model, this.layout)
    if (model.secret !== null) {
      this.#drawSecret(ctx, this.layout.field, model.secret)
      return
    }
    this.#want(model, data, atFrame)
    const scale = this.#scaleOf(model, data)
    for (const lane of this.layout.lanes) this.#drawLane(ctx, lane, { model, data, scale })
    if (model.look !== 'wave') this.#drawLegend(ctx, this.layout, model)
    if (this.layout.overview) this.#drawOverview(ctx, this.layout.overview, { model, data, scale })
  }

  drawMoving(model: TrackModel, positionFrame: number, hover: Pointer | null): void {
    const ctx = this.#begin(this.#moving)
    const { layout } = this
    if (!ctx || !layout) return
    this.#drawRegion(ctx, model, layout)
    if (hover) this.#drawHover(ctx, layout, { model, x: hover.x })
    this.#drawPlayhead(ctx, layout, { model, positionFrame })
  }

  #begin(canvas: HTMLCanvasElement): CanvasRenderingContext2D | null {
    const ctx = canvas.getContext('2d')
    ctx?.setTransform(this.#ratio, 0, 0, this.#ratio, 0, 0)
    ctx?.clearRect(0, 0, this.#widthPx, this.#heightPx)
    return ctx
  }

  #lookOf(model: TrackModel, signal: Signal, box: Box): SpectrumLook {
    return { signal, view: model.view, frames: model.frames, pixels: box.width * this.#ratio }
  }

  /** Asks for what is in sight and not there; the signal that is heard first. */
  #want(model: TrackModel, data: TrackData, atFrame: number): void {
    const lanes = this.layout?.lanes ?? []
    for (const { signal, wave } of lanes) {
      data.wantOverview(signal)
      if (wave) data.wantOutline(signal, model.view, wave.width * this.#ratio)
    }
    const first = [...lanes].sort((a, b) => Number(b.signal === model.heard) - Number(a.signal === model.heard))
    const tiles = first.flatMap(({ signal, spectrum }) =>
      spectrum ? addressesFor(this.#lookOf(model, signal, spectrum), atFrame) : []
    )
    data.wantTiles(tiles)
    data.renewTiles(data.staleTiles(tiles))
  }

  /** One scale for all lanes, so that they can be compared: the highest peak of the clip fills a lane. */
  #scaleOf(model: TrackModel, data: TrackData): number {
    const peaks = model.signals.map((signal) => {
      const outline = data.outline(signal, 'whole')
      return outline ? peakOf(outline) : 0
    })
    return Math.min(1, Math.max(WAVE_FLOOR, ...peaks) * 1.06)
  }

  #drawLane(
    ctx: CanvasRenderingContext2D,
    lane: Lane,
    { model, data, scale }: { model: TrackModel; data: TrackData; scale: number }
  ): void {
    const palette = this.#palette
    const isHeard = lane.signal === model.heard
    if (lane.wave) {
      ctx.fillStyle = palette.ground
      ctx.fillRect(lane.wave.x, lane.wave.y, lane.wave.width, lane.wave.height)
      const outline = bestOutline(data, lane.signal, model.view)
      const pixel = 1 / this.#ratio
      drawWave(ctx, lane.wave, outline, {
        view: model.view,
        colour: palette.signals[lane.signal],
        axisColour: palette.line,
        scale,
        pixel
      })
      this.#text(ctx, `${String(Math.round(20 * Math.log10(scale))).replace('-', '−')} dB`, {
        x: lane.wave.x - 6,
        y: lane.wave.y + 8,
        align: 'right'
      })
    }
    if (lane.spectrum) {
      ctx.fillStyle = cssOf(palette.map[0] ?? 0)
      ctx.fillRect(lane.spectrum.x, lane.spectrum.y, lane.spectrum.width, lane.spectrum.height)
      const look = this.#lookOf(model, lane.signal, lane.spectrum)
      drawSpectrum(ctx, lane.spectrum, { data, pictures: this.#pictures, look })
      this.#drawFrequencies(ctx, lane.spectrum, model)
    }
    this.#drawName(ctx, lane.box, { name: model.names[lane.signal], isHeard, colour: palette.signals[lane.signal] })
  }

  #drawName(
    ctx: CanvasRenderingContext2D,
    box: Box,
    { name, isHeard, colour }: { name: string; isHeard: boolean; colour: string }
  ): void {
    const palette = this.#palette
    ctx.font = isHeard ? palette.strong : palette.font
    const width = ctx.measureText(name).width + 22
    ctx.fillStyle = palette.surface
    ctx.globalAlpha = 0.9
    ctx.beginPath()
    ctx.roundRect(box.x + 6, box.y + 5, width, 18, 4)
    ctx.fill()
    ctx.globalAlpha = 1
    ctx.fillStyle = colour
    ctx.beginPath()
    ctx.arc(box.x + 15, box.y + 14, 3.5, 0, 2 * Math.PI)
    ctx.fill()
    ctx.fillStyle = isHeard ? palette.ink : palette.muted
    ctx.textAlign = 'left'
    ctx.textBaseline = 'middle'
    ctx.fillText(name, box.x + 22, box.y + 14.5)
    if (!isHeard) return
    ctx.fillStyle = palette.accent
    ctx.fillRect(box.x - 3, box.y, 3, box.height)
  }

  #text(
    ctx: CanvasRenderingContext2D,
    text: string,
    at: { x: number; y: number; align: CanvasTextAlign; colour?: string }
  ): void {
    ctx.font = this.#palette.font
    ctx.textAlign = at.align
    ctx.textBaseline = 'middle'
    ctx.fillStyle = at.colour ?? this.#palette.faint
    ctx.fillText(text, at.x, at.y)
  }

  #drawFrequencies(ctx: CanvasRenderingContext2D, box: Box, model: TrackModel): void {
    const topHz = model.rateHz / 2
    const ticks = frequencyTicks(topHz, { heightPx: box.height, leastPx: 22 })
    for (const [at, hz] of ticks.entries()) {
      const y = box.y + box.height * (1 - hz / topHz)
      const unit = at === ticks.length - 1 ? ' kHz' : ''
      this.#text(ctx, `${hz / 1000}${unit}`, { x: box.x - 6, y, align: 'right' })
      ctx.fillStyle = this.#palette.line
      ctx.fillRect(box.x - 4, y, 3, 1 / this.#ratio)
    }
  }

  #drawAxis(ctx: CanvasRenderingContext2D, { view, rateHz, offsetSec }: TrackModel, { axis }: TrackLayout): void {
    const startSec = offsetSec + view.startFrame / rateHz
    const endSec = offsetSec + view.endFrame / rateHz
    for (const { sec, text } of timeTicks(startSec, endSec, { widthPx: axis.width, leastPx: 78 })) {
      const x = axis.x + ((sec - startSec) / (endSec - startSec)) * axis.width
      ctx.fillStyle = this.#palette.line
      ctx.fillRect(x, axis.y, 1, 4)
      const half = 18
      const at = Math.min(Math.max(x, axis.x + (offsetSec === 0 ? 0 : half)), axis.x + axis.width - half + 8)
      this.#text(ctx, text, { x: at, y: axis.y + 12, align: 'center' })
    }
  }

  #drawLegend(ctx: CanvasRenderingContext2D, { field }: TrackLayout, model: TrackModel): void {
    const x = field.x + field.width + 10
    const steps = Math.max(1, Math.round(field.height))
    for (let i = 0; i < steps; i++) {
      ctx.fillStyle = cssOf(this.#palette.map[Math.round(255 * (1 - i / steps))] ?? 0)
      ctx.fillRect(x, field.y + i, 8, 1.5)
    }
    ctx.strokeStyle = this.#palette.line
    ctx.lineWidth = 1
    ctx.strokeRect(x - 0.5, field.y - 0.5, 9, field.height + 1)
    const middle = (TILE_CEILING_DB + TILE_FLOOR_DB) / 2
    const rows = [
      [TILE_CEILING_DB, field.y + 6],
      [middle, field.y + field.height / 2],
      [TILE_FLOOR_DB, field.y + field.height - 6]
    ] as const
    for (const [db, y] of rows) this.#text(ctx, String(db).replace('-', '−'), { x: x + 13, y, align: 'left' })
    this.#text(ctx, model.words.decibels, { x: x + 13, y: field.y + 19, align: 'left' })
  }

  #drawOverview(
    ctx: CanvasRenderingContext2D,
    box: Box,
    { model, data, scale }: { model: TrackModel; data: TrackData; scale: number }
  ): void {
    const palette = this.#palette
    ctx.fillStyle = palette.ground
    ctx.fillRect(box.x, box.y, box.width, box.height)
    const outline = data.outline(model.heard, 'whole')
    const view = wholeView(model.frames)
    drawWave(ctx, box, outline, {
      view,
      colour: palette.faint,
      axisColour: palette.line,
      scale,
      pixel: 1 / this.#ratio
    })
    const from = box.x + xOfFrame(view, model.view.startFrame, box.width)
    const to = box.x + xOfFrame(view, model.view.endFrame, box.width)
    ctx.globalAlpha = 0.6
    ctx.fillStyle = palette.surface
    ctx.fillRect(box.x, box.y, from - box.x, box.height)
    ctx.fillRect(to, box.y, box.x + box.width - to, box.height)
    ctx.globalAlpha = 1
    ctx.strokeStyle = palette.accent
    ctx.lineWidth = 1.5
    ctx.strokeRect(from, box.y + 0.75, Math.max(3, to - from), box.height - 1.5)
  }

  #drawSecret(ctx: CanvasRenderingContext2D, field: Box, words: string): void {
    ctx.fillStyle = this.#palette.ground
    ctx.fillRect(field.x, field.y, field.width, field.height)
    this.#text(ctx, words, {
      x: field.x + field.width / 2,
      y: field.y + field.height / 2,
      align: 'center',
      colour: this.#palette.muted
    })
  }

  #drawRegion(
    ctx: CanvasRenderingContext2D,
    { region, view, isLooping, frames }: TrackModel,
    layout: TrackLayout
  ): void {
    if (!region) return
    const { field, overview } = layout
    const palette = this.#palette
    const x = (frame: number): number =>
      Math.min(Math.max(xOfFrame(view, frame, field.width), 0), field.width) + field.x
    const [from, to] = [x(region.fromFrame), x(region.toFrame)]
    ctx.fillStyle = isLooping ? palette.accent : palette.faint
    ctx.globalAlpha = 0.16
    ctx.fillRect(from, field.y, to - from, field.height)
    ctx.globalAlpha = isLooping ? 1 : 0.6
    for (const [edge, frame] of [
      [from, region.fromFrame],
      [to, region.toFrame]
    ] as const) {
      if (frame < view.startFrame || frame > view.endFrame) continue
      ctx.fillRect(edge - 0.75, field.y, 1.5, field.height)
      ctx.fillRect(edge - 3, field.y, 6, 4)
    }
    if (overview) {
      const whole = wholeView(frames)
      const left = overview.x + xOfFrame(whole, region.fromFrame, overview.width)
      const right = overview.x + xOfFrame(whole, region.toFrame, overview.width)
      ctx.fillRect(left, overview.y + overview.height - 3, Math.max(2, right - left), 3)
    }
    ctx.globalAlpha = 1
  }

  #drawHover(
    ctx: CanvasRenderingContext2D,
    { field, axis }: TrackLayout,
    { model, x }: { model: TrackModel; x: number }
  ): void {
    if (x < field.x || x > field.x + field.width) return
    const frame = model.view.startFrame + ((x - field.x) / field.width) * (model.view.endFrame - model.view.startFrame)
    ctx.fillStyle = this.#palette.muted
    ctx.globalAlpha = 0.6
    ctx.fillRect(x, field.y, 1, field.height)
    ctx.globalAlpha = 1
    this.#tag(ctx, timeText(model.offsetSec + frame / model.rateHz, 2), { x, y: axis.y + 2, field })
  }

  #tag(ctx: CanvasRenderingContext2D, text: string, { x, y, field }: { x: number; y: number; field: Box }): void {
    ctx.font = this.#palette.font
    const width = ctx.measureText(text).width + 10
    const left = Math.min(Math.max(x - width / 2, field.x), field.x + field.width - width)
    ctx.fillStyle = this.#palette.ink
    ctx.beginPath()
    ctx.roundRect(left, y, width, 17, 4)
    ctx.fill()
    this.#text(ctx, text, { x: left + width / 2, y: y + 9, align: 'center', colour: this.#palette.surface })
  }

  #drawPlayhead(
    ctx: CanvasRenderingContext2D,
    { field, overview }: TrackLayout,
    { model, positionFrame }: { model: TrackModel; positionFrame: number }
  ): void {
    const x = field.x + xOfFrame(model.view, positionFrame, field.width)
    ctx.fillStyle = this.#palette.ink
    if (x >= field.x - 0.5 && x <= field.x + field.width + 0.5) {
      ctx.fillRect(x - 0.75, field.y, 1.5, field.height)
      ctx.beginPath()
      ctx.moveTo(x - 5, field.y)
      ctx.lineTo(x + 5, field.y)
      ctx.lineTo(x, field.y + 6)
      ctx.fill()
    }
    if (overview)
      ctx.fillRect(
        overview.x + (positionFrame / Math.max(1, model.frames)) * overview.width - 0.75,
        overview.y,
        1.5,
        overview.height
      )
  }
}

/** That of the view, also of the one before it as long as it covers this one; else the whole clip's, coarse as it is. */
function bestOutline(data: TrackData, signal: Signal, view: View): Outline | null {
  const near = data.outline(signal, 'view')
  const covers = near && near.view.startFrame <= view.startFrame + 1 && near.view.endFrame >= view.endFrame - 1
  return covers ? near : (data.outline(signal, 'whole') ?? near)
}

/** A word of the colour map, for a fill. */
function cssOf(word: number): string {
  return `rgb(${word & 255} ${(word >> 8) & 255} ${(word >> 16) & 255})`
}
