import { LevelMeter } from '../audio/dsp/level'
import { AppError, toAppError } from '../shared/errors/appError'
import { withSpokenCode } from './denoise/pipeline'
import { HOP_SAMPLES, SAMPLE_RATE_HZ } from './model/network'
import { readMono, writeLooped } from './naiveMaterial'
import { openOnDevice, resolveDevice } from './onnx/loadModel'
import type { NaiveEvent, NaiveRequest } from './protocol'
import { readRss } from './telemetry/rss'

type WholeRequest = Extract<NaiveRequest, { type: 'denoiseWhole' }>
type CostEvent = Extract<NaiveEvent, { type: 'cost' }>

/** Silence before and after, so that the network's edges fall outside the file. */
const EDGE_SAMPLES = 640

/**
 * What the usual scripts do: for every file a fresh session with default options, the whole file in one `run`, nothing given
 * back. Throws E_MEMORY where the library says that there is none left; often the system ends the process instead.
 */
export async function* denoiseWhole(request: WholeRequest): AsyncGenerator<CostEvent> {
  const { inputPaths, outPath } = request
  for (const [index, inputPath] of inputPaths.entries()) {
    const startedMs = performance.now()
    const cpuBefore = process.cpuUsage()
    const clean = await denoised(request, await readMono(inputPath))
    const cpu = process.cpuUsage(cpuBefore)
    const wallSec = (performance.now() - startedMs) / 1000
    const cost = { audioSec: clean.length / SAMPLE_RATE_HZ, wallSec, cpuSec: (cpu.user + cpu.system) / 1e6 }
    yield { type: 'cost', ...cost, ...readRss() }
    if (outPath !== null && index === inputPaths.length - 1) await writeLooped(outPath, clean, clean.length)
  }
}

async function denoised(request: WholeRequest, samples: Float32Array): Promise<Float32Array> {
  try {
    return await denoisedInOneRun(request, samples)
  } catch (thrown) {
    throw withSpokenCode(toAppError(thrown))
  }
}

async function denoisedInOneRun({ onePassPath, device }: WholeRequest, samples: Float32Array): Promise<Float32Array> {
  const options = { device: resolveDevice(device), threads: null, memoryPattern: true, spinning: true }
  const session = await openOnDevice(onePassPath, options)
  const meter = new LevelMeter()
  meter.push(samples)
  const gain = meter.gain() ?? 1
  const padded = new Float32Array(Math.ceil((samples.length + 2 * EDGE_SAMPLES) / HOP_SAMPLES) * HOP_SAMPLES)
  for (let i = 0; i < samples.length; i++) padded[EDGE_SAMPLES + i] = samples[i]! * gain
  const [input, output] = [session.inputNames[0]!, session.outputNames[0]!]
  const result = await session.run({ [input]: { type: 'float32', dims: [1, padded.length], data: padded } })
  const { data } = result[output]!
  if (!(data instanceof Float32Array)) {
    throw new AppError('E_MODEL_UNSUPPORTED', { path: onePassPath, detail: 'its output is not float32' })
  }
  const clean = data.slice(EDGE_SAMPLES, EDGE_SAMPLES + samples.length)
  for (let i = 0; i < clean.length; i++) clean[i]! /= gain
  return clean
}
