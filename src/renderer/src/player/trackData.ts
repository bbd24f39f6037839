import type { PeaksView, PlayerClip, Signal, TileView } from '../../../shared/ipc/playerViews'
import { MAX_PEAK_BINS } from '../../../shared/ipc/playerViews'
import { call } from '../ipc/client'
import { AskInTurn } from './askInTurn'
import { BoundedCache, tileKey, type TileAddress } from './tiles'
import { wholeView, type View } from './view'

/** Tiles kept, each 64 kB of bytes and 256 kB of picture. */
const MOST_TILES = 96
const MOST_ASKED = 3
const OVERVIEW_BINS = 2048

/** Lowest and highest sample of each of `low.length` equal parts of a view, over all channels; full scale 1. */
export interface Outline {
  readonly view: View
  readonly low: Float32Array
  readonly high: Float32Array
  readonly isExact: boolean
}

export interface Tile {
  readonly address: TileAddress
  readonly bytes: Uint8Array
  readonly isComplete: boolean
  /** Counts up where the same tile came again. */
  readonly version: number
}

interface PeaksQuestion {
  readonly view: View
  readonly bins: number
}

/** What is known of a clip's looks: asked for as it is looked at, never more than a few questions at once. */
export class TrackData {
  readonly #clip: PlayerClip
  readonly #changed: () => void
  readonly #fail: (thrown: unknown) => void
  readonly #outlines = new Map<string, Outline>()
  readonly #asking = new Map<string, AskInTurn<PeaksQuestion, PeaksView>>()
  readonly #tiles = new BoundedCache<Tile>(MOST_TILES)
  readonly #asked = new Set<string>()
  readonly #stale = new Set<string>()
  #wanted: readonly TileAddress[] = []
  #isClosed = false

  constructor(clip: PlayerClip, on: { readonly changed: () => void; readonly fail: (thrown: unknown) => void }) {
    this.#clip = clip
    this.#changed = on.changed
    this.#fail = on.fail
  }

  /** The last outline of what was looked at, and that of the whole clip, to draw until a better one comes. */
  outline(signal: Signal, which: 'view' | 'whole'): Outline | null {
    return this.#outlines.get(`${signal}/${which}`) ?? null
  }

  tile(address: TileAddress): Tile | null {
    return this.#tiles.get(tileKey(address)) ?? null
  }

  /** Asks for the outline of a view, unless that is what is there. */
  wantOutline(signal: Signal, view: View, widthPx: number): void {
    this.#wish(signal, 'view', questionFor(view, widthPx, this.#clip.frames))
  }

  wantOverview(signal: Signal): void {
    this.#wish(signal, 'whole', questionFor(wholeView(this.#clip.frames), OVERVIEW_BINS, this.#clip.frames))
  }

  /** The tiles that are looked at now, the most wanted first: what was wanted before and is not asked yet is forgotten. */
  wantTiles(addresses: readonly TileAddress[]): void {
    this.#wanted = addresses.filter((address) => this.tile(address) === null && !this.#asked.has(tileKey(address)))
    this.#askTiles()
  }

  /** More of the clip has been read: what was not exact is asked for again when it is looked at. */
  refresh(): void {
    for (const [key, outline] of this.#outlines) if (!outline.isExact) this.#stale.add(key)
    for (const tile of this.#tiles.values()) if (!tile.isComplete) this.#stale.add(tileKey(tile.address))
    this.#changed()
  }

  /** Tiles of {@link refresh} that are in sight. */
  staleTiles(addresses: readonly TileAddress[]): readonly TileAddress[] {
    return addresses.filter((address) => this.#stale.has(tileKey(address)) && !this.#asked.has(tileKey(address)))
  }

  /** Asks again for tiles that are shown already. */
  renewTiles(addresses: readonly TileAddress[]): void {
    this.#wanted = [...this.#wanted, ...addresses]
    this.#askTiles()
  }

  close(): void {
    this.#isClosed = true
    for (const asking of this.#asking.values()) asking.close()
    this.#tiles.clear()
    this.#wanted = []
  }

  #wish(signal: Signal, which: 'view' | 'whole', question: PeaksQuestion): void {
    const key = `${signal}/${which}`
    const there = this.#outlines.get(key)
    const isThere = there && sameView(there.view, question.view) && there.low.length === question.bins
    if (this.#isClosed || (isThere && !this.#stale.has(key))) return
    this.#stale.delete(key)
    let asking = this.#asking.get(key)
    if (!asking) {
      asking = new AskInTurn<PeaksQuestion, PeaksView>((asked) => this.#peaks(signal, asked), {
        take: (asked, answer) => {
          this.#outlines.set(key, outlineOf(asked.view, answer))
          this.#changed()
        },
        fail: this.#fail
      })
      this.#asking.set(key, asking)
    }
    asking.wish(question)
  }

  #peaks(signal: Signal, { view, bins }: PeaksQuestion): Promise<PeaksView> {
    const { token } = this.#clip
    return call('player.peaks', { token, signal, startFrame: view.startFrame, endFrame: view.endFrame, bins })
  }

  #askTiles(): void {
    while (!this.#isClosed && this.#asked.size < MOST_ASKED) {
      const [next, ...rest] = this.#wanted
      if (!next) return
      this.#wanted = rest
      void this.#askTile(next)
    }
  }

  async #askTile(address: TileAddress): Promise<void> {
    const key = tileKey(address)
    this.#asked.add(key)
    try {
      const answer: TileView = await call('player.tile', { token: this.#clip.token, ...address })
      if (this.#isClosed) return
      const version = (this.#tiles.get(key)?.version ?? 0) + 1
      this.#tiles.set(key, { address, bytes: answer.bytes, isComplete: answer.isComplete, version })
      this.#stale.delete(key)
      this.#changed()
    } catch (thrown) {
      if (!this.#isClosed) this.#fail(thrown)
    } finally {
      this.#asked.delete(key)
      this.#askTiles()
    }
  }
}

/** Whole frames, and no more bins than there are frames or an answer may hold. */
export function questionFor(view: View, widthPx: number, frames: number): PeaksQuestion {
  const startFrame = Math.max(0, Math.floor(view.startFrame))
  const endFrame = Math.max(startFrame + 1, Math.min(frames, Math.ceil(view.endFrame)))
  const bins = Math.max(1, Math.min(MAX_PEAK_BINS, Math.round(widthPx), endFrame - startFrame))
  return { view: { startFrame, endFrame }, bins }
}

function sameView(a: View, b: View): boolean {
  return a.startFrame === b.startFrame && a.endFrame === b.endFrame
}

function outlineOf(view: View, { channels, isExact }: PeaksView): Outline {
  const bins = channels[0]?.min.length ?? 0
  const low = new Float32Array(bins)
  const high = new Float32Array(bins)
  for (let i = 0; i < bins; i++) {
    low[i] = Math.min(...channels.map(({ min }) => min[i]!)) / 32_767
    high[i] = Math.max(...channels.map(({ max }) => max[i]!)) / 32_767
  }
  return { view, low, high, isExact }
}

/** The highest of an outline, without sign. */
export function peakOf({ low, high }: Outline): number {
  let peak = 0
  for (let i = 0; i < low.length; i++) peak = Math.max(peak, -low[i]!, high[i]!)
  return peak
}
