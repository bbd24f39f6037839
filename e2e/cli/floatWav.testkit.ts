import { plainWav } from '../../src/shared/wav/plainWav'

/** 16 kHz mono, float32: what is written back is not rounded. A tone of its own in noise for each seed. */
export function floatWav(durationSec: number, seed: number): Buffer {
  let state = seed + 1
  const wav = plainWav({ sampleRateHz: 16_000, frames: Math.round(durationSec * 16_000), float: true }, (i) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return 0.2 * Math.sin(i / (10 + seed)) + 0.05 * (state / 2 ** 31 - 1)
  })
  return Buffer.from(wav.buffer)
}

/** The samples of a float32 WAV of ours. */
export function floatsOf(wav: Buffer): Float32Array {
  const at = wav.indexOf('data') + 8
  const bytes = wav.subarray(at, at + wav.readUInt32LE(at - 4))
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length))
}
