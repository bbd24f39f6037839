import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { FileReport } from '../../src/main/reports/runReport'
import { commandBatch } from './commandBatch'
import { mutate } from './mutate'
import { atMost, none, type Promised } from './promises'
import type { Random } from './random'
import { ffmpegForSeeds, makeSeeds } from './seeds'
import { tinyNetwork } from './tinyNetwork'

export interface FuzzPlan {
  readonly folder: string
  readonly mutants: number
  readonly random: Random
  readonly say: (line: string) => void
}

export interface FuzzTally {
  mutants: number
  /** How many ended so: `done` or an error's code. */
  readonly ends: Map<string, number>
  readonly faults: string[]
  longestGapSec: number
  decoderMb: number
}

/** So many in one life of the command: an engine that one of them harmed would harm the next. */
const A_BATCH = 100
/** Errors that say that we did not know what to do. */
const UNKNOWN = ['E_INTERNAL', 'E_ENGINE_CRASH', 'E_TIMEOUT', 'E_CANCELLED', 'E_MODEL_OUTPUT']

/** Broken recordings of fourteen formats through the built command: each gives a result or a typed refusal. */
export async function fuzz(plan: FuzzPlan): Promise<FuzzTally> {
  const seeds = makeSeeds(await ffmpegForSeeds(), path.join(plan.folder, 'seeds'), 1)
  const model = await tinyNetwork(plan.folder)
  const tally: FuzzTally = { mutants: 0, ends: new Map(), faults: [], longestGapSec: 0, decoderMb: 0 }
  while (tally.mutants < plan.mutants) {
    const folder = path.join(plan.folder, 'batch')
    mkdirSync(folder, { recursive: true })
    const size = Math.min(A_BATCH, plan.mutants - tally.mutants)
    const names = Array.from({ length: size }, (_, n) => {
      const seed = seeds[(tally.mutants + n) % seeds.length]!
      const name = `${n}-${seed.name}`
      writeFileSync(path.join(folder, name), mutate(readFileSync(seed.file), plan.random))
      return name
    })
    // In a quarter of the batches what came in goes out again, with its tags, through the encoders; that takes twice the time.
    const format = plan.random.next() < 0.25 ? [] : ['--format', 'wav16']
    const { files, faults, longestGapSec, decoderMb } = await commandBatch(folder, names, ['--model', model, ...format])
    tally.faults.push(...faults, ...files.flatMap((file) => judged(file, plan.random.seed)))
    for (const { status, error } of files) {
      const end = error?.code ?? status
      tally.ends.set(end, (tally.ends.get(end) ?? 0) + 1)
    }
    tally.longestGapSec = Math.max(tally.longestGapSec, longestGapSec)
    tally.decoderMb = Math.max(tally.decoderMb, decoderMb)
    tally.mutants += size
    if (faults.length > 0) keep(folder, names, plan.random.seed)
    rmSync(folder, { recursive: true, force: true })
    plan.say(`${tally.mutants} mutants`)
  }
  return tally
}

/** What is wrong with how a file ended; the file itself is kept, to be looked at. */
function judged({ input, status, error, durationSec }: FileReport, seed: number): string[] {
  const isTyped = status === 'failed' && error !== null && !UNKNOWN.includes(error.code)
  if (isTyped || (status === 'done' && (durationSec ?? 0) > 0)) return []
  keep(path.dirname(input), [path.basename(input)], seed)
  return [`${path.basename(input)} is ${status} ${error?.code ?? ''} ${error?.detail ?? ''}`]
}

function keep(folder: string, names: readonly string[], seed: number): void {
  const kept = path.join(tmpdir(), `stillwave-found-${seed}`)
  mkdirSync(kept, { recursive: true })
  for (const name of names) copyFileSync(path.join(folder, name), path.join(kept, name))
  console.log(`  kept in ${kept}: ${names.slice(0, 3).join(', ')}${names.length > 3 ? ', ...' : ''}`)
}

export function fuzzPromises(tally: FuzzTally): readonly Promised[] {
  const ends = [...tally.ends].sort().map(([end, count]) => `${end} ${count}`)
  return [
    none('mutants without a result or a typed refusal, crashes, hangs, parts, processes', tally.faults),
    atMost('seconds in which no file came to its end', tally.longestGapSec, 30),
    atMost('MB of the largest decoder', tally.decoderMb, 512),
    { promise: 'some are read and some are refused', found: ends.join(', '), kept: tally.ends.size > 1 }
  ]
}
