import { MAX_TILE_LEVEL, TILE_COLUMNS, TILE_HOP, type Signal } from '../../../shared/ipc/playerViews'
import { lengthOf, type View } from './view'

export interface TileAddress {
  readonly signal: Signal
  readonly level: number
  readonly index: number
}

export function tileKey({ signal, level, index }: TileAddress): string {
  return `${signal}/${level}/${index}`
}

/** Frames that a tile of a level spans. */
export function tileFrames(level: number): number {
  return TILE_COLUMNS * TILE_HOP * 2 ** level
}

/** The level whose columns are nearest to one pixel, and not so coarse that the whole clip is less than a tile's part. */
export function levelFor(view: View, widthPx: number): number {
  const wish = Math.round(Math.log2(lengthOf(view) / Math.max(1, widthPx) / TILE_HOP))
  return Math.min(MAX_TILE_LEVEL, Math.max(0, wish))
}

/** The tiles of a level that a view touches, the ones nearest to `atFrame` first. */
export function tilesIn(
  view: View,
  level: number,
  { frames, atFrame }: { frames: number; atFrame: number }
): readonly number[] {
  const span = tileFrames(level)
  const first = Math.max(0, Math.floor(view.startFrame / span))
  const last = Math.floor((Math.min(view.endFrame, frames) - 1) / span)
  const all = Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => first + i)
  const away = (index: number): number => Math.abs((index + 0.5) * span - atFrame)
  return all.sort((a, b) => away(a) - away(b))
}

/** Keeps the most recently used, so many at most. */
export class BoundedCache<T> {
  readonly #most: number
  readonly #kept = new Map<string, T>()

  constructor(most: number) {
    this.#most = most
  }

  get size(): number {
    return this.#kept.size
  }

  get(key: string): T | undefined {
    const value = this.#kept.get(key)
    if (value === undefined) return undefined
    this.#kept.delete(key)
    this.#kept.set(key, value)
    return value
  }

  set(key: string, value: T): void {
    this.#kept.delete(key)
    this.#kept.set(key, value)
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= this.#most) return
      this.#kept.delete(oldest)
    }
  }

  values(): Iterable<T> {
    return this.#kept.values()
  }

  clear(): void {
    this.#kept.clear()
  }
}
