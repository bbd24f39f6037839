const RATE_HZ = 48_000
const BYTES = 2

/** Two channels at least, 48 kHz: what recordings have, and what takes the most of reading, resampling and writing. */
export function calibrationWav(channels: number, durationSec: number): Buffer {
  const frames = Math.round(durationSec * RATE_HZ)
  const data = frames * channels * BYTES
  const bytes = Buffer.alloc(44 + data)
  bytes.write('RIFF', 0)
  bytes.writeUInt32LE(36 + data, 4)
  bytes.write('WAVEfmt ', 8)
  bytes.writeUInt32LE(16, 16)
  bytes.writeUInt16LE(1, 20)
  bytes.writeUInt16LE(channels, 22)
  bytes.writeUInt32LE(RATE_HZ, 24)
  bytes.writeUInt32LE(RATE_HZ * channels * BYTES, 28)
  bytes.writeUInt16LE(channels * BYTES, 32)
  bytes.writeUInt16LE(8 * BYTES, 34)
  bytes.write('data', 36)
  bytes.writeUInt32LE(data, 40)
  let seed = 7
  for (let frame = 0; frame < frames; frame++) {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
    // A tone that swells in noise: nothing of it may count as silence.
    const value = 0.2 * Math.sin(frame / 60) * Math.sin(frame / 9000) + 0.04 * (seed / 2 ** 32 - 0.5)
    for (let channel = 0; channel < channels; channel++) {
      bytes.writeInt16LE(Math.round(value * 32_767), 44 + (frame * channels + channel) * BYTES)
    }
  }
  return bytes
}
