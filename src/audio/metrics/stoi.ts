import { octaveResample } from './octaveResample'
import { PowerSpectrum } from './fft'

const RATE_HZ = 10000
const FRAME = 256
const HOP = FRAME / 2
const FFT_SIZE = 512
const BANDS = 15
const LOWEST_BAND_HZ = 150
const SEGMENT_FRAMES = 30
/** Frames so far under the loudest of the clean speech are pauses, and left out of both signals. */
const PAUSE_DB = 40
/** Lower bound of the signal-to-distortion ratio of a band in STOI, as a factor: 1 + 10^(15 / 20). */
const CLIP = 1 + 10 ** (15 / 20)
const TINY = 2 ** -52

/** Envelopes of one-third octave bands, [BANDS][frames]. */
type Envelopes = readonly Float64Array[]

/**
 * Short-time objective intelligibility, about 0 to 1 (Taal, Hendriks, Heusdens, Jensen: "An algorithm for intelligibility
 * prediction of time-frequency weighted noisy speech", 2011). Two arrays of one length and rate; RangeError for different
 * lengths, NaN where the clean speech has under 31 frames (0.4 s) once its pauses are out.
 */
export function stoi(clean: Float32Array, processed: Float32Array, sampleRateHz: number): number {
  return averageOverSegments(envelopes(clean, processed, sampleRateHz), stoiOfSegment)
}

/** Extended STOI (Jensen, Taal: "An algorithm for predicting the intelligibility of speech masked by modulated noise maskers", 2016); otherwise as {@link stoi}. */
export function estoi(clean: Float32Array, processed: Float32Array, sampleRateHz: number): number {
  return averageOverSegments(envelopes(clean, processed, sampleRateHz), estoiOfSegment)
}

function envelopes(clean: Float32Array, processed: Float32Array, sampleRateHz: number): [Envelopes, Envelopes] {
  if (clean.length !== processed.length) {
    throw new RangeError(`${clean.length} samples of clean speech, ${processed.length} processed`)
  }
  const [x, y] = [octaveResample(clean, sampleRateHz, RATE_HZ), octaveResample(processed, sampleRateHz, RATE_HZ)]
  const speech = speechFrames(x)
  return [bandEnvelopes(overlapAdd(x, speech)), bandEnvelopes(overlapAdd(y, speech))]
}

/** Hann window without its zero ends. */
const WINDOW = new Float64Array(FRAME).map((_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * (i + 1)) / (FRAME + 1)))

function windowed(samples: Float64Array, start: number): Float64Array {
  return WINDOW.map((w, i) => w * samples[start + i]!)
}

/** As in the authors' code, a frame that ends with the signal's very last sample is not counted. */
function frameStarts(length: number): number[] {
  const starts: number[] = []
  for (let start = 0; start + FRAME < length; start += HOP) starts.push(start)
  return starts
}

/** Starts of the frames of `clean` that are not pauses. */
function speechFrames(clean: Float64Array): number[] {
  const starts = frameStarts(clean.length)
  const levels = starts.map((start) => {
    const norm = Math.sqrt(windowed(clean, start).reduce((sum, v) => sum + v * v, 0))
    return 20 * Math.log10(norm + TINY)
  })
  const loudest = levels.reduce((a, b) => Math.max(a, b), -Infinity)
  return starts.filter((_, i) => levels[i]! > loudest - PAUSE_DB)
}

/** The windowed frames at `starts`, one hop apart. */
function overlapAdd(samples: Float64Array, starts: readonly number[]): Float64Array {
  const out = new Float64Array(starts.length === 0 ? 0 : (starts.length - 1) * HOP + FRAME)
  starts.forEach((start, i) => {
    windowed(samples, start).forEach((value, j) => (out[i * HOP + j]! += value))
  })
  return out
}

function bandEnvelopes(samples: Float64Array): Envelopes {
  const starts = frameStarts(samples.length)
  const bands = thirdOctaveBins()
  const out = bands.map(() => new Float64Array(starts.length))
  const spectrum = new PowerSpectrum(FFT_SIZE)
  const power = new Float64Array(FFT_SIZE / 2 + 1)
  starts.forEach((start, t) => {
    spectrum.transform(windowed(samples, start), power)
    bands.forEach(([from, to], b) => {
      out[b]![t] = Math.sqrt(power.subarray(from, to).reduce((sum, v) => sum + v, 0))
    })
  })
  return out
}

/** First bin and bin after the last of each band; edges go to the nearest bin. */
function thirdOctaveBins(): [number, number][] {
  const nearest = (hz: number): number => Math.round((hz * FFT_SIZE) / RATE_HZ)
  return Array.from({ length: BANDS }, (_, b) => [
    nearest(LOWEST_BAND_HZ * 2 ** ((2 * b - 1) / 6)),
    nearest(LOWEST_BAND_HZ * 2 ** ((2 * b + 1) / 6))
  ])
}

/** [BANDS][30 frames] of both signals ending at each frame, scored and averaged. */
function averageOverSegments(
  [x, y]: [Envelopes, Envelopes],
  score: (x: Float64Array[], y: Float64Array[]) => number
): number {
  const segments = x[0]!.length - SEGMENT_FRAMES + 1
  if (segments < 1) return NaN
  let sum = 0
  for (let from = 0; from < segments; from++) {
    const cut = (bands: Envelopes): Float64Array[] => bands.map((band) => band.slice(from, from + SEGMENT_FRAMES))
    sum += score(cut(x), cut(y))
  }
  return sum / segments
}

function norm(values: Float64Array): number {
  return Math.sqrt(values.reduce((sum, v) => sum + v * v, 0))
}

function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, v, i) => sum + v * b[i]!, 0)
}

/** Mean removed and divided by its norm. */
function normalised(values: Float64Array): Float64Array {
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length
  const centred = values.map((v) => v - mean)
  const length = norm(centred) + TINY
  return centred.map((v) => v / length)
}

function stoiOfSegment(x: Float64Array[], y: Float64Array[]): number {
  const correlations = x.map((band, b) => {
    const gain = norm(band) / (norm(y[b]!) + TINY)
    const limited = y[b]!.map((v, t) => Math.min(v * gain, band[t]! * CLIP))
    return dot(normalised(band), normalised(limited))
  })
  return correlations.reduce((sum, v) => sum + v, 0) / correlations.length
}

function estoiOfSegment(x: Float64Array[], y: Float64Array[]): number {
  const [a, b] = [spectraOf(x), spectraOf(y)]
  return a.reduce((sum, spectrum, t) => sum + dot(spectrum, b[t]!), 0) / SEGMENT_FRAMES
}

/** Bands normalised over time, then each frame's spectrum over bands: [30 frames][BANDS]. */
function spectraOf(bands: Float64Array[]): Float64Array[] {
  const rows = bands.map(normalised)
  return Array.from({ length: SEGMENT_FRAMES }, (_, t) => normalised(Float64Array.from(rows, (row) => row[t]!)))
}
