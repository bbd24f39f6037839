import { MAX_TILE_LEVEL, TILE_COLUMNS, TILE_ROWS, type Signal } from '../../../shared/ipc/playerViews'
import { BoundedCache, levelFor, tileFrames, tileKey, tilesIn, type TileAddress } from './tiles'
import type { Tile, TrackData } from './trackData'
import type { Box } from './trackLayout'
import { xOfFrame, type View } from './view'

interface Picture {
  readonly canvas: HTMLCanvasElement
  readonly version: number
}

/** Tiles as pictures, in the colours of the theme. */
export class TilePictures {
  readonly #pictures = new BoundedCache<Picture>(96)
  #map: Uint32Array

  constructor(map: Uint32Array) {
    this.#map = map
  }

  /** Another theme: the pictures are made anew as they are drawn. */
  recolour(map: Uint32Array): void {
    this.#map = map
    this.#pictures.clear()
  }

  of(tile: Tile): HTMLCanvasElement {
    const key = tileKey(tile.address)
    const known = this.#pictures.get(key)
    if (known?.version === tile.version) return known.canvas
    const canvas = paint(tile.bytes, this.#map)
    this.#pictures.set(key, { canvas, version: tile.version })
    return canvas
  }
}

/** A tile holds column after column, the lowest frequency first; a picture row after row, the highest first. */
export function pixelsOf(bytes: Uint8Array, map: Uint32Array): Uint32Array<ArrayBuffer> {
  const pixels = new Uint32Array(TILE_COLUMNS * TILE_ROWS)
  for (let column = 0; column < TILE_COLUMNS; column++) {
    for (let row = 0; row < TILE_ROWS; row++) {
      pixels[(TILE_ROWS - 1 - row) * TILE_COLUMNS + column] = map[bytes[column * TILE_ROWS + row] ?? 0]!
    }
  }
  return pixels
}

function paint(bytes: Uint8Array, map: Uint32Array): HTMLCanvasElement {
  const canvas = document.createElement('canvas')
  canvas.width = TILE_COLUMNS
  canvas.height = TILE_ROWS
  const pixels = new Uint8ClampedArray(pixelsOf(bytes, map).buffer)
  canvas.getContext('2d')?.putImageData(new ImageData(pixels, TILE_COLUMNS, TILE_ROWS), 0, 0)
  return canvas
}

export interface SpectrumLook {
  readonly signal: Signal
  readonly view: View
  readonly frames: number
  /** Pixels of the canvas across the box. */
  readonly pixels: number
}

/** The tiles that a spectrogram needs, the nearest to a place first, and the coarse one over the whole clip before them. */
export function addressesFor({ signal, view, frames, pixels }: SpectrumLook, atFrame: number): readonly TileAddress[] {
  const level = levelFor(view, pixels)
  const coarse = coarsest(frames)
  const near = tilesIn(view, level, { frames, atFrame }).map((index) => ({ signal, level, index }))
  return level >= coarse ? near : [{ signal, level: coarse, index: 0 }, ...near]
}

/** The finest level at which one tile holds the whole clip. */
export function coarsest(frames: number): number {
  const level = Math.ceil(Math.log2(Math.max(1, frames) / tileFrames(0)))
  return Math.min(MAX_TILE_LEVEL, Math.max(0, level))
}

/** Draws what is there; in the place of a tile that is not, the part of a coarser one. */
export function drawSpectrum(
  ctx: CanvasRenderingContext2D,
  box: Box,
  { data, pictures, look }: { data: TrackData; pictures: TilePictures; look: SpectrumLook }
): void {
  const level = levelFor(look.view, look.pixels)
  const end = box.x + xOfFrame(look.view, look.frames, box.width)
  ctx.save()
  ctx.beginPath()
  ctx.rect(box.x, box.y, Math.min(box.width, end - box.x), box.height)
  ctx.clip()
  for (const index of tilesIn(look.view, level, { frames: look.frames, atFrame: look.view.startFrame })) {
    drawTile(ctx, box, { data, pictures, look, address: { signal: look.signal, level, index } })
  }
  ctx.restore()
}

function drawTile(
  ctx: CanvasRenderingContext2D,
  box: Box,
  of: { data: TrackData; pictures: TilePictures; look: SpectrumLook; address: TileAddress }
): void {
  const { level, index, signal } = of.address
  const span = tileFrames(level)
  const x = box.x + xOfFrame(of.look.view, index * span, box.width)
  const width = xOfFrame(of.look.view, of.look.view.startFrame + span, box.width)
  for (let up = 0; level + up <= Math.max(level, coarsest(of.look.frames)); up++) {
    const share = 2 ** -up
    const tile = of.data.tile({ signal, level: level + up, index: Math.floor(index * share) })
    if (!tile) continue
    const from = (index * share - Math.floor(index * share)) * TILE_COLUMNS
    ctx.drawImage(of.pictures.of(tile), from, 0, TILE_COLUMNS * share, TILE_ROWS, x, box.y, width, box.height)
    return
  }
}
