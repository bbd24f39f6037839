import { kaiserBank } from './kaiserBank'
import type { KaiserBank } from './kaiserBank'
import { isSilent } from './silence'

const BLOCK_SAMPLES = 8192
const MAX_RATE_HZ = 768000

const banks = new Map<string, WeakRef<KaiserBank>>()

/** One filter for all resamplers of a ratio, for as long as there is one. */
function sharedBank(up: number, down: number): KaiserBank {
  const key = `${up}/${down}`
  const found = banks.get(key)?.deref()
  if (found) return found
  const made = kaiserBank(up, down)
  banks.set(key, new WeakRef(made))
  return made
}

/** Greatest common divisor of two positive integers. */
export function greatestCommonDivisor(a: number, b: number): number {
  while (b !== 0) [a, b] = [b, a % b]
  return a
}

/**
 * Changes the sample rate of one channel, fed in pieces of any size (the result does not depend on them, to the bit).
 *
 * Zero phase: output sample m lies exactly at input time m * fromHz / toHz, as if zeros stood before the first and after the
 * last sample. Flat to 0.01 dB up to 0.92 of the lower Nyquist frequency, at least 100 dB down from that frequency on.
 * Memory depends on the ratio only. Runs of exact zeros cost next to nothing and give exact zeros.
 */
export class Resampler {
  readonly fromHz: number
  readonly toHz: number
  private readonly up: number
  private readonly down: number
  private readonly bank: KaiserBank | null
  /** Outputs come in groups of four of each phase; 1 where ratio or block do not allow that. */
  private readonly groupOutputs: number
  private readonly history: Float64Array
  /** Absolute input index of history[0], and samples in it. */
  private historyStart: number
  private filled: number
  private inputs = 0
  private outputs = 0
  /** Next output's time in input samples: `centre` + `phase` / up. */
  private centre = 0
  private phase = 0
  /** No sample of the history before this index (relative to it) and from the window's start on is other than zero. */
  private nextSound = 0
  private finished = false

  /** Rates are integers of 1 to 768000 Hz; throws RangeError for others and where the filter would need over 64 MB. */
  constructor(rates: { readonly fromHz: number; readonly toHz: number }) {
    for (const rate of [rates.fromHz, rates.toHz]) {
      if (!Number.isInteger(rate) || rate < 1 || rate > MAX_RATE_HZ) throw new RangeError(`sample rate ${rate} Hz`)
    }
    this.fromHz = rates.fromHz
    this.toHz = rates.toHz
    const divisor = greatestCommonDivisor(rates.fromHz, rates.toHz)
    this.up = rates.toHz / divisor
    this.down = rates.fromHz / divisor
    this.bank = this.up === this.down ? null : sharedBank(this.up, this.down)
    const taps = this.bank?.taps ?? 0
    const grouped = this.bank !== null && !this.bank.interpolated && 4 * this.down <= BLOCK_SAMPLES
    this.groupOutputs = grouped ? 4 * this.up : 1
    this.history = new Float64Array(this.bank === null ? 0 : taps + 2 * BLOCK_SAMPLES)
    this.filled = Math.max(0, taps / 2 - 1)
    this.historyStart = -this.filled
  }

  /** Input samples on each side of an output's time that it is made of. */
  get reach(): number {
    return this.bank === null ? 0 : this.bank.taps / 2
  }

  /** Output samples that `inputSamples` make when {@link finish} is not told otherwise: ceil(inputSamples * toHz / fromHz). */
  outputLength(inputSamples: number): number {
    const whole = Math.floor(inputSamples / this.down)
    return whole * this.up + Math.ceil(((inputSamples - whole * this.down) * this.up) / this.down)
  }

  /** Takes the next samples, gives the output samples that they complete: a fresh array, often shorter than expected. */
  push(samples: Float32Array): Float32Array {
    if (this.finished) throw new Error('resampler already finished')
    this.inputs += samples.length
    if (this.bank === null) {
      this.outputs += samples.length
      return samples.slice()
    }
    const half = this.bank.taps / 2
    const ready = this.outputLength(Math.max(0, this.inputs - half))
    const limit = ready - (ready % this.groupOutputs)
    const out = new Float32Array(Math.max(0, limit - this.outputs))
    this.feed(samples, out)
    return out
  }

  /** The rest, so that all outputs together are `totalOutputs` (zeros where the input ended long before). */
  finish(totalOutputs: number = this.outputLength(this.inputs)): Float32Array {
    if (this.finished) throw new Error('resampler already finished')
    if (totalOutputs < this.outputs) throw new RangeError(`${this.outputs} samples are out, ${totalOutputs} wanted`)
    this.finished = true
    const out = new Float32Array(totalOutputs - this.outputs)
    if (this.bank === null) return out
    const reached = this.outputLength(this.inputs + this.bank.taps)
    const sounding = out.subarray(0, Math.max(0, Math.min(out.length, reached - this.outputs)))
    this.feed(new Float32Array(2 * this.bank.taps), sounding)
    return out
  }

