import { mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import type { EngineSettings } from '../../src/engine/protocol'
import { EngineHost } from '../../src/main/processes/engineHost'
import { AppError } from '../../src/shared/errors/appError'
import { writeLoopedWav } from './material'
import { openEngine } from './runs'
import type { Row, Section } from './table'

/** What is denoised in lanes and one by one. */
export interface LanesPlan {
  readonly folder: string
  readonly files: number
  /** The files are of 1 s up to this. */
  readonly longestSec: number
  readonly batch: number
}

/** What a batch of files took. */
interface BatchCost {
  readonly wallSec: number
  readonly modelSec: number
}

/** In turn, so that what else the machine does meets both; the fastest of each counts. */
const ROUNDS = 3

/** A batch of short files in lanes against the same files one by one: the ratio of throughputs, which is to be 1 at least. */
export async function lanesSection(
  plan: LanesPlan,
  settings: Omit<EngineSettings, 'batch'>,
  noisy: Float32Array
): Promise<Section> {
  const lengths = lengthsOf(plan)
  const wavs = lengths.map((_, i) => join(plan.folder, `lane-${i}.wav`))
  for (const [i, seconds] of lengths.entries()) await writeLoopedWav(wavs[i]!, noisy, { seconds })
  const alone: BatchCost[] = []
  const together: BatchCost[] = []
  for (let round = 0; round < ROUNDS; round++) {
    alone.push(await runBatch({ ...settings, batch: 1 }, wavs, plan.folder))
    together.push(await runBatch({ ...settings, batch: plan.batch }, wavs, plan.folder))
  }
  const audioSec = lengths.reduce((sum, seconds) => sum + seconds, 0)
  return {
    title: `Lanes, ${plan.files} files of 1 to ${plan.longestSec} s`,
    rows: rows(plan, audioSec, [alone, together])
  }
}

/** From 1 s to the longest, long and short mixed, the same every time. */
export function lengthsOf({ files, longestSec }: Pick<LanesPlan, 'files' | 'longestSec'>): readonly number[] {
  const step = files > 1 ? (longestSec - 1) / (files - 1) : 0
  // Every 7th: 7 and the number of files have no common divisor where all are to be met.
  const stride = files % 7 === 0 ? 1 : 7
  return Array.from({ length: files }, (_, i) => 1 + ((i * stride) % files) * step)
}

function rows(
  { batch }: LanesPlan,
  audioSec: number,
  [alone, together]: readonly [readonly BatchCost[], readonly BatchCost[]]
): Row[] {
  const best = (costs: readonly BatchCost[], of: keyof BatchCost): number => Math.min(...costs.map((cost) => cost[of]))
  const row = (label: string, unit: string, stillwave: number): Row => ({
    ...{ label, unit, stillwave },
    ...{ naive: '', article: '' }
  })
  return [
    row('one by one', 's audio / s', audioSec / best(alone, 'wallSec')),
    row(`in ${batch} lanes`, 's audio / s', audioSec / best(together, 'wallSec')),
    row('lanes : one by one (goal at least 1)', 'ratio', best(alone, 'wallSec') / best(together, 'wallSec')),
    row('the same, inside session.run', 'ratio', best(alone, 'modelSec') / best(together, 'modelSec'))
  ]
}

/** All files through one engine, as many at once as fill its lanes and one more, as the queue feeds it. */
async function runBatch(settings: EngineSettings, wavs: readonly string[], folder: string): Promise<BatchCost> {
  const outFolder = mkdtempSync(join(folder, 'lanes-'))
  const host = new EngineHost(openEngine)
  try {
    const status = await host.start(settings)
    if (status.kind === 'unavailable') throw new AppError(status.error.code, status.error.data)
    const modelSec = lastModelSec(host, wavs.length)
    const beganMs = performance.now()
    const waiting = [...wavs.entries()]
    const feed = async (): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const [i, inputPath] = next
        const partPath = join(outFolder, `${i}.wav`)
        const job = { jobId: String(i), inputPath, partPath, outputContainer: null, residualGain: 0, isUrgent: false }
        await host.denoise(job)
      }
    }
    const atOnce = settings.batch === 1 ? 1 : settings.batch + 1
    await Promise.all(Array.from({ length: atOnce }, feed))
    const wallSec = (performance.now() - beganMs) / 1000
    return { wallSec, modelSec: await modelSec }
  } finally {
    await host.shutdown()
  }
}

/** What the session itself counted once all files were through. */
function lastModelSec(host: EngineHost, files: number): Promise<number> {
  return new Promise((resolve) => {
    const end = host.onFacts((facts) => {
      if (facts !== null && facts.files < files) return
      end()
      // NaN is shown as not measured.
      resolve(facts?.modelSec ?? Number.NaN)
    })
  })
}
