import { findFfmpeg } from '../../audio/io/ffmpeg/findFfmpeg'
import { AppError } from '../../shared/errors/appError'
import { HOP_SAMPLES, SAMPLE_RATE_HZ } from '../model/network'
import type { ModelMetadata } from '../model/metadata'
import { readModelMetadata } from '../model/readModel'
import { loadModel, resolveDevice } from '../onnx/loadModel'
import type { ModelFile } from '../onnx/loadModel'
import type { SessionOptions } from '../onnx/runtime'
import type { EngineSettings, FileJob, ModelFiles } from '../protocol'
import type { Engine, JobHooks, ModelFacts } from '../serve'
import { Reclaimer } from '../telemetry/reclaim'
import { CarriedJoin } from './carried'
import type { Joiner } from './join'
import { OverlappedJoin } from './overlapped'
import { contextSamples, planOverlap } from './overlapPlan'
import { denoiseFile } from './pipeline'
import type { DenoiseResult } from './pipeline'
import { SessionLadder } from './sessionLadder'
import type { Rung } from './sessionLadder'
import { newFallbackTrace } from './soundRuns'

/** A model that says nothing of its reach gets that of the official FRCRN, the longest that we know. */
const ASSUMED_CASCADE = 2

/**
 * Loads the model that the settings name: one session, for the join that they ask for, with what stands in for it where it gives
 * values that are no sound. A model without a stateful companion runs overlapped, and says so. Errors as {@link loadModel}.
 */
export async function loadEngine(settings: EngineSettings): Promise<Engine> {
  const { model, join } = settings
  const isCarried = join === 'carried' && model.statefulPath !== null
  const ffmpegPath = await findFfmpeg(settings.ffmpegPath)
  const session = await SessionLadder.start(rungsFor(settings, isCarried))
  const path = isCarried ? model.statefulPath! : model.onePassPath
  try {
    const metadata = await readModelMetadata(path)
    const joiner = isCarried
      ? new CarriedJoin(session, statefulMetadata(metadata, path), settings)
      : overlapped(session, metadata, settings)
    return new LoadedEngine({ joiner, session, graph: isCarried ? 'stateful' : graphOf(metadata), ffmpegPath })
  } catch (thrown) {
    await session.release()
    throw thrown
  }
}

/** As asked; in FP32 where that is FP16; on the CPU where that is another device. */
function rungsFor({ model, fullModel, device, threads }: EngineSettings, isCarried: boolean): [Rung, ...Rung[]] {
  const full = fullModel && (!isCarried || fullModel.statefulPath !== null) ? fullModel : null
  const rung = (files: ModelFiles, options: SessionOptions): Rung => ({
    device: options.device,
    open: (ledger) => loadModel(graphFile(files, isCarried), { ...options, ledger })
  })
  const asked: SessionOptions = { device: resolveDevice(device), threads }
  return [
    rung(model, asked),
    ...(full === null ? [] : [rung(full, asked)]),
    ...(asked.device === 'cpu' ? [] : [rung(full ?? model, { ...asked, device: 'cpu' })])
  ]
}

function graphFile(files: ModelFiles, isCarried: boolean): ModelFile {
  return isCarried && files.statefulPath !== null
    ? { path: files.statefulPath, sha256: files.statefulSha256 }
    : { path: files.onePassPath, sha256: files.onePassSha256 }
}

function graphOf(metadata: ModelMetadata | null): ModelFacts['graph'] {
  if (metadata === null) return 'foreign'
  return metadata.kind === 'stateful' ? 'stateful' : 'onePass'
}

function statefulMetadata(metadata: ModelMetadata | null, path: string): ModelMetadata {
  if (metadata?.kind === 'stateful') return metadata
  throw new AppError('E_MODEL_UNSUPPORTED', { path, detail: 'it is not a stateful graph of ours' })
}

function overlapped(session: SessionLadder, metadata: ModelMetadata | null, settings: EngineSettings): OverlappedJoin {
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
  readonly session: SessionLadder
  readonly graph: ModelFacts['graph']
  readonly ffmpegPath: string | null
}

class LoadedEngine implements Engine {
  private readonly reclaimer = new Reclaimer()

  constructor(private readonly parts: EngineParts) {}

  get device(): string {
    return this.parts.session.device
  }

  get threads(): number {
    return this.parts.session.threads
  }

  get join(): Joiner['kind'] {
    return this.parts.joiner.kind
  }

  get facts(): ModelFacts {
    const { graph, joiner, session } = this.parts
    const { fileName, sizeBytes, sha256, isVerified, precision } = session.loaded
    const { inUse, bytesInUse, givenBack, bytesGivenBack } = session.tensors
    const { device, fallbackFiles, staysDown } = session
    return {
      ...{ fileName, sizeBytes, sha256, isVerified, graph, precision, device, fallbackFiles, staysDown },
      ...runFacts(joiner.counters),
      ...{ buffersInUse: inUse, bytesInUse, buffersGivenBack: givenBack, bytesGivenBack }
    }
  }

  async denoise(job: FileJob, hooks: JobHooks): Promise<DenoiseResult> {
    const { joiner, session, ffmpegPath } = this.parts
    const trace = newFallbackTrace()
    try {
      await session.begin()
      const result = await denoiseFile(job, { joiner, ffmpegPath, modelRateHz: SAMPLE_RATE_HZ, trace, ...hooks })
      return { ...result, warnings: [...result.warnings, ...session.judge(trace)] }
    } finally {
      session.end()
      this.reclaimer.afterFile()
    }
  }

  release(): Promise<void> {
    return this.parts.session.release()
  }
}
