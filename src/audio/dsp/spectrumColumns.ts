import { PowerSpectrum } from '../metrics/fft'
import { TILE_CEILING_DB, TILE_FLOOR_DB, TILE_ROWS } from '../../shared/ipc/playerViews'

/** Samples of one transform. */
export const COLUMN_FRAMES = 1024
/** |X|^2 of a full-scale sine under a Hann window: a quarter of the samples, squared. */
const FULL_SCALE_POWER = (COLUMN_FRAMES / 4) ** 2
const BYTES_PER_DB = 255 / (TILE_CEILING_DB - TILE_FLOOR_DB)

/** Turns pieces of {@link COLUMN_FRAMES} samples into columns of a spectrogram tile: the mean power of all pieces of a column. */
export class SpectrumColumns {
  private readonly fft = new PowerSpectrum(COLUMN_FRAMES)
  private readonly window = new Float64Array(COLUMN_FRAMES).map(
    (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / COLUMN_FRAMES)
  )
  private readonly frames: [Float64Array, Float64Array] = [
    new Float64Array(COLUMN_FRAMES),
    new Float64Array(COLUMN_FRAMES)
  ]
  private readonly powers: [Float64Array, Float64Array] = [
    new Float64Array(COLUMN_FRAMES / 2 + 1),
    new Float64Array(COLUMN_FRAMES / 2 + 1)
  ]
  private readonly sum = new Float64Array(COLUMN_FRAMES / 2 + 1)
  private pending = 0
  private pieces = 0

  /** One more piece of the present column: `samples[from..from + 1024)`. */
  add(samples: Float32Array, from: number): void {
    const frame = this.frames[this.pending]!
    const { window } = this
    for (let i = 0; i < COLUMN_FRAMES; i++) frame[i] = samples[from + i]! * window[i]!
    this.pieces++
    this.pending++
    if (this.pending === 2) this.transform()
  }

  /** Ends the column: its bytes, lowest frequency first, into `out[at..at + TILE_ROWS)`. */
  finish(out: Uint8Array, at: number): void {
    if (this.pending === 1) {
      this.frames[1].fill(0)
      this.transform()
    }
    const scale = 1 / (FULL_SCALE_POWER * Math.max(1, this.pieces))
    for (let row = 0; row < TILE_ROWS; row++) {
      const power = Math.max(this.sum[2 * row]!, this.sum[2 * row + 1]!) * scale
      // Uint8Array would wrap, and silence is minus infinity.
      const level = power === 0 ? 0 : (10 * Math.log10(power) - TILE_FLOOR_DB) * BYTES_PER_DB
      out[at + row] = Math.max(0, Math.min(255, Math.round(level)))
    }
    this.sum.fill(0)
    this.pieces = 0
  }

  /** Forgets a column that was begun. */
  reset(): void {
    this.sum.fill(0)
    this.pieces = 0
    this.pending = 0
  }

  private transform(): void {
    this.fft.transformPair(this.frames, this.powers)
    const [first, second] = this.powers
    for (let k = 0; k < this.sum.length; k++) this.sum[k]! += first[k]! + second[k]!
    this.pending = 0
  }
}
