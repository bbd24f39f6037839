import { readFile, writeFile } from 'node:fs/promises'
import { AppError } from '../shared/errors/appError'
import type { ModelMetadata } from './model/metadata'
import { readModelMetadata } from './model/readModel'
import { loadModel, resolveDevice } from './onnx/loadModel'
import type { ModelSession } from './onnx/runtime'
import { peakRssBytes } from './telemetry/rss'
import type { WorkshopEvent, WorkshopRequest } from './workshopProtocol'

type TryRequest = Extract<WorkshopRequest, { type: 'try' }>
type TriedEvent = Extract<WorkshopEvent, { type: 'tried' }>

const CLIP_SEC = 2
/** Half a second in one run, as unknown models are run. */
const PIECE_HOPS = 25
/** A small network is run more than once: its pieces take milliseconds, which anything disturbs. */
const TIMING_MS = 600
/** What a difference of nothing at all is called. */
const MAX_SNR_DB = 200

/** Runs the fixed clip through a stateful graph of ours, in pieces with carried state. Errors as {@link loadModel}. */
export async function tryModel(request: TryRequest): Promise<TriedEvent> {
  const { statefulPath: path, sha256 } = request
  const device = resolveDevice(request.device)
  const metadata = await readModelMetadata(path)
  if (metadata?.kind !== 'stateful') {
    throw new AppError('E_MODEL_UNSUPPORTED', { path, detail: 'it is not a stateful graph of ours' })
  }
  const { session } = await loadModel({ path, sha256 }, { device, threads: null })
  const clip = trialClip(CLIP_SEC * metadata.sampleRateHz)
  // The first run makes what later ones use again.
  await throughModel(session, metadata, clip.subarray(0, PIECE_HOPS * metadata.hopSamples))
  const untilMs = performance.now() + TIMING_MS
  let { clean, fastestSec, cpuSec } = await throughModel(session, metadata, clip)
  while (performance.now() < untilMs) {
    const again = await throughModel(session, metadata, clip)
    clean = again.clean
    fastestSec = Math.min(fastestSec, again.fastestSec)
    cpuSec = Math.min(cpuSec, again.cpuSec)
  }
  await session.release()
  await writeFile(request.outPath, clean)
  const reference = request.referencePath === null ? null : await readFloats(request.referencePath)
  return {
    type: 'tried',
    device,
    audioSec: CLIP_SEC,
    wallSec: fastestSec * (clip.length / (PIECE_HOPS * metadata.hopSamples)),
    cpuSec,
    peakRssBytes: peakRssBytes(),
    isFinite: clean.every(Number.isFinite),
    snrDb: reference && snrDb(reference, clean)
  }
}

/** Feeds samples, a whole number of hops, piece by piece; what comes out, its delay left in. */
async function throughModel(
  session: ModelSession,
  model: ModelMetadata,
  samples: Float32Array
): Promise<{ readonly clean: Float32Array; readonly fastestSec: number; readonly cpuSec: number }> {
  const hops = samples.length / model.hopSamples
  const out = new Float32Array(samples.length)
  let state = new Float32Array(model.stateSize)
  let fastestSec = Infinity
  const before = process.cpuUsage()
  for (let at = 0; at < hops; at += PIECE_HOPS) {
    const [from, to] = [at * model.hopSamples, Math.min(hops, at + PIECE_HOPS) * model.hopSamples]
    const piece = samples.slice(from, to)
    const startedMs = performance.now()
    const outputs = await session.run({
      noisy: { type: 'float32', dims: [1, piece.length], data: piece },
      state: { type: 'float32', dims: [1, state.length], data: state },
      first_frame: { type: 'int64', dims: [1], data: BigInt64Array.of(BigInt(at)) },
      frame_count: { type: 'int64', dims: [1], data: BigInt64Array.of(BigInt(hops - 1)) }
    })
    fastestSec = Math.min(fastestSec, (performance.now() - startedMs) / 1000)
    out.set(outputs.clean!.data as Float32Array, from)
    state = outputs.state_out!.data as Float32Array<ArrayBuffer>
  }
  const { user, system } = process.cpuUsage(before)
  return { clean: out, fastestSec, cpuSec: (user + system) / 1e6 }
}

/** A buzz with moving formants, syllables and pauses in noise: every part of the network has something to do. The same everywhere. */
export function trialClip(length: number): Float32Array {
  let seed = 0x5eed
  let phase = 0
  return Float32Array.from({ length }, (_, n) => {
    const sec = n / 16_000
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
    const noise = (seed / 2 ** 32) * 2 - 1
    phase += (120 + 30 * Math.sin(2 * Math.PI * 0.7 * sec)) / 16_000
    const syllable = Math.max(0, Math.sin(2 * Math.PI * 2.5 * sec))
    let voice = 0
    for (let harmonic = 1; harmonic <= 20; harmonic++) voice += Math.sin(2 * Math.PI * harmonic * phase) / harmonic
    return 0.08 * syllable * voice + 0.02 * noise
  })
}

async function readFloats(path: string): Promise<Float32Array> {
  const bytes = await readFile(path)
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length))
}

/** Of `samples` against `reference` in dB; null where that is no number. */
export function snrDb(reference: Float32Array, samples: Float32Array): number | null {
  let [wanted, wrong] = [0, 0]
  for (const [i, value] of reference.entries()) {
    wanted += value * value
    wrong += (value - samples[i]!) ** 2
  }
  if (!Number.isFinite(wanted) || !Number.isFinite(wrong) || wanted === 0) return null
  return wrong === 0 ? MAX_SNR_DB : Math.min(MAX_SNR_DB, 10 * Math.log10(wanted / wrong))
}
