import { mkdtempSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { EngineSettings } from '../../src/engine/protocol'
import type { Device } from '../../src/shared/settings/choices'
import type { FileCost } from '../../src/main/bench/fileCost'
import { runNaive as runNaiveIn } from '../../src/main/bench/naiveProcess'
import { runStillwave as runStillwaveIn } from '../../src/main/bench/stillwaveRun'
import { dataFolderOf } from '../../src/main/dataFolder'
import { cudaEnvironment } from '../../src/main/devices/cudaSupport'
import { ortPackage } from '../../src/main/devices/ortPackage'
import { forkTransport, naiveForkTransport } from '../../src/main/processes/forkTransport'
import { projectRoot } from '../projectRoot'

export type { FileCost }

export interface ModelFiles {
  readonly onePassPath: string
  readonly statefulPath: string
  /** Seconds in one carried run. */
  readonly chunkSec: number
}

export const lite: ModelFiles = {
  onePassPath: join(projectRoot, 'models/frcrn-lite.onnx'),
  statefulPath: join(projectRoot, 'models/frcrn-lite.stateful.onnx'),
  chunkSec: 1
}

const built = (name: string): string => join(projectRoot, 'out/main', name)
const { signal } = new AbortController()

/** With the CUDA libraries that the app has downloaded, where it has. */
const environment = (): NodeJS.ProcessEnv =>
  cudaEnvironment(dataFolderOf(null, { env: process.env, platform: process.platform, home: homedir() }), ortPackage())

export const openEngine = (): ReturnType<typeof forkTransport> => forkTransport(built('engine.js'), environment())
export const openNaive = (): ReturnType<typeof naiveForkTransport> =>
  naiveForkTransport(built('naive.js'), environment())

/** The naive way over WAVs (mono, 16 kHz), in order, in one process. */
export function runNaive(onePassPath: string, inputPaths: readonly string[], device: Device): Promise<FileCost[]> {
  return runNaiveIn(openNaive, { onePassPath, device, inputPaths, outPath: null }, { signal })
}

/** Stillwave's own engine over `inputPaths`, in order, as the command runs it; outputs go to a new folder in `outDir`. */
export async function runStillwave(
  files: ModelFiles,
  inputPaths: readonly string[],
  outDir: string,
  options: Partial<EngineSettings> = {}
): Promise<readonly FileCost[]> {
  const outFolder = mkdtempSync(join(outDir, 'out-'))
  const settings = { ...settingsFor(files, options.device ?? 'cpu'), ...options }
  return (await runStillwaveIn(openEngine, { settings, inputPaths, outFolder }, { signal })).files
}

/** What a model is started with here. */
export function settingsFor({ onePassPath, statefulPath, chunkSec }: ModelFiles, device: Device): EngineSettings {
  return {
    model: { onePassPath, statefulPath, onePassSha256: null, statefulSha256: null },
    fullModel: null,
    device,
    join: 'carried',
    chunkSec,
    overlapSec: 0.5,
    batch: 1,
    threads: null,
    ffmpegPath: null
  }
}
