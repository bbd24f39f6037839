import { writeFileSync } from 'node:fs'
import { plainWav } from '../../src/shared/wav/plainWav'

/** Writes a 16-bit WAV of a wavering tone in noise; another `seed` sounds otherwise. */
export function writeWavering(
  file: string,
  durationSec: number,
  { seed = 1, sampleRateHz = 16_000, channels = 1 } = {}
): void {
  let state = seed
  const wav = plainWav({ sampleRateHz, channels, frames: Math.round(durationSec * sampleRateHz) }, (frame, channel) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    const at = (frame * channels + channel) / sampleRateHz / channels
    return 6000 * Math.sin(1400 * at) * Math.sin(12 * at) + (state / 2 ** 32 - 0.5) * 2000
  })
  writeFileSync(file, wav)
}
