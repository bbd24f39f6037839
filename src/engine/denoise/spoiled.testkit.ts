import { toFloat16 } from '../model/float16'
import { buildOnePass } from '../model/onePass'
import type { OnnxModel, OnnxNode } from '../model/onnx/onnxModel'
import { encodeModel, writeModel } from '../model/onnx/writeModel'
import type { StateDict } from '../model/stateDict'
import { buildStateful } from '../model/stateful'
import type { LoadedModel } from '../onnx/loadModel'
import { openSession } from '../onnx/runtime'
import type { ModelFiles } from '../protocol'
import type { Rung } from './sessionLadder'

/** Real graphs that go wrong as halves do that overflow at a loud moment, or a driver at any. */

export interface Spoiling {
  /** What the output is made of where it goes wrong. */
  readonly value: number
  /** It goes wrong in every run whose input has a sample over this; below 0 in all. */
  readonly above: number
  /** Which output; the wave by default. */
  readonly output?: 'clean' | 'state_out'
}

/** The same graph, whose output is `value` in each row whose input is louder than `above`. */
export function spoiled(model: OnnxModel, { value, above, output = 'clean' }: Spoiling): OnnxModel {
  const nodes = model.nodes.map((node) => (node.outputs[0] === output ? { ...node, outputs: ['sound'] } : node))
  const node = (type: string, inputs: readonly string[], made: string, attributes = {}): OnnxNode => {
    return { type, name: `spoil.${made}`, inputs, outputs: [made], attributes }
  }
  const scalar = (name: string, number: number): OnnxModel['initializers'][number] => {
    return { name, dims: [], data: Float32Array.of(number) }
  }
  return {
    ...model,
    nodes: [
      ...nodes,
      node('Abs', ['noisy'], 'spoil_abs'),
      node('ReduceMax', ['spoil_abs'], 'spoil_peak', { axes: [1], keepdims: 1 }),
      node('Greater', ['spoil_peak', 'spoil_above'], 'spoil_hit'),
      node('Where', ['spoil_hit', 'spoil_value', 'sound'], output)
    ],
    initializers: [...model.initializers, scalar('spoil_value', value), scalar('spoil_above', above)]
  }
}

/** Both graphs on disk, in FP16 where asked, spoiled where asked. */
export async function writeModelPair(
  onePassPath: string,
  weights: StateDict,
  how: { readonly isHalf?: boolean; readonly spoiling?: Spoiling } = {}
): Promise<ModelFiles> {
  const statefulPath = onePassPath.replace(/\.onnx$/u, '.stateful.onnx')
  for (const [path, graph] of [
    [onePassPath, buildOnePass(weights)],
    [statefulPath, buildStateful(weights)]
  ] as const) {
    const counted = how.isHalf === true ? toFloat16(graph) : graph
    await writeModel(how.spoiling === undefined ? counted : spoiled(counted, how.spoiling), path)
  }
  return { onePassPath, statefulPath, onePassSha256: null, statefulSha256: null }
}

/** Rungs of these graphs on the CPU under other names, and how many sessions of them are and were open at once. */
export class CountedRungs {
  open = 0
  mostOpen = 0

  rung(model: OnnxModel, device: string, precision: LoadedModel['precision'] = 'fp32'): Rung {
    return {
      device,
      open: async (ledger) => {
        const session = await openSession(encodeModel(model), { device: 'cpu', threads: 1, ledger })
        this.open++
        this.mostOpen = Math.max(this.mostOpen, this.open)
        const release = session.release.bind(session)
        session.release = () => {
          this.open--
          return release()
        }
        return { session, fileName: `${device}.onnx`, sizeBytes: 1, sha256: '', isVerified: false, precision }
      }
    }
  }
}
