import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { plainWav } from '../../src/shared/wav/plainWav'

export interface Recording {
  readonly durationSec: number
  readonly sampleRateHz?: number
  readonly channels?: number
  readonly seed?: number
}

/** A voice-like sound in noise: a gliding pitch with overtones, in syllables, 16-bit PCM in a WAV. */
export function recordingBytes({ durationSec, sampleRateHz = 16_000, channels = 1, seed = 1 }: Recording): Buffer {
  let [state, phase, voice] = [seed, 0, 0]
  const wav = plainWav({ sampleRateHz, channels, frames: Math.round(durationSec * sampleRateHz) }, (frame, channel) => {
    const t = frame / sampleRateHz
    if (channel === 0) {
      phase += (2 * Math.PI * (120 + 25 * Math.sin(2 * Math.PI * 0.7 * t + seed))) / sampleRateHz
      const syllable =
        Math.max(0, Math.sin(2 * Math.PI * 3.5 * t)) * (Math.sin(2 * Math.PI * 0.4 * t + seed) > -0.6 ? 1 : 0)
      const tones =
        Math.sin(phase) + 0.6 * Math.sin(2 * phase) + 0.4 * Math.sin(5 * phase) + 0.25 * Math.sin(11 * phase)
      voice = 3000 * syllable * tones
    }
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return voice + (state / 2 ** 32 - 0.5) * 2200
  })
  return Buffer.from(wav.buffer)
}

/** Writes one, with the folders above it; gives its path. */
export function writeRecording(file: string, recording: Recording): string {
  mkdirSync(path.dirname(file), { recursive: true })
  writeFileSync(file, recordingBytes(recording))
  return file
}
