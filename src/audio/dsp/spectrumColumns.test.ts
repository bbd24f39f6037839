import { describe, expect, it } from 'vitest'
import { PowerSpectrum } from '../metrics/fft'
import { seededRandom } from '../io/testing/fixtures'
import { COLUMN_FRAMES, SpectrumColumns } from './spectrumColumns'

/** A sine that falls on a bin of the transform. */
function sine(bin: number, amplitude: number): Float32Array {
  return new Float32Array(COLUMN_FRAMES).map((_, i) => amplitude * Math.sin((2 * Math.PI * bin * i) / COLUMN_FRAMES))
}

function column(pieces: readonly Float32Array[]): Uint8Array {
  const columns = new SpectrumColumns()
  for (const piece of pieces) columns.add(piece, 0)
  const out = new Uint8Array(256)
  columns.finish(out, 0)
  return out
}

/** The byte of so many dB. */
const byte = (db: number): number => Math.round((db + 110) * 2.55)

describe('columns of the spectrogram', () => {
  // Catches a window's gain left out, a factor of two between power and amplitude, and rows that stand on their head.
  it.each([
    [100, 0.1, -20],
    [301, 0.001, -60]
  ])('shows a sine on bin %i of amplitude %f at its row with its level', (bin, amplitude, db) => {
    const bytes = column([sine(bin, amplitude)])
    expect(Math.abs(bytes[Math.floor(bin / 2)]! - byte(db))).toBeLessThanOrEqual(1)
    expect(bytes.indexOf(Math.max(...bytes))).toBe(Math.floor(bin / 2))
    expect(bytes[(Math.floor(bin / 2) + 100) % 256]).toBe(0)
  })

  it('is the mean power of its pieces: a sine in one of two channels is 3 dB less', () => {
    const bytes = column([sine(100, 0.1), new Float32Array(COLUMN_FRAMES)])
    expect(Math.abs(bytes[50]! - byte(-23.01))).toBeLessThanOrEqual(1)
  })

  it('counts an odd piece like the others (the last of three was dropped or doubled)', () => {
    const bytes = column([sine(100, 0.1), sine(100, 0.1), sine(100, 0.1)])
    expect(Math.abs(bytes[50]! - byte(-20))).toBeLessThanOrEqual(1)
  })

  it('is all zero for silence and does not wrap over the ceiling', () => {
    expect(column([new Float32Array(COLUMN_FRAMES)]).every((value) => value === 0)).toBe(true)
    expect(column([sine(100, 1)])[50]).toBe(255)
  })

  it('begins anew after each column and after a reset', () => {
    const columns = new SpectrumColumns()
    const out = new Uint8Array(256)
    columns.add(sine(100, 0.5), 0)
    columns.reset()
    columns.add(sine(30, 0.1), 0)
    columns.finish(out, 0)
    expect(out[50]).toBe(0)
    columns.finish(out, 0)
    expect(out.every((value) => value === 0)).toBe(true)
  })
})

describe('two spectra at the cost of one', () => {
  it('are those of each frame alone (the channels leaked into each other)', () => {
    const random = seededRandom(3)
    const frames = [0, 1].map(() => new Float64Array(64).map(() => random() - 0.5)) as [Float64Array, Float64Array]
    const fft = new PowerSpectrum(64)
    const outs: [Float64Array, Float64Array] = [new Float64Array(33), new Float64Array(33)]
    fft.transformPair(frames, outs)
    for (const [index, frame] of frames.entries()) {
      const alone = new Float64Array(33)
      fft.transform(frame, alone)
      for (let k = 0; k <= 32; k++) expect(outs[index]![k]).toBeCloseTo(alone[k]!, 9)
    }
  })
})