  /** Moves `samples` through the history block by block and fills `out` as they allow. */
  private feed(samples: Float32Array, out: Float32Array): void {
    let done = 0
    let written = 0
    do {
      this.compact()
      const piece = samples.subarray(done, done + BLOCK_SAMPLES)
      this.append(piece)
      done += piece.length
      written = this.produce(out, written)
    } while (done < samples.length && (written < out.length || !this.finished))
    this.outputs += written
  }

  private append(piece: Float32Array): void {
    const end = this.filled + piece.length
    if (isSilent(piece)) {
      const start = this.centre - this.bank!.taps / 2 + 1 - this.historyStart
      this.history.fill(0, this.filled, end)
      // Zeros after zeros need no second look.
      if (this.isSilent(start, this.filled)) this.nextSound = end
    } else {
      this.history.set(piece, this.filled)
    }
    this.filled = end
  }

  /** Drops what no later output needs, once the history is half used up. */
  private compact(): void {
    if (this.filled + BLOCK_SAMPLES <= this.history.length) return
    const drop = Math.min(this.filled, this.centre - this.bank!.taps / 2 + 1 - this.historyStart)
    this.history.copyWithin(0, drop, this.filled)
    this.filled -= drop
    this.historyStart += drop
    this.nextSound = Math.max(0, this.nextSound - drop)
  }

  private produce(out: Float32Array, from: number): number {
    const { taps } = this.bank!
    const group = this.groupOutputs
    const groupInputs = group === 1 ? 0 : Math.floor(((group - 1) * this.down) / this.up)
    let at = from
    while (at < out.length) {
      const start = this.centre - taps / 2 + 1 - this.historyStart
      const asGroup = group > 1 && at + group <= out.length && this.phase === 0
      const end = start + taps + (asGroup ? groupInputs : 0)
      if (end > this.filled) break
      const silent = this.isSilent(start, end)
      if (asGroup) {
        if (!silent) this.fourOfEachPhase(out, at, start)
        this.centre += 4 * this.down
        at += group
      } else {
        if (!silent) out[at] = this.single(start)
        this.advance()
        at++
      }
    }
    return at
  }

  private advance(): void {
    this.phase += this.down
    const whole = Math.floor(this.phase / this.up)
    this.centre += whole
    this.phase -= whole * this.up
  }

  /** Whether history[start...end) is exact zeros; looks at every sample about once. */
  private isSilent(start: number, end: number): boolean {
    const { history } = this
    if (this.nextSound < start) this.nextSound = start
    while (this.nextSound < end && history[this.nextSound] === 0) this.nextSound++
    return this.nextSound >= end
  }

  /** Four outputs of one phase share their coefficients, their inputs are `down` apart: a third faster than one by one. */
  private fourOfEachPhase(out: Float32Array, at: number, start: number): void {
    const { history, up, down } = this
    const { taps, coefficients } = this.bank!
    for (let k = 0; k < up; k++) {
      const ahead = Math.floor((k * down) / up)
      const c = (k * down - ahead * up) * taps
      const x0 = start + ahead
      const x1 = x0 + down
      const x2 = x1 + down
      const x3 = x2 + down
      let y0 = 0
      let y1 = 0
      let y2 = 0
      let y3 = 0
      for (let i = 0; i < taps; i += 2) {
        const a = coefficients[c + i]!
        const b = coefficients[c + i + 1]!
        y0 += a * history[x0 + i]! + b * history[x0 + i + 1]!
        y1 += a * history[x1 + i]! + b * history[x1 + i + 1]!
        y2 += a * history[x2 + i]! + b * history[x2 + i + 1]!
        y3 += a * history[x3 + i]! + b * history[x3 + i + 1]!
      }
      out[at + k] = y0
      out[at + k + up] = y1
      out[at + k + 2 * up] = y2
      out[at + k + 3 * up] = y3
    }
  }

  private single(start: number): number {
    const bank = this.bank!
    const position = (this.phase / this.up) * bank.phases
    const row = bank.interpolated ? Math.floor(position) : this.phase
    const value = this.dot(row, start)
    const mix = position - row
    return bank.interpolated && mix > 0 ? value + mix * (this.dot(row + 1, start) - value) : value
  }

  private dot(row: number, start: number): number {
    const { history } = this
    const { taps, coefficients } = this.bank!
    let c = row * taps
    let y0 = 0
    let y1 = 0
    let y2 = 0
    let y3 = 0
    for (let x = start, last = start + taps; x < last; x += 4, c += 4) {
      y0 += coefficients[c]! * history[x]!
      y1 += coefficients[c + 1]! * history[x + 1]!
      y2 += coefficients[c + 2]! * history[x + 2]!
      y3 += coefficients[c + 3]! * history[x + 3]!
    }
    return y0 + y1 + (y2 + y3)
  }
}
