/** 16 kHz mono, float32: what is written back is not rounded. A tone of its own in noise for each seed. */
export function floatWav(durationSec: number, seed: number): Buffer {
  const frames = Math.round(durationSec * 16_000)
  const bytes = Buffer.alloc(44 + frames * 4)
  bytes.write('RIFF', 0)
  bytes.writeUInt32LE(bytes.length - 8, 4)
  bytes.write('WAVEfmt ', 8)
  bytes.writeUInt32LE(16, 16)
  bytes.writeUInt16LE(3, 20)
  bytes.writeUInt16LE(1, 22)
  bytes.writeUInt32LE(16_000, 24)
  bytes.writeUInt32LE(64_000, 28)
  bytes.writeUInt16LE(4, 32)
  bytes.writeUInt16LE(32, 34)
  bytes.write('data', 36)
  bytes.writeUInt32LE(frames * 4, 40)
  let state = seed + 1
  for (let i = 0; i < frames; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    bytes.writeFloatLE(0.2 * Math.sin(i / (10 + seed)) + 0.05 * (state / 2 ** 31 - 1), 44 + i * 4)
  }
  return bytes
}

/** The samples of a float32 WAV of ours. */
export function floatsOf(wav: Buffer): Float32Array {
  const at = wav.indexOf('data') + 8
  const bytes = wav.subarray(at, at + wav.readUInt32LE(at - 4))
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length))
}
