import { plainWav } from '../../shared/wav/plainWav'

const RATE_HZ = 48_000

/** Two channels at least, 48 kHz: what recordings have, and what takes the most of reading, resampling and writing. */
export function calibrationWav(channels: number, durationSec: number): Uint8Array {
  let [seed, value] = [7, 0]
  return plainWav({ sampleRateHz: RATE_HZ, channels, frames: Math.round(durationSec * RATE_HZ) }, (frame, channel) => {
    if (channel === 0) {
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
      // A tone that swells in noise: nothing of it may count as silence.
      value = 0.2 * Math.sin(frame / 60) * Math.sin(frame / 9000) + 0.04 * (seed / 2 ** 32 - 0.5)
    }
    return value * 32_767
  })
}
