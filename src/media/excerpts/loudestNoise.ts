/** Length of the pieces that a noise floor is told from. */
export const FRAME_SEC = 0.02
const QUIET_SHARE = 0.2
/** Under -110 dBFS it is the silence of an editor or of a muted microphone, no noise that anybody hears. */
const SILENT_POWER = 1e-11
/** More of it than this and the part is mostly silence. */
const MAX_SILENT_SHARE = 0.5

/** Mean square of each whole {@link FRAME_SEC} of a signal, over its channels. */
export function framePowers(planar: readonly Float32Array[], sampleRateHz: number): Float32Array {
  const frame = Math.max(1, Math.round(sampleRateHz * FRAME_SEC))
  const powers = new Float32Array(Math.floor((planar[0]?.length ?? 0) / frame))
  for (const samples of planar) {
    for (let i = 0; i < powers.length; i++) {
      let sum = 0
      for (let at = i * frame; at < (i + 1) * frame; at++) sum += samples[at]! * samples[at]!
      powers[i]! += sum / (frame * planar.length)
    }
  }
  return powers
}

/** Power of the noise between the words: a low percentile of what is not digital silence; 0 where that is most of it. */
export function floorPower(powers: ArrayLike<number>): number {
  const heard = Float32Array.from(powers).filter((power) => power > SILENT_POWER)
  if (heard.length < powers.length * MAX_SILENT_SHARE || heard.length === 0) return 0
  heard.sort()
  return heard[Math.floor((heard.length - 1) * QUIET_SHARE)]!
}

/** Powers of a stretch of a signal, wherever it lies in it. */
export interface Stretch {
  readonly startSec: number
  readonly powers: Float32Array
}

/**
 * Where a part of `lengthSec` with the highest noise floor begins, told from stretches in rising order: each may begin a part,
 * which is judged by all the stretches in it. Best first; 0 alone where there is nothing but silence.
 */
export function loudestNoise(stretches: readonly Stretch[], lengthSec: number, lastStartSec: number): number[] {
  const judged = stretches
    .map(({ startSec }) => Math.min(startSec, lastStartSec))
    .map((startSec) => ({ startSec, floor: floorPower(powersWithin(stretches, startSec, startSec + lengthSec)) }))
    .filter(({ floor }) => floor > 0)
    .sort((a, b) => b.floor - a.floor)
  return judged.length === 0 ? [0] : judged.map(({ startSec }) => startSec)
}

function powersWithin(stretches: readonly Stretch[], startSec: number, endSec: number): number[] {
  const powers: number[] = []
  for (const stretch of stretches) {
    if (stretch.startSec < startSec || stretch.startSec >= endSec) continue
    for (const power of stretch.powers) powers.push(power)
  }
  return powers
}
