import { setImmediate as nextTurn } from 'node:timers/promises'
import { COLUMN_FRAMES, SpectrumColumns } from '../../audio/dsp/spectrumColumns'
import { TILE_COLUMNS, TILE_HOP, TILE_ROWS } from '../../shared/ipc/playerViews'
import type { Signal } from '../../shared/ipc/playerViews'
import type { MediaValue } from '../protocol'
import type { Clip } from './clip'
import { assertSignal } from './clipPeaks'

/** Tiles kept in memory for each clip: 64 KiB each. */
const MAX_KEPT = 96
/** Places inside a column that its power is the mean of, at most. */
const MAX_PLACES = 4
/** The same where each place is a read of its own. */
const MAX_FAR_PLACES = 2
/** Places nearer than this are read in one go. */
const NEAR_FRAMES = 4 * COLUMN_FRAMES
const BLOCK_FRAMES = 32_768
const COLUMNS_IN_A_TURN = 16

export interface TileRequest {
  readonly signal: Signal
  readonly level: number
  readonly index: number
}

/** Spectrogram tiles of a clip, the last ones kept. */
export class ClipTiles {
  private readonly kept = new Map<string, Uint8Array<ArrayBuffer>>()
  private readonly columns = new SpectrumColumns()
  private queue: Promise<unknown> = Promise.resolve()

  constructor(private readonly clip: Clip) {}

  /** Throws E_BAD_REQUEST for a signal that the clip does not have. */
  async tile(request: TileRequest, abort: AbortSignal): Promise<MediaValue<'tile'>> {
    assertSignal(this.clip, request.signal)
    const name = `${request.signal} ${request.level} ${request.index}`
    const before = this.kept.get(name)
    if (before !== undefined) {
      this.kept.delete(name)
      this.kept.set(name, before)
      // The answer is given away.
      return { bytes: before.slice(), isComplete: true }
    }
    // One after the other: they share their memory.
    const work = this.queue.then(() => this.make(request, abort))
    this.queue = work.catch(() => undefined)
    const made = await work
    if (made.isComplete) this.keep(name, made.bytes.slice())
    return made
  }

  private keep(name: string, bytes: Uint8Array<ArrayBuffer>): void {
    this.kept.set(name, bytes)
    for (const oldest of this.kept.keys()) {
      if (this.kept.size <= MAX_KEPT) return
      this.kept.delete(oldest)
    }
  }

  private async make({ signal, level, index }: TileRequest, abort: AbortSignal): Promise<MediaValue<'tile'>> {
    abort.throwIfAborted()
    const hop = TILE_HOP * 2 ** level
    const isFar = hop / MAX_PLACES > NEAR_FRAMES
    const places = Math.min(isFar ? MAX_FAR_PLACES : MAX_PLACES, Math.max(1, hop / COLUMN_FRAMES))
    const bytes = new Uint8Array(TILE_COLUMNS * TILE_ROWS)
    const { frames, files } = this.clip
    const ready = files.readyFrames
    const reader = new NearReader(this.clip, signal, hop / places)
    let isComplete = true
    this.columns.reset()
    for (let column = 0; column < TILE_COLUMNS; column++) {
      const start = (index * TILE_COLUMNS + column) * hop
      if (start >= frames) break
      if (Math.min(frames, start + hop + COLUMN_FRAMES) > ready) {
        isComplete = false
        break
      }
      for (let place = 0; place < places; place++) {
        const middle = start + Math.floor(((place + 0.5) * hop) / places)
        const piece = await reader.piece(middle - COLUMN_FRAMES / 2, abort)
        for (const samples of piece.planar) this.columns.add(samples, piece.from)
      }
      this.columns.finish(bytes, column * TILE_ROWS)
      if (column % COLUMNS_IN_A_TURN === COLUMNS_IN_A_TURN - 1) await nextTurn()
    }
    return { bytes, isComplete }
  }
}

/** Pieces of a signal in rising order: near ones from one read. */
class NearReader {
  private planar: readonly Float32Array[] = []
  private start = 0
  private end = 0

  constructor(
    private readonly clip: Clip,
    private readonly signal: Signal,
    private readonly stepFrames: number
  ) {}

  async piece(start: number, abort: AbortSignal): Promise<{ planar: readonly Float32Array[]; from: number }> {
    if (start < this.start || start + COLUMN_FRAMES > this.end) {
      const count = this.stepFrames <= NEAR_FRAMES ? BLOCK_FRAMES : COLUMN_FRAMES
      this.planar = await this.clip.files.readSignal(this.signal, start, count, abort)
      this.start = start
      this.end = start + count
    }
    return { planar: this.planar, from: start - this.start }
  }
}
