import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { Resampler } from '../../src/audio/dsp/resampler'
import { concat } from '../../src/audio/dsp/concat'
import { createSink } from '../../src/audio/io/pcmSink'
import type { MeasureSource } from '../../src/main/bench/measure'
import { bundledSource } from '../../src/main/bench/samples'
import { projectRoot } from '../projectRoot'
import { RATE_HZ, readAt16k } from '../readAt16k'

/** What is measured on: the dev pairs one after the other where they are at hand (../shared/data/dev), else the bundled samples. */
export async function benchSource(): Promise<MeasureSource> {
  const dev = join(projectRoot, '../shared/data/dev')
  if (!existsSync(dev)) return bundledSource(join(projectRoot, 'demo'), join(projectRoot, 'demo-clean'))
  const names = readdirSync(join(dev, 'noisy')).sort()
  const sources = names.map((name) => ({ noisyPath: join(dev, 'noisy', name), cleanPath: join(dev, 'clean', name) }))
  return { name: `${names.length} noisy/clean pairs`, sources }
}

/** The noisy speech of a source, 16 kHz mono. */
export async function noisyOf({ sources }: MeasureSource): Promise<Float32Array> {
  return concat(await Promise.all(sources.map(({ noisyPath }) => readAt16k(noisyPath))))
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
