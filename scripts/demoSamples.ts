import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { plainWav } from '../src/shared/wav/plainWav'
import { Resampler } from '../src/audio/dsp/resampler'
import { openSource } from '../src/audio/io/openSource'
import { fanNoise, humNoise, inRoom, randomSource, rms, streetNoise } from './synthNoise'

/**
 * Makes the two samples in `demo/` and their clean tracks in `demo-clean/` again: a voice from espeak-ng (which must be installed),
 * our own noises and room. Build with `npx vite build --ssr scripts/demoSamples.ts --outDir out/samples`, run with
 * `node out/samples/demoSamples.js [FOLDER CLEAN_FOLDER]`.
 */

const SECONDS = 8

interface Spoken {
  readonly voice: string
  readonly wordsPerMinute: number
  readonly text: string
}

/** The text by espeak-ng, at `sampleRateHz`, with silence before and after up to {@link SECONDS}. */
async function speak(spoken: Spoken, sampleRateHz: number): Promise<Float32Array> {
  const folder = mkdtempSync(join(tmpdir(), 'stillwave-voice-'))
  try {
    const path = join(folder, 'voice.wav')
    const options = ['-v', spoken.voice, '-s', String(spoken.wordsPerMinute), '-g', '1', '-w', path]
    const child = spawnSync('espeak-ng', [...options, spoken.text], { encoding: 'utf8' })
    if (child.error !== undefined) throw child.error
    if (child.status !== 0) throw new Error(`espeak-ng: ${child.stderr}`)
    const source = await openSource(path, { ffmpegPath: null })
    const resampler = new Resampler({ fromHz: source.format.sampleRateHz, toHz: sampleRateHz })
    const out = new Float32Array(SECONDS * sampleRateHz)
    let at = Math.round(0.7 * sampleRateHz)
    const append = (piece: Float32Array): void => {
      if (at + piece.length > out.length) throw new Error('the text is too long for the sample')
      out.set(piece, at)
      at += piece.length
    }
    for (let block = await source.read(65536); block !== null; block = await source.read(65536)) {
      append(resampler.push(block[0]!))
    }
    append(resampler.finish())
    await source.close()
    return out
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** RMS over the 20 ms frames within 30 dB of the loudest. */
function speechRms(samples: Float64Array, sampleRateHz: number): number {
  const frame = sampleRateHz / 50
  const powers: number[] = []
  for (let at = 0; at + frame <= samples.length; at += frame) powers.push(rms(samples.subarray(at, at + frame)) ** 2)
  const loudest = powers.reduce((a, b) => Math.max(a, b), 0)
  const active = powers.filter((power) => power > loudest / 1000)
  return Math.sqrt(active.reduce((sum, power) => sum + power, 0) / active.length)
}

const VOICE_LEVEL = 10 ** (-24 / 20)

/** Voice and noise (RMS about 1) at a signal-to-noise ratio, the voice at -24 dBFS. */
function mix(voice: Float64Array, noise: Float64Array, snr: { voiceRms: number; snrDb: number }): Float64Array {
  const noiseLevel = VOICE_LEVEL * 10 ** (-snr.snrDb / 20)
  return voice.map((x, i) => (x / snr.voiceRms) * VOICE_LEVEL + noise[i]! * noiseLevel)
}

/** The voice as it is in {@link mix}. */
const clean = (voice: Float64Array, voiceRms: number): Float64Array => voice.map((x) => (x / voiceRms) * VOICE_LEVEL)

/** 16-bit WAV with triangular dither of a fixed seed. */
function writeWav16(path: string, channels: readonly Float64Array[], sampleRateHz: number): void {
  const random = randomSource(20250101)
  let peak = 0
  const wav = plainWav({ sampleRateHz, channels: channels.length, frames: channels[0]!.length }, (frame, channel) => {
    const sample = channels[channel]![frame]!
    peak = Math.max(peak, Math.abs(sample))
    return sample * 32768 + (random() + random()) / 2
  })
  if (peak > 0.89) throw new Error(`${path}: peak ${peak.toFixed(2)}, over -1 dBFS`)
  writeFileSync(path, wav)
  console.log(`${path}: peak ${(20 * Math.log10(peak)).toFixed(1)} dBFS`)
}

async function office(folder: string, cleanFolder: string): Promise<void> {
  const sampleRateHz = 48000
  const frames = SECONDS * sampleRateHz
  const dry = await speak(
    {
      voice: 'en-gb-x-rp+f4',
      wordsPerMinute: 160,
      text: 'The office fan has been running since six, and nobody knows how to switch it off. Shall we begin?'
    },
    sampleRateHz
  )
  const room = { sampleRateHz, tailSec: 0.22 }
  const left = inRoom(dry, { ...room, seed: 11 })
  const late = new Float32Array(frames)
  late.set(dry.subarray(0, frames - 10), 10)
  const right = inRoom(late, { ...room, seed: 12 }).map((x) => 0.75 * x)
  const noise = { sampleRateHz, frames }
  const shared = humNoise({ ...noise, seed: 3 })
  const around = fanNoise({ ...noise, seed: 4 })
  const side = (seed: number, level: number): Float64Array => {
    const own = fanNoise({ ...noise, seed })
    return own.map((x, i) => level * (0.7 * x + 0.6 * around[i]! + 0.4 * shared[i]!))
  }
  const snr = { voiceRms: speechRms(left, sampleRateHz), snrDb: 6 }
  const channels = [mix(left, side(21, 0.95), snr), mix(right, side(22, 0.9), snr)]
  writeWav16(join(folder, 'office-fan-48k-stereo.wav'), channels, sampleRateHz)
  const voices = [clean(left, snr.voiceRms), clean(right, snr.voiceRms)]
  writeWav16(join(cleanFolder, 'office-fan-48k-stereo.wav'), voices, sampleRateHz)
}

async function street(folder: string, cleanFolder: string): Promise<void> {
  const sampleRateHz = 16000
  const dry = await speak(
    {
      voice: 'en-us+m3',
      wordsPerMinute: 160,
      text: 'I am standing at the corner of Mill Street. Four lorries went past while I was waiting.'
    },
    sampleRateHz
  )
  const voice = inRoom(dry, { sampleRateHz, tailSec: 0.12, seed: 31 })
  const noise = streetNoise({ sampleRateHz, frames: SECONDS * sampleRateHz, seed: 32 })
  const snr = { voiceRms: speechRms(voice, sampleRateHz), snrDb: 6 }
  writeWav16(join(folder, 'street-16k-mono.wav'), [mix(voice, noise, snr)], sampleRateHz)
  writeWav16(join(cleanFolder, 'street-16k-mono.wav'), [clean(voice, snr.voiceRms)], sampleRateHz)
}

const folder = resolve(process.argv[2] ?? 'demo')
const cleanFolder = resolve(process.argv[3] ?? 'demo-clean')
mkdirSync(cleanFolder, { recursive: true })
await office(folder, cleanFolder)
await street(folder, cleanFolder)
