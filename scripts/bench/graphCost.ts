import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { formulaStateDict } from '../../src/engine/model/formulaWeights'
import { HOP_SAMPLES, SAMPLE_RATE_HZ } from '../../src/engine/model/network'
import { GraphBuilder } from '../../src/engine/model/onnx/graphBuilder'
import type { OnnxModel } from '../../src/engine/model/onnx/onnxModel'
import { writeModel } from '../../src/engine/model/onnx/writeModel'
import type { StateDict } from '../../src/engine/model/stateDict'
import { planState } from '../../src/engine/model/stateLayout'
import { buildStateful } from '../../src/engine/model/stateful'
import { buildLiteral, macsPerFrame } from './literalGraph'

/** What the full-size network costs on one thread; GMAC are those of the network itself, however they are computed. */
export interface GraphCost {
  /** The literal graph, one pass over 2 s. */
  readonly literalCpuSecPerSec: number
  /** The stateful graph, half a second a run. */
  readonly ourCpuSecPerSec: number
  readonly ratio: number
  readonly gmacPerSec: number
  /** The convolution with most multiplications, alone in a graph. */
  readonly largestConvGmacPerSec: number
  readonly share: number
}

const SIZE = { channels: 128, cascade: 2 } as const
const LITERAL_SEC = 2
const RUN_HOPS = 25
const FRAMES_PER_SEC = SAMPLE_RATE_HZ / HOP_SAMPLES
/** The even rows of decoder 5 for one run: 78 rows of 512 channels to 80 of 256, 3 x 2 taps. */
const LARGEST = { inputs: 512, outputs: 256, rowsIn: 78, rowsOut: 80, taps: 3, frames: RUN_HOPS } as const
const ROUNDS = 3

interface Feed {
  readonly name: string
  readonly type: 'float32' | 'int64'
  readonly dims: readonly number[]
  readonly value?: number
}

interface Subject {
  readonly path: string
  readonly feeds: readonly Feed[]
  readonly runs: number
}

/** Measures the three graphs in turn, some rounds, each in a process of its own, and takes the fastest run of each. */
export async function measureGraphCost(): Promise<GraphCost> {
  const folder = mkdtempSync(join(tmpdir(), 'stillwave-graphs-'))
  try {
    const subjects = await writeSubjects(folder)
    const best = subjects.map(() => Infinity)
    for (let round = 0; round < ROUNDS; round++) {
      subjects.forEach((subject, i) => (best[i] = Math.min(best[i]!, fastestRun(folder, subject))))
    }
    const [literal, ours, conv] = best as [number, number, number]
    const literalCpuSecPerSec = literal / LITERAL_SEC
    const ourCpuSecPerSec = ours / (RUN_HOPS / FRAMES_PER_SEC)
    const gmacPerSec = (macsPerFrame(SIZE.channels, SIZE.cascade) * FRAMES_PER_SEC) / 1e9 / ourCpuSecPerSec
    const largestConvGmacPerSec = largestConvMacs() / 1e9 / conv
    return {
      literalCpuSecPerSec,
      ourCpuSecPerSec,
      ratio: ourCpuSecPerSec / literalCpuSecPerSec,
      gmacPerSec,
      largestConvGmacPerSec,
      share: gmacPerSec / largestConvGmacPerSec
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function writeSubjects(folder: string): Promise<readonly Subject[]> {
  const weights: StateDict = formulaStateDict(SIZE)
  const write = async (name: string, model: OnnxModel): Promise<string> => {
    const path = join(folder, `${name}.onnx`)
    await writeModel(model, path, { externalDataPath: join(folder, `${name}.bin`) })
    return path
  }
  const samples = RUN_HOPS * HOP_SAMPLES
  return [
    {
      path: await write('literal', buildLiteral(weights)),
      feeds: [{ name: 'noisy', type: 'float32', dims: [1, LITERAL_SEC * SAMPLE_RATE_HZ] }],
      runs: 2
    },
    {
      path: await write('stateful', buildStateful(weights)),
      feeds: [
        { name: 'noisy', type: 'float32', dims: [1, samples] },
        { name: 'state', type: 'float32', dims: [1, planState(SIZE).size] },
        { name: 'first_frame', type: 'int64', dims: [1], value: 1000 },
        { name: 'frame_count', type: 'int64', dims: [1], value: 1_000_000 }
      ],
      runs: 6
    },
    {
      path: await write('convolution', largestConv()),
      feeds: [{ name: 'x', type: 'float32', dims: [1, LARGEST.inputs, LARGEST.rowsIn, LARGEST.frames + 1] }],
      runs: 20
    }
  ]
}

function largestConv(): OnnxModel {
  const { inputs, outputs, taps } = LARGEST
  const graph = new GraphBuilder()
  const data = Float32Array.from({ length: outputs * inputs * taps * 2 }, (_, i) => Math.sin(i) * 0.01)
  const x = graph.input('x', 'float32', ['batch', inputs, 'rows', 'frames'])
  const weight = graph.floats('weight', [outputs, inputs, taps, 2], data)
  const pads = [taps - 1, 0, taps - 1, 0]
  graph.output('y', graph.node('Conv', [x, weight], { kernel_shape: [taps, 2], pads }), [
    'batch',
    outputs,
    'rows_out',
    'frames_out'
  ])
  return graph.build('largest_convolution', {})
}

function largestConvMacs(): number {
  return LARGEST.inputs * LARGEST.outputs * LARGEST.taps * 2 * LARGEST.rowsOut * LARGEST.frames
}

/** CPU seconds of the fastest of some runs. */
function fastestRun(folder: string, { path, feeds, runs }: Subject): number {
  const feedsPath = join(folder, 'feeds.json')
  writeFileSync(feedsPath, JSON.stringify(feeds))
  const child = resolve(import.meta.dirname, '../scripts/benchGraph.js')
  const result = spawnSync(process.execPath, [child, path, feedsPath, String(runs)], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit']
  })
  if (result.status !== 0) throw new Error(`measuring ${path} ended with ${String(result.status)}`)
  return Math.min(...(JSON.parse(result.stdout) as number[]))
}
