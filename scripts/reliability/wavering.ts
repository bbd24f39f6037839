import { writeFileSync } from 'node:fs'

/** Writes a 16-bit WAV of a wavering tone in noise; another `seed` sounds otherwise. */
export function writeWavering(
  file: string,
  durationSec: number,
  { seed = 1, sampleRateHz = 16_000, channels = 1 } = {}
): void {
  const values = Math.round(durationSec * sampleRateHz) * channels
  const bytes = Buffer.alloc(44 + values * 2)
  bytes.write('RIFF', 0)
  bytes.writeUInt32LE(bytes.length - 8, 4)
  bytes.write('WAVEfmt ', 8)
  bytes.writeUInt32LE(16, 16)
  bytes.writeUInt16LE(1, 20)
  bytes.writeUInt16LE(channels, 22)
  bytes.writeUInt32LE(sampleRateHz, 24)
  bytes.writeUInt32LE(sampleRateHz * channels * 2, 28)
  bytes.writeUInt16LE(channels * 2, 32)
  bytes.writeUInt16LE(16, 34)
  bytes.write('data', 36)
  bytes.writeUInt32LE(values * 2, 40)
  let state = seed
  for (let i = 0; i < values; i++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    const tone = 6000 * Math.sin((1400 * i) / sampleRateHz / channels) * Math.sin((12 * i) / sampleRateHz / channels)
    bytes.writeInt16LE(Math.round(tone + (state / 2 ** 32 - 0.5) * 2000), 44 + i * 2)
  }
  writeFileSync(file, bytes)
}
