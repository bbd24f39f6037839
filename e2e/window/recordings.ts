import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'

export interface Recording {
  readonly durationSec: number
  readonly sampleRateHz?: number
  readonly channels?: number
  readonly seed?: number
}

/** A voice-like sound in noise: a gliding pitch with overtones, in syllables, 16-bit PCM in a WAV. */
export function recordingBytes({ durationSec, sampleRateHz = 16_000, channels = 1, seed = 1 }: Recording): Buffer {
  const frames = Math.round(durationSec * sampleRateHz)
  const bytes = Buffer.alloc(44 + frames * channels * 2)
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
  bytes.writeUInt32LE(frames * channels * 2, 40)
  let [state, phase] = [seed, 0]
  for (let i = 0; i < frames; i++) {
    const t = i / sampleRateHz
    phase += (2 * Math.PI * (120 + 25 * Math.sin(2 * Math.PI * 0.7 * t + seed))) / sampleRateHz
    const syllable =
      Math.max(0, Math.sin(2 * Math.PI * 3.5 * t)) * (Math.sin(2 * Math.PI * 0.4 * t + seed) > -0.6 ? 1 : 0)
    const voice = Math.sin(phase) + 0.6 * Math.sin(2 * phase) + 0.4 * Math.sin(5 * phase) + 0.25 * Math.sin(11 * phase)
    for (let channel = 0; channel < channels; channel++) {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
      const noise = (state / 2 ** 32 - 0.5) * 2200
      bytes.writeInt16LE(Math.round(3000 * syllable * voice + noise), 44 + (i * channels + channel) * 2)
    }
  }
  return bytes
}

/** Writes one, with the folders above it; gives its path. */
export function writeRecording(file: string, recording: Recording): string {
  mkdirSync(path.dirname(file), { recursive: true })
  writeFileSync(file, recordingBytes(recording))
  return file
}
