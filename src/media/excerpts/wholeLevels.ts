import { LoudnessMeter } from '../../audio/dsp/loudnessMeter'
import type { ExcerptSource } from './excerptSource'

/** So much is measured of a long file, in stretches from all over it; a file that is not longer is measured whole. */
const MEASURED_SEC = { pcm: 120, child: 36 }
const STRETCH_SEC = { pcm: 1, child: 1.5 }
/** Pieces that one child of ffmpeg gets. */
const OF_CHILD = 6

/** Loudness and peak of what comes by: that of samples, as where stretches meet there would be a true peak of the cut. */
export class LevelMeter {
  private readonly loudness: LoudnessMeter
  private peak = 0

  constructor({ sampleRateHz, channels, channelMask }: ExcerptSource) {
    this.loudness = new LoudnessMeter({ sampleRateHz, channels, channelMask })
  }

  push(planar: readonly Float32Array[]): void {
    this.loudness.push(planar)
    for (const samples of planar) for (const value of samples) this.peak = Math.max(this.peak, Math.abs(value))
  }

  /** LUFS, null below the gate; dBFS, -Infinity for silence. */
  read(): { readonly lufs: number | null; readonly peakDb: number } {
    return { lufs: this.loudness.integratedLufs(), peakDb: 20 * Math.log10(this.peak) }
  }
}

/** Levels of the whole file: exact up to two minutes of PCM, else from stretches evenly all over it. */
export async function wholeLevels(source: ExcerptSource, signal: AbortSignal): Promise<ReturnType<LevelMeter['read']>> {
  const { sampleRateHz, frames, readPieces } = source
  const kind = readPieces === null ? 'pcm' : 'child'
  const meter = new LevelMeter(source)
  const take = (planar: readonly Float32Array[]): void => {
    meter.push(planar)
  }
  if (frames <= MEASURED_SEC[kind] * sampleRateHz) {
    await source.read(0, frames, take)
    return meter.read()
  }
  const length = Math.round(STRETCH_SEC[kind] * sampleRateHz)
  const count = Math.round(MEASURED_SEC[kind] / STRETCH_SEC[kind])
  const starts = Array.from({ length: count }, (_, n) => Math.floor((n * (frames - length)) / (count - 1)))
  for (let n = 0; n < count; n += OF_CHILD) {
    signal.throwIfAborted()
    const some = starts.slice(n, n + OF_CHILD)
    if (readPieces !== null) for (const planar of await readPieces(some, length)) take(planar)
    else for (const start of some) await source.read(start, length, take)
  }
  return meter.read()
}
