import { readCheckpoint } from './model/checkpoint/readCheckpoint'
import { convertToAll, type Conversion, type Precision } from './model/convert'
import { checkWeights, type CheckedWeights } from './model/stateDict'
import { PeakMeter } from './telemetry/peak'
import { Reclaimer } from './telemetry/reclaim'
import type { ConvertedFiles, WorkshopEvent, WorkshopRequest } from './workshopProtocol'

type ConvertRequest = Extract<WorkshopRequest, { type: 'convert' }>
type ConvertedEvent = Extract<WorkshopEvent, { type: 'converted' }>

/** Reads a checkpoint and writes its graphs, one in memory at a time. Throws what reading and writing throw. */
export async function convertCheckpoint(
  { checkpointPath, targets }: ConvertRequest,
  send: (event: WorkshopEvent) => void
): Promise<ConvertedEvent> {
  const peaks = new PeakMeter()
  const idleBytes = peaks.read().rssBytes
  const span = peaks.begin()
  const reclaimer = new Reclaimer()
  const steps = 2 * targets.length + 1
  send({ type: 'step', done: 0, of: steps })
  const weights = await readWeights(checkpointPath)
  reclaimer.afterFile()
  send({ type: 'step', done: 1, of: steps })
  const made = await convertToAll(weights.tensors, targets, (done) => {
    reclaimer.afterFile()
    send({ type: 'step', done: done + 1, of: steps })
  })
  return {
    type: 'converted',
    channels: weights.channels,
    cascade: weights.cascade,
    files: made.map((conversion, i) => filesOf(conversion, targets[i]!.precision)),
    weightBytes: weightBytes(weights),
    peakAboveIdleBytes: Math.max(0, span.end() - idleBytes)
  }
}

/** What the network uses of a checkpoint; the rest is let go. */
export async function readWeights(path: string): Promise<CheckedWeights> {
  return checkWeights(await readCheckpoint(path))
}

/** As float32. */
export function weightBytes({ tensors }: CheckedWeights): number {
  return [...tensors.values()].reduce((sum, { data }) => sum + data.byteLength, 0)
}

function filesOf(
  { onePassPath, statefulPath, sharedDataPath, bytes }: Conversion,
  precision: Precision
): ConvertedFiles {
  return { precision, onePassPath, statefulPath, sharedDataPath, bytes }
}
