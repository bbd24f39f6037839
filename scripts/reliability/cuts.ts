import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { commandBatch } from './commandBatch'
import { none, type Promised } from './promises'
import { ffmpegForSeeds, makeSeeds } from './seeds'
import { tinyNetwork } from './tinyNetwork'

/** Formats whose header or pages say how long they are: there no cut may pass. */
const SAY_THEIR_LENGTH = ['wav', 'w64', 'aiff', 'flac', 'm4a', 'ogg', 'caf']
const LENIENT_SHARE = 0.8

export interface CutPlan {
  readonly folder: string
  /** Of each format. */
  readonly points: number
  readonly say: (line: string) => void
}

export interface CutTally {
  readonly faults: string[]
  /** By seed: how many of its cuts were told of, in words or by refusal. */
  readonly told: Map<string, { told: number; cuts: number }>
}

/** Fourteen formats, each cut at so many places, through the built command: what is cut is flagged or refused. */
export async function cuts({ folder, points, say }: CutPlan): Promise<CutTally> {
  const seeds = makeSeeds(await ffmpegForSeeds(), path.join(folder, 'seeds'), 4)
  const model = await tinyNetwork(folder)
  const tally: CutTally = { faults: [], told: new Map() }
  for (const seed of seeds) {
    const batch = path.join(folder, seed.name)
    mkdirSync(batch)
    const bytes = readFileSync(seed.file)
    const names = Array.from({ length: points }, (_, n) => {
      const name = `${n}-${seed.name}`
      // From nearly nothing to nearly whole, never whole: the last is cut by at least a twentieth.
      writeFileSync(path.join(batch, name), bytes.subarray(0, Math.floor(((n + 0.6) / (points + 0.3)) * bytes.length)))
      return name
    })
    const { files, faults } = await commandBatch(batch, names, ['--model', model, '--format', 'wav16'])
    tally.faults.push(...faults)
    const unknown = files.filter(({ error }) => error?.code === 'E_INTERNAL' || error?.code === 'E_ENGINE_CRASH')
    tally.faults.push(...unknown.map(({ input, error }) => `${path.basename(input)}: ${error!.code}`))
    const told = files.filter(({ status, warnings }) => status === 'failed' || warnings.includes('W_TRUNCATED')).length
    tally.told.set(seed.name, { told, cuts: points })
    say(`${seed.name}: ${told} of ${points}`)
  }
  return tally
}

export function cutPromises(tally: CutTally): readonly Promised[] {
  const silent = [...tally.told].flatMap(([name, { told, cuts }]) => {
    const least = SAY_THEIR_LENGTH.includes(path.extname(name).slice(1)) ? 1 : LENIENT_SHARE
    return told < least * cuts ? [`${name} ${told} of ${cuts}`] : []
  })
  const [told, all] = [...tally.told.values()].reduce(([t, c], one) => [t + one.told, c + one.cuts], [0, 0])
  return [
    none('crashes, hangs, parts, processes', tally.faults),
    none('formats where a cut passes (every cut, or 4 of 5 where a file says nothing of its length)', silent),
    { promise: 'cuts told of, at least 84 %', found: `${told} of ${all}`, kept: told >= 0.84 * all }
  ]
}
