import { readFile, writeFile } from 'node:fs/promises'
import { AppError } from '../shared/errors/appError'
import type { ModelMetadata } from './model/metadata'
import { readModelMetadata } from './model/readModel'
import { loadModel, resolveDevice } from './onnx/loadModel'
import type { ModelSession } from './onnx/runtime'
import { peakRssBytes } from './telemetry/rss'
import type { WorkshopEvent, WorkshopRequest } from './workshopProtocol'
import { snrDb, trialClip } from './workshopTrial'

type ProbeRequest = Extract<WorkshopRequest, { type: 'probe' }>
type ProbedEvent = Extract<WorkshopEvent, { type: 'probed' }>

/** A chunk of the default settings: a second. */
const PIECE_HOPS = 50
/** After a graph's delay, which puts out silence: enough to compare. */
const SHORT_HOPS = 5
const TIMING_MS = 200

/**
 * Runs a graph of ours on one device: first a tenth of a second, then, where that was quick enough, chunks of the default length,
 * which tell the speed. What comes out goes to `outPath` as float32 and is compared with what another device put into
 * `referencePath`, as far as both go. Errors as {@link loadModel}.
 */
export async function probeDevice(request: ProbeRequest): Promise<ProbedEvent> {
  const { modelPath: path, sha256, maxSec } = request
  const device = resolveDevice(request.device)
  const metadata = await readModelMetadata(path)
  if (metadata === null) throw new AppError('E_MODEL_UNSUPPORTED', { path, detail: 'it is not a graph of ours' })
  const startedMs = performance.now()
  const { session } = await loadModel({ path, sha256 }, { device, threads: null })
  const loadSec = (performance.now() - startedMs) / 1000
  const feed = new Feed(session, metadata)
  const short = await feed.run(feed.delayHops + SHORT_HOPS)
  const pieces = [short.clean]
  // What is that slow is not run twice.
  let timing = short.wallSec > maxSec ? short : await feed.run(feed.delayHops + SHORT_HOPS)
  const secPerSec = timing.wallSec / timing.audioSec
  if (secPerSec * 2 <= maxSec) {
    // The first run of a length makes what later ones use again.
    pieces.push((await feed.run(PIECE_HOPS)).clean)
    timing = await fastest(() => feed.run(PIECE_HOPS))
  }
  await session.release()
  const clean = joined(pieces)
  await writeFile(request.outPath, clean)
  const { audioSec, wallSec } = timing
  const costs = { loadSec, firstSec: short.wallSec, audioSec, wallSec, peakRssBytes: peakRssBytes() }
  return { type: 'probed', device, ...costs, ...(await comparison(request.referencePath, clean)) }
}

interface Fed {
  readonly clean: Float32Array
  readonly audioSec: number
  readonly wallSec: number
}

/** One piece from the clip's beginning, into a graph with or without state. */
class Feed {
  readonly delayHops: number

  constructor(
    private readonly session: ModelSession,
    private readonly model: ModelMetadata
  ) {
    this.delayHops = model.kind === 'stateful' ? Math.ceil(model.delaySamples / model.hopSamples) : 0
  }

  async run(hops: number): Promise<Fed> {
    const { hopSamples, sampleRateHz, stateSize, kind } = this.model
    const noisy = trialClip(hops * hopSamples)
    const inputs = { noisy: { type: 'float32', dims: [1, noisy.length], data: noisy } } as const
    const one = (value: number): { type: 'int64'; dims: [number]; data: BigInt64Array } => {
      return { type: 'int64', dims: [1], data: BigInt64Array.of(BigInt(value)) }
    }
    const carried = (): Parameters<ModelSession['run']>[0] => ({
      state: { type: 'float32', dims: [1, stateSize], data: new Float32Array(stateSize) },
      first_frame: one(0),
      frame_count: one(hops - 1)
    })
    const startedMs = performance.now()
    const outputs = await this.session.run({ ...inputs, ...(kind === 'stateful' ? carried() : {}) })
    const wallSec = (performance.now() - startedMs) / 1000
    return { clean: outputs.clean!.data as Float32Array, audioSec: noisy.length / sampleRateHz, wallSec }
  }
}

/** What else the machine does is no fault of the device's. */
async function fastest(run: () => Promise<Fed>): Promise<Fed> {
  const untilMs = performance.now() + TIMING_MS
  let best = await run()
  while (performance.now() < untilMs) {
    const next = await run()
    if (next.wallSec < best.wallSec) best = next
  }
  return best
}

function joined(pieces: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(pieces.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const piece of pieces) {
    all.set(piece, at)
    at += piece.length
  }
  return all
}

async function comparison(
  referencePath: string | null,
  clean: Float32Array
): Promise<Pick<ProbedEvent, 'isFinite' | 'snrDb'>> {
  const isFinite = clean.every(Number.isFinite)
  if (referencePath === null) return { isFinite, snrDb: null }
  const bytes = await readFile(referencePath)
  const reference = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length))
  const length = Math.min(reference.length, clean.length)
  return { isFinite, snrDb: snrDb(reference.subarray(0, length), clean.subarray(0, length)) }
}
