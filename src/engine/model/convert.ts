import { stat } from 'node:fs/promises'
import { extname } from 'node:path'
import { readCheckpoint } from './checkpoint/readCheckpoint'
import { ExternalData, constantBytes, writeModelWith } from './onnx/writeModel'
import { toFloat16 } from './float16'
import type { NetworkSize } from './network'
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
  const [conversion] = await convertToAll(stateDict, [{ outOnnx, precision }])
  return conversion!
}

export interface ConversionTarget {
  readonly outOnnx: string
  readonly precision: Precision
}

/** Called after each graph of each target: its memory can be taken back. */
export type OnGraph = (done: number, of: number) => void

/**
 * Several precisions of one checkpoint, graph by graph: each is folded once, written in every precision and let go before the
 * next one is made, so that beside the weights only one graph is in memory.
 */
export async function convertToAll(
  stateDict: StateDict,
  targets: readonly ConversionTarget[],
  onGraph: OnGraph = () => undefined
): Promise<readonly Conversion[]> {
  const weights = checkWeights(stateDict)
  const writers = targets.map((target) => new TargetWriter(target))
  let done = 0
  const write = async (build: () => OnnxModel, part: 'onePass' | 'stateful'): Promise<void> => {
    const model = build()
    for (const writer of writers) {
      await writer.write(model, part)
      onGraph(++done, 2 * writers.length)
    }
  }
  try {
    await write(() => buildOnePass(weights.tensors), 'onePass')
    onGraph(done, 2 * writers.length)
    await write(() => buildStateful(weights.tensors), 'stateful')
    return await Promise.all(writers.map((writer) => writer.finish(weights)))
  } catch (error) {
    for (const writer of writers) await writer.shared?.abandon()
    throw error
  }
}

class TargetWriter {
  shared: ExternalData | null = null

  constructor(private readonly target: ConversionTarget) {}

  async write(model: OnnxModel, part: 'onePass' | 'stateful'): Promise<void> {
    const { outOnnx, precision } = this.target
    const inPrecision = precision === 'fp16' ? toFloat16(model) : model
    if (part === 'onePass' && constantBytes(inPrecision) >= SHARED_DATA_MIN_BYTES) {
      this.shared = new ExternalData(`${stem(outOnnx)}.weights.bin`)
    }
    await writeModelWith(inPrecision, part === 'onePass' ? outOnnx : statefulPathOf(outOnnx), this.shared)
  }

  async finish({ channels, cascade }: NetworkSize): Promise<Conversion> {
    const { shared } = this
    await shared?.finish()
    const onePassPath = this.target.outOnnx
    const statefulPath = statefulPathOf(onePassPath)
    const sizeOf = async (path: string): Promise<number> => (await stat(path)).size
    return {
      channels,
      cascade,
      onePassPath,
      statefulPath,
      sharedDataPath: shared?.path ?? null,
      bytes: {
        onePass: await sizeOf(onePassPath),
        stateful: await sizeOf(statefulPath),
        sharedData: shared === null ? 0 : await sizeOf(shared.path)
      }
    }
  }
}

function stem(path: string): string {
  return extname(path) === '.onnx' ? path.slice(0, -'.onnx'.length) : path
}
