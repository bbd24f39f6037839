import { stat } from 'node:fs/promises'
import { extname } from 'node:path'
import { readCheckpoint } from './checkpoint/readCheckpoint'
import { ExternalData, constantBytes, writeModelWith } from './onnx/writeModel'
import { toFloat16 } from './float16'
import { buildOnePass } from './onePass'
import type { OnnxModel } from './onnx/onnxModel'
import { checkWeights, type StateDict } from './stateDict'
import { buildStateful } from './stateful'

/** Above this both graphs share one data file, which ONNX Runtime maps instead of copying. */
const SHARED_DATA_MIN_BYTES = 16 * 1024 * 1024

export type Precision = 'fp32' | 'fp16'

export interface Conversion {
  readonly channels: number
  readonly cascade: 1 | 2
  readonly onePassPath: string
  readonly statefulPath: string
  /** null where both models are whole in themselves. */
  readonly sharedDataPath: string | null
  readonly bytes: { readonly onePass: number; readonly stateful: number; readonly sharedData: number }
}

/** The companion of a one-pass model: FILE.onnx has FILE.stateful.onnx beside it. */
export function statefulPathOf(onePassPath: string): string {
  return `${stem(onePassPath)}.stateful.onnx`
}

/**
 * Writes both graphs of a checkpoint: FILE.onnx, FILE.stateful.onnx and, for big networks, FILE.weights.bin that both use.
 * Throws what {@link readCheckpoint} and {@link checkWeights} throw, and errors of the file system.
 */
export async function convertWeights(
  checkpointPath: string,
  outOnnx: string,
  precision: Precision = 'fp32'
): Promise<Conversion> {
  return convertStateDict(await readCheckpoint(checkpointPath), outOnnx, precision)
}

/** The same for a checkpoint in memory. */
export async function convertStateDict(
  stateDict: StateDict,
  outOnnx: string,
  precision: Precision = 'fp32'
): Promise<Conversion> {
  const weights = checkWeights(stateDict)
  const inPrecision = (model: OnnxModel): OnnxModel => (precision === 'fp16' ? toFloat16(model) : model)
  const onePass = inPrecision(buildOnePass(weights.tensors))
  const stateful = inPrecision(buildStateful(weights.tensors))
  const shared =
    constantBytes(onePass) >= SHARED_DATA_MIN_BYTES ? new ExternalData(`${stem(outOnnx)}.weights.bin`) : null
  const statefulPath = statefulPathOf(outOnnx)
  await writeModelWith(onePass, outOnnx, shared)
  await writeModelWith(stateful, statefulPath, shared)
  await shared?.write()
  const sizeOf = async (path: string | undefined): Promise<number> => (path === undefined ? 0 : (await stat(path)).size)
  return {
    channels: weights.channels,
    cascade: weights.cascade,
    onePassPath: outOnnx,
    statefulPath,
    sharedDataPath: shared?.path ?? null,
    bytes: {
      onePass: await sizeOf(outOnnx),
      stateful: await sizeOf(statefulPath),
      sharedData: await sizeOf(shared?.path)
    }
  }
}

function stem(path: string): string {
  return extname(path) === '.onnx' ? path.slice(0, -'.onnx'.length) : path
}
