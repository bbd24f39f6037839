import { findFfmpeg } from '../../audio/io/ffmpeg/findFfmpeg'
import { AppError } from '../../shared/errors/appError'
import { HOP_SAMPLES, SAMPLE_RATE_HZ } from '../model/network'
import type { ModelMetadata } from '../model/metadata'
import { readModelMetadata } from '../model/readModel'
import { loadModel, resolveDevice } from '../onnx/loadModel'
import type { LoadedModel, ModelFile } from '../onnx/loadModel'
import type { ModelSession, SessionOptions } from '../onnx/runtime'
import type { EngineSettings, FileJob } from '../protocol'
import type { Engine, JobHooks, ModelFacts } from '../serve'
import { Reclaimer } from '../telemetry/reclaim'
import { CarriedJoin } from './carried'
import type { Joiner } from './join'
import { OverlappedJoin } from './overlapped'
import { contextSamples, planOverlap } from './overlapPlan'
import { denoiseFile } from './pipeline'
import type { DenoiseResult } from './pipeline'

/** A model that says nothing of its reach gets that of the official FRCRN, the longest that we know. */
const ASSUMED_CASCADE = 2

/**
 * Loads the model that the settings name: one session, for the join that they ask for. A model without a stateful companion
 * runs overlapped, and says so. Errors as {@link loadModel}.
 */
export async function loadEngine(settings: EngineSettings): Promise<Engine> {
  const device = resolveDevice(settings.device)
  const options: SessionOptions = { device, threads: settings.threads }
  const { model } = settings
  const ffmpegPath = await findFfmpeg(settings.ffmpegPath)
  if (settings.join === 'carried' && model.statefulPath !== null) {
    const file = { path: model.statefulPath, sha256: model.statefulSha256 }
    const { loaded, metadata } = await open(file, options)
    const joiner = new CarriedJoin(loaded.session, statefulMetadata(metadata, file.path), settings)
    return new LoadedEngine({ joiner, loaded, graph: 'stateful', device, ffmpegPath })
  }
  const { loaded, metadata } = await open({ path: model.onePassPath, sha256: model.onePassSha256 }, options)
  const joiner = overlapped(loaded.session, metadata, settings)
  return new LoadedEngine({ joiner, loaded, graph: graphOf(metadata), device, ffmpegPath })
}

interface OpenModel {
  readonly loaded: LoadedModel
  readonly metadata: ModelMetadata | null
}

async function open(file: ModelFile, options: SessionOptions): Promise<OpenModel> {
  const loaded = await loadModel(file, options)
  return { loaded, metadata: await readModelMetadata(file.path) }
}

function graphOf(metadata: ModelMetadata | null): ModelFacts['graph'] {
  if (metadata === null) return 'foreign'
  return metadata.kind === 'stateful' ? 'stateful' : 'onePass'
}

function statefulMetadata(metadata: ModelMetadata | null, path: string): ModelMetadata {
  if (metadata?.kind === 'stateful') return metadata
  throw new AppError('E_MODEL_UNSUPPORTED', { path, detail: 'it is not a stateful graph of ours' })
}

function overlapped(session: ModelSession, metadata: ModelMetadata | null, settings: EngineSettings): OverlappedJoin {
  const context = contextSamples(metadata?.cascade ?? ASSUMED_CASCADE, HOP_SAMPLES)
  const plan = planOverlap({
    chunkSec: settings.chunkSec,
    overlapSec: settings.overlapSec,
    sampleRateHz: SAMPLE_RATE_HZ,
    hopSamples: HOP_SAMPLES,
    contextLeft: context.left,
    contextRight: context.right
  })
  return new OverlappedJoin(session, plan, { batch: settings.batch, hopSamples: HOP_SAMPLES })
}

/** What of the counters the session tells. */
function runFacts({ runs, lanes, modelSec, laneSec, largestRunSec }: Joiner['counters']): RunFacts {
  return { runs, lanes, modelSec, laneSec, largestRunSec }
}

type RunFacts = Pick<ModelFacts, 'runs' | 'lanes' | 'modelSec' | 'laneSec' | 'largestRunSec'>

interface EngineParts {
  readonly joiner: Joiner
  readonly loaded: LoadedModel
  readonly graph: ModelFacts['graph']
  readonly device: string
  readonly ffmpegPath: string | null
}

class LoadedEngine implements Engine {
  readonly device: string
  private readonly reclaimer = new Reclaimer()

  constructor(private readonly parts: EngineParts) {
    this.device = parts.device
  }

  get threads(): number {
    return this.parts.loaded.session.threads
  }

  get join(): Joiner['kind'] {
    return this.parts.joiner.kind
  }

  get facts(): ModelFacts {
    const { graph, joiner, loaded } = this.parts
    const { fileName, sizeBytes, sha256, isVerified, precision, session } = loaded
    const { inUse, bytesInUse, givenBack, bytesGivenBack } = session.tensors
    return {
      ...{ fileName, sizeBytes, sha256, isVerified, graph, precision },
      ...runFacts(joiner.counters),
      ...{ buffersInUse: inUse, bytesInUse, buffersGivenBack: givenBack, bytesGivenBack }
    }
  }

  async denoise(job: FileJob, hooks: JobHooks): Promise<DenoiseResult> {
    const { joiner, ffmpegPath } = this.parts
    try {
      return await denoiseFile(job, { joiner, ffmpegPath, modelRateHz: SAMPLE_RATE_HZ, ...hooks })
    } finally {
      this.reclaimer.afterFile()
    }
  }

  release(): Promise<void> {
    return this.parts.loaded.session.release()
  }
}
