import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { plainWav } from '../../shared/wav/plainWav'
import { formulaStateDict } from '../model/formulaWeights'
import { buildOnePass } from '../model/onePass'
import { writeModel } from '../model/onnx/writeModel'
import type { StateDict } from '../model/stateDict'
import { buildStateful } from '../model/stateful'
import type { EngineSettings, FileJob } from '../protocol'
import type { JobHooks } from '../serve'

/** What the engine's tests share: a small model on disk, WAV files, settings. */

export async function writeSmallModel(
  folder: string,
  weights: StateDict = formulaStateDict({ channels: 4, cascade: 1 }),
  name = 'small'
): Promise<EngineSettings['model']> {
  const onePassPath = join(folder, `${name}.onnx`)
  const statefulPath = join(folder, `${name}.stateful.onnx`)
  await writeModel(buildOnePass(weights), onePassPath)
  await writeModel(buildStateful(weights), statefulPath)
  return { onePassPath, statefulPath, onePassSha256: null, statefulSha256: null }
}

export function settingsFor(model: EngineSettings['model'], changes: Partial<EngineSettings> = {}): EngineSettings {
  return {
    model,
    fullModel: null,
    device: 'cpu',
    join: 'carried',
    chunkSec: 0.5,
    overlapSec: 0.5,
    batch: 1,
    threads: 1,
    ffmpegPath: null,
    ...changes
  }
}

/** Hooks of a job that nobody cancels, pauses or watches. */
export function unhurried(): JobHooks {
  const { signal } = new AbortController()
  return {
    signal,
    checkpoint: () => Promise.resolve(),
    isHeld: () => false,
    onChannels: () => undefined,
    onProgress: () => undefined
  }
}

export function jobFor(inputPath: string, jobId = 'job'): FileJob {
  return {
    jobId,
    inputPath,
    partPath: `${inputPath}.${jobId}.part`,
    outputContainer: null,
    residualGain: 0,
    isUrgent: false
  }
}

/**
 * Weights whose mask is 1 everywhere (the last layer is its bias, 20 - -20 real and 20 + -20 imaginary, under a tanh): the whole
 * graph runs, and what comes out is what went in.
 */
export function transparentWeights(): StateDict {
  const weights = new Map(formulaStateDict({ channels: 4, cascade: 1 }))
  const set = (name: string, value: number): void => {
    const tensor = weights.get(`unet.linear.conv_${name}`)!
    weights.set(`unet.linear.conv_${name}`, { ...tensor, data: new Float32Array(tensor.data.length).fill(value) })
  }
  set('re.weight', 0)
  set('im.weight', 0)
  set('re.bias', 20)
  set('im.bias', -20)
  return weights
}

/** A 16-bit WAV of these channels, full scale +-1. */
export async function writeWav(path: string, sampleRateHz: number, channels: readonly Float32Array[]): Promise<void> {
  const shape = { sampleRateHz, channels: channels.length, frames: channels[0]!.length }
  await writeFile(
    path,
    plainWav(shape, (frame, channel) => channels[channel]![frame]! * 32767)
  )
}

/** Tone and noise at `rate`, the same for the same seed. */
export function voice(frames: number, rate: number, seed = 1): Float32Array {
  let state = seed
  return Float32Array.from({ length: frames }, (_, n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    const noise = (state / 2 ** 32 - 0.5) * 0.05
    return noise + 0.2 * Math.sin((2 * Math.PI * 300 * n) / rate) * (1 + Math.sin((4 * n) / rate)) * 0.5
  })
}
