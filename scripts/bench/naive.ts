import { writeFileSync } from 'node:fs'
import { LevelMeter } from '../../src/audio/dsp/level'
import { openSession } from '../../src/engine/onnx/runtime'
import { peakRssBytes, rssBytes } from '../../src/engine/telemetry/rss'
import { readAt16k } from '../readAt16k'

/**
 * What the usual scripts do, in a process of its own: for every file a fresh session with default options, the whole file
 * in one `run`, nothing given back. Arguments: MODEL OUT(-) WAV... ; prints one JSON line a file.
 */
const EDGE = 640

async function denoiseWhole(modelPath: string, samples: Float32Array): Promise<Float32Array> {
  const session = await openSession(modelPath, { device: 'cpu', threads: null, memoryPattern: true, spinning: true })
  const meter = new LevelMeter()
  meter.push(samples)
  const gain = meter.gain() ?? 1
  const padded = new Float32Array(Math.ceil((samples.length + 2 * EDGE) / 320) * 320)
  for (let i = 0; i < samples.length; i++) padded[EDGE + i] = samples[i]! * gain
  const result = await session.run({ noisy: { type: 'float32', dims: [1, padded.length], data: padded } })
  const clean = (result.clean!.data as Float32Array).slice(EDGE, EDGE + samples.length)
  for (let i = 0; i < clean.length; i++) clean[i]! /= gain
  return clean
}

async function main(): Promise<void> {
  const [modelPath, outPath, ...wavs] = process.argv.slice(2)
  for (const wav of wavs) {
    const startedMs = performance.now()
    const cpuBefore = process.cpuUsage()
    const clean = await denoiseWhole(modelPath!, await readAt16k(wav))
    const cpu = process.cpuUsage(cpuBefore)
    if (outPath !== '-') writeFileSync(outPath!, Buffer.from(clean.buffer, clean.byteOffset, clean.byteLength))
    const line = {
      wallSec: (performance.now() - startedMs) / 1000,
      cpuSec: (cpu.user + cpu.system) / 1e6,
      audioSec: clean.length / 16000,
      rssBytes: rssBytes(),
      peakRssBytes: peakRssBytes()
    }
    console.log(JSON.stringify(line))
  }
}

await main()
