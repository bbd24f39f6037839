import { LoudnessMeter } from '../../audio/dsp/loudnessMeter'
import { LOWEST_FLOOR_DBFS } from '../../audio/dsp/noiseFloor'
import { TruePeakMeter } from '../../audio/dsp/truePeak'
import { LevelSpool } from '../../audio/io/levelSpool'
import type { AudioFormat, AudioSink } from '../../audio/io/types'
import type { SoundLevels } from '../../shared/jobs/soundLevels'
import type { FileJob, LevelWish } from '../protocol'

/** Less is what the ceiling's own rounding takes. */
const TOLD_FROM_DB = 0.05

/** What the loudness setting came to. */
export interface Levelled {
  readonly gainDb: number
  /** The ceiling took more than a trace from the gain that was wanted. */
  readonly isHeldDown: boolean
}

/** A result that waits on disk while it is measured, as its gain is known only at its end. */
export class Levelling implements Pick<AudioSink, 'write' | 'writeSilence'> {
  private readonly sourceLoudness: LoudnessMeter
  private readonly loudness: LoudnessMeter
  private readonly peak: TruePeakMeter
  private readonly sourcePeak: TruePeakMeter

  private constructor(
    private readonly wish: LevelWish,
    private readonly spool: LevelSpool,
    formats: { readonly source: AudioFormat; readonly result: AudioFormat }
  ) {
    const { source, result } = formats
    this.sourceLoudness = new LoudnessMeter(source)
    this.loudness = new LoudnessMeter(result)
    this.peak = new TruePeakMeter(result.sampleRateHz, result.channels)
    this.sourcePeak = new TruePeakMeter(source.sampleRateHz, source.channels)
  }

  /** Null where the level is to be restored exactly and no ceiling is asked for: nothing stands in between then. */
  static async open({ level, partPath }: FileJob, source: AudioFormat, result: AudioFormat): Promise<Levelling | null> {
    if (level === undefined || (level.loudness === 'restore' && level.truePeakDb === null)) return null
    return new Levelling(level, await LevelSpool.open(partPath, result.channels), { source, result })
  }

  /** What was read; `match` has a use for it, and a part that gets its whole file's gain. */
  takeSource(planar: readonly Float32Array[]): void {
    const { loudness, wholeAbove } = this.wish
    if (loudness === 'match' || wholeAbove) this.sourceLoudness.push(planar)
    if (wholeAbove) this.sourcePeak.push(planar)
  }

  async write(planar: readonly Float32Array[]): Promise<void> {
    if (this.wish.loudness !== 'restore') this.loudness.push(planar)
    if (this.wish.truePeakDb !== null) this.peak.push(planar)
    await this.spool.write(planar)
  }

  writeSilence(frames: number): Promise<void> {
    return this.spool.writeSilence(frames)
  }

  /** All of it into the file. */
  async pour(sink: AudioSink, checkpoint: () => Promise<void>): Promise<Levelled> {
    const measured = {
      sourceLufs: this.sourceLoudness.integratedLufs(),
      resultLufs: this.loudness.integratedLufs(),
      resultTruePeakDb: this.peak.finish()
    }
    const levelled = chooseGain(this.wish, ofWhole(this.wish, measured, this.sourcePeak.finish()))
    await this.spool.pour(sink, { gain: 10 ** (levelled.gainDb / 20), checkpoint })
    return levelled
  }

  close(): Promise<void> {
    return this.spool.close()
  }
}

export interface MeasuredLoudness {
  readonly sourceLufs: number | null
  readonly resultLufs: number | null
  readonly resultTruePeakDb: number
}

/** A part that lies further below its whole than this has no share in the whole's loudness. */
const GATED_LU = 10

/**
 * What is measured of a part, as it would be of its whole file: the source's loudness is known, and the model is taken to change it as it
 * changes the part's, where that is loud enough to count; the result's peak is no lower than the source's highest.
 */
export function ofWhole({ wholeAbove }: LevelWish, part: MeasuredLoudness, sourceTruePeakDb: number): MeasuredLoudness {
  const { sourceLufs, resultLufs, resultTruePeakDb } = part
  if (!wholeAbove) return part
  const highest = wholeAbove.peakDb > 0 ? sourceTruePeakDb + wholeAbove.peakDb : -Infinity
  const peaks = { resultTruePeakDb: Math.max(resultTruePeakDb, highest) }
  if (sourceLufs === null) return { ...part, ...peaks }
  const wholeLufs = sourceLufs + wholeAbove.lu
  const change = resultLufs === null || wholeAbove.lu > GATED_LU ? 0 : resultLufs - sourceLufs
  return { sourceLufs: wholeLufs, resultLufs: wholeLufs + change, ...peaks }
}

/** One gain for the whole file: what is asked for, as far as the ceiling lets it. What has no loudness is not raised. */
export function chooseGain(wish: LevelWish, measured: MeasuredLoudness): Levelled {
  const { sourceLufs, resultLufs, resultTruePeakDb } = measured
  const goal = wish.loudness === 'target' ? wish.targetLufs : wish.loudness === 'match' ? sourceLufs : null
  const wantedDb = goal === null || resultLufs === null ? 0 : goal - resultLufs
  const roomDb = wish.truePeakDb === null ? Infinity : wish.truePeakDb - resultTruePeakDb
  const gainDb = Math.min(wantedDb, roomDb)
  return { gainDb, isHeldDown: wantedDb - gainDb > TOLD_FROM_DB }
}

/** Levels of a sound after a gain. */
export function raised(levels: SoundLevels, gainDb: number): SoundLevels {
  const raise = (db: number): number => (db <= LOWEST_FLOOR_DBFS ? db : Math.max(LOWEST_FLOOR_DBFS, db + gainDb))
  return {
    levelDb: raise(levels.levelDb),
    noiseFloorDb: raise(levels.noiseFloorDb),
    speechDb: raise(levels.speechDb),
    peakDb: raise(levels.peakDb)
  }
}
