import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { totalmem } from 'node:os'
import { basename, join } from 'node:path'
import type { EngineSettings } from '../../src/engine/protocol'
import { EngineHost } from '../../src/main/processes/engineHost'
import { forkTransport } from '../../src/main/processes/forkTransport'
import { projectRoot } from '../projectRoot'

/** What one file cost. Bytes are resident memory of the process that holds the session. */
export interface FileCost {
  readonly audioSec: number
  readonly wallSec: number
  readonly cpuSec: number
  /** Wall time inside `session.run`; null where it was not taken (naive). */
  readonly modelSec: number | null
  readonly rssBytes: number
  readonly peakRssBytes: number
}

export interface ModelFiles {
  readonly onePassPath: string
  readonly statefulPath: string
  /** Seconds in one carried run. */
  readonly chunkSec: number
}

/** The built program. */
const out = join(projectRoot, 'out')

/** Share of the machine's memory over which a naive length is refused. */
const MEMORY_SHARE = 0.6

/** The naive way over `wavs`, in order, in one process; the last file's samples (float32) go to `savePath`. */
export async function runNaive(onePassPath: string, wavs: readonly string[], savePath = '-'): Promise<FileCost[]> {
  const child = spawn(process.execPath, [join(out, 'scripts/benchNaive.js'), onePassPath, savePath, ...wavs], {
    stdio: ['ignore', 'pipe', 'inherit']
  })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (piece: string) => (text += piece))
  const code = await new Promise<number | null>((done) => child.once('close', done))
  if (code !== 0) throw new Error(`the naive run ended with ${String(code)}`)
  const lines = text.trim().split('\n')
  return lines.map((line) => ({ modelSec: null, ...(JSON.parse(line) as Omit<FileCost, 'modelSec'>) }))
}

/** Bytes that a naive run of `seconds` is expected to need, from two short ones; null when it fits the machine. */
export function tooLongForNaive(short: FileCost, longer: FileCost, seconds: number): number | null {
  const bytesPerSec = (longer.peakRssBytes - short.peakRssBytes) / (longer.audioSec - short.audioSec)
  const expected = longer.peakRssBytes + bytesPerSec * (seconds - longer.audioSec)
  return expected > MEMORY_SHARE * totalmem() ? expected : null
}

/** Stillwave's own engine over `wavs`, in order, as the command runs it; outputs go to `outDir` under the inputs' names. */
export async function runStillwave(
  files: ModelFiles,
  wavs: readonly string[],
  outDir: string,
  options: Partial<EngineSettings> = {}
): Promise<FileCost[]> {
  const host = new EngineHost(() => forkTransport(join(out, 'main/engine.js')))
  const status = await host.start({ ...settingsFor(files), ...options })
  if (status.kind !== 'ready') throw new Error(`the engine did not start: ${JSON.stringify(status)}`)
  const costs: FileCost[] = []
  for (const [index, wav] of wavs.entries()) {
    const partPath = join(outDir, `${String(index)}-${basename(wav)}`)
    const done = await host.denoise({
      jobId: String(index),
      inputPath: wav,
      partPath,
      outputContainer: null,
      residualGain: 0,
      isUrgent: false
    })
    costs.push({
      audioSec: done.durationSec,
      wallSec: done.timings.wallSec,
      cpuSec: done.timings.cpuSec,
      modelSec: done.timings.modelSec,
      rssBytes: residentBytes(host.pid),
      // The process's, loading included, as the naive run's is.
      peakRssBytes: host.peakRssBytes
    })
  }
  await host.shutdown()
  return costs
}

function settingsFor({ onePassPath, statefulPath, chunkSec }: ModelFiles): EngineSettings {
  return {
    model: { onePassPath, statefulPath, onePassSha256: null, statefulSha256: null },
    device: 'cpu',
    join: 'carried',
    chunkSec,
    overlapSec: 0.5,
    batch: 1,
    threads: null,
    ffmpegPath: null
  }
}

/** Resident memory of a process by pid, from /proc; NaN where there is none. */
function residentBytes(pid: number | undefined): number {
  try {
    const kib = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8'))?.[1]
    return Number(kib) * 1024
  } catch {
    return Number.NaN
  }
}
