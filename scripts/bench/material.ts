import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { Resampler } from '../../src/audio/dsp/resampler'
import { concat } from '../../src/audio/dsp/concat'
import { createSink } from '../../src/audio/io/pcmSink'
import { projectRoot } from '../projectRoot'
import { RATE_HZ, readAt16k } from '../readAt16k'

/** What the benchmark works on: noisy speech, 16 kHz mono, with its clean track where there is one. */
export interface Material {
  readonly name: string
  readonly noisy: Float32Array
  /** Sample by sample the clean speech in `noisy`; null where only noisy recordings are at hand. */
  readonly clean: Float32Array | null
}

/** The dev pairs one after the other where they are at hand (../shared/data/dev), else the bundled noisy samples. */
export async function loadMaterial(): Promise<Material> {
  const dev = join(projectRoot, '../shared/data/dev')
  if (existsSync(dev)) {
    const names = readdirSync(join(dev, 'noisy')).sort()
    const noisy = await Promise.all(names.map((name) => readAt16k(join(dev, 'noisy', name))))
    const clean = await Promise.all(names.map((name) => readAt16k(join(dev, 'clean', name))))
    return { name: `${names.length} noisy/clean pairs`, noisy: concat(noisy), clean: concat(clean) }
  }
  const demo = join(projectRoot, 'demo')
  const names = readdirSync(demo)
    .filter((name) => name.endsWith('.wav'))
    .sort()
  const noisy = await Promise.all(names.map((name) => readAt16k(join(demo, name))))
  return { name: 'the bundled samples (no clean track: no quality rows)', noisy: concat(noisy), clean: null }
}

/** `samples` repeated to `seconds`. */
export function looped(samples: Float32Array, seconds: number): Float32Array {
  const out = new Float32Array(Math.round(seconds * RATE_HZ))
  for (let at = 0; at < out.length; at += samples.length) {
    out.set(samples.subarray(0, Math.min(samples.length, out.length - at)), at)
  }
  return out
}

export interface WavOptions {
  readonly seconds: number
  readonly sampleRateHz?: number
}

/** Writes `samples` (16 kHz), looped to `seconds` and resampled to the rate, as 16-bit WAV; nothing longer than a block is held. */
export async function writeLoopedWav(path: string, samples: Float32Array, options: WavOptions): Promise<void> {
  const sampleRateHz = options.sampleRateHz ?? RATE_HZ
  const sink = await createSink(path, {
    container: 'wav',
    sampleFormat: 's16',
    validBits: 16,
    sampleRateHz,
    channels: 1,
    channelMask: 0
  })
  const resampler = new Resampler({ fromHz: RATE_HZ, toHz: sampleRateHz })
  let left = Math.round(options.seconds * RATE_HZ)
  while (left > 0) {
    const block = samples.subarray(0, Math.min(left, samples.length))
    await sink.write([resampler.push(block)])
    left -= block.length
  }
  await sink.write([resampler.finish()])
  await sink.finish()
}
