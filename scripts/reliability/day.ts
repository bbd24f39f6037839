import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { projectRoot } from '../projectRoot'
import { partsIn } from './disturbed'
import { live, type Living } from './life'
import { mutate } from './mutate'
import { engineIn, heldBy, slopeOf, type Held } from './processFacts'
import { atMost, none, type Promised } from './promises'
import type { Random } from './random'
import { ffmpegForSeeds, makeSeeds, type Seed } from './seeds'
import { tinyNetwork } from './tinyNetwork'

export interface DayPlan {
  readonly folder: string
  readonly minutes: number
  readonly random: Random
  readonly say: (line: string) => void
}

const COMMAND = path.join(projectRoot, 'out/main/headless.js')
/** Drops before memory is looked at: allocators and caches fill up first. */
const WARM_FILES = 60
const A_DROP = 12
/** Five in a minute would end the batch, as they should. */
const CRASHES_APART_MS = 40_000
const DROP_LIMIT_MS = 120_000
/** What is said where we did not know what to do. */
const UNKNOWN = 'Something went wrong inside Stillwave'

interface Day {
  readonly faults: string[]
  readonly held: Held[]
  dropped: number
  broken: number
  crashes: number
}

/**
 * One life of the built command over a watched folder, for a day: recordings of fourteen formats come in, a quarter of them broken,
 * go again once they are done with, and the engine is killed now and then in the middle of one.
 */
export async function day({ folder, minutes, random, say }: DayPlan): Promise<readonly Promised[]> {
  const [input, outDir] = [path.join(folder, 'in'), path.join(folder, 'out')]
  mkdirSync(input)
  const seeds = makeSeeds(await ffmpegForSeeds(), path.join(folder, 'seeds'), 3)
  const model = await tinyNetwork(folder)
  const tally: Day = { faults: [], held: [], dropped: 0, broken: 0, crashes: 0 }
  const life = await live({
    args: [COMMAND, input, '--out', outDir, '--model', model, '--format', 'wav16', '--watch', '--watch-every', '1'],
    env: { STILLWAVE_DATA: path.join(folder, 'data') },
    ...{ killAfterMs: null, wholeGroup: true, signal: 'SIGINT' },
    meanwhile: async (living) => {
      const until = { drops: performance.now() + minutes * 60_000, crash: performance.now() + CRASHES_APART_MS }
      while (!living.isOver() && performance.now() < until.drops) {
        const names = drop({ input, folder, seeds, random }, tally)
        if (performance.now() > until.crash && (await crash(living, random))) {
          tally.crashes++
          until.crash = performance.now() + CRASHES_APART_MS
        }
        await untilTold(living, names, tally)
        for (const place of [input, outDir])
          for (const name of names) rmSync(path.join(place, outName(name, place === outDir)), { force: true })
        if (tally.dropped % (50 * A_DROP) === 0) say(`${tally.dropped} files, ${tally.crashes} engines killed`)
      }
      living.strike()
    }
  })
  tally.faults.push(
    ...life.strays.map((pid) => `process ${pid} stayed`),
    ...partsIn(outDir).map((name) => `${name} stayed`)
  )
  // Broken files are told of by 1, as everywhere.
  if (![0, 1, 130].includes(life.code ?? NaN)) tally.faults.push(`exit code ${life.code}: ${life.stderr.slice(-300)}`)
  const unknown = (life.stdout + life.stderr).split('\n').filter((line) => line.includes(UNKNOWN))
  say(`${tally.dropped} files, ${tally.broken} of them broken, ${tally.crashes} engines killed`)
  return dayPromises(tally, unknown)
}

const outName = (name: string, isResult: boolean): string => (isResult ? `${path.parse(name).name}.wav` : name)

interface Dropping {
  readonly input: string
  readonly folder: string
  readonly seeds: readonly Seed[]
  readonly random: Random
}

/** They come in one step each, as a file that is moved. */
function drop({ input, folder, seeds, random }: Dropping, tally: Day): string[] {
  return Array.from({ length: A_DROP }, () => {
    const seed = random.pick(seeds)
    const bytes = readFileSync(seed.file)
    const isBroken = random.next() < 0.25
    const name = `${tally.dropped++}-${path.parse(seed.name).name}-${isBroken ? 'broken' : 'whole'}${path.extname(seed.name)}`
    if (isBroken) tally.broken++
    const coming = path.join(folder, 'coming')
    writeFileSync(coming, isBroken ? mutate(bytes, random) : bytes)
    renameSync(coming, path.join(input, name))
    return name
  })
}

/** Kills the engine at some moment of the work on these. */
async function crash(living: Living, random: Random): Promise<boolean> {
  for (let tries = 0; tries < 500 && !living.isOver(); tries++) {
    await sleep(5)
    const engine = engineIn(living.pid)
    if (engine === null) continue
    await sleep(random.next() * 300)
    if (engineIn(living.pid) !== engine) return false
    process.kill(engine, 'SIGKILL')
    return true
  }
  return false
}

/** Until each was told of; a broken one may be refused, a whole one has to give a result. */
async function untilTold(living: Living, names: readonly string[], tally: Day): Promise<void> {
  const limitMs = performance.now() + DROP_LIMIT_MS
  for (;;) {
    const told = living.lately()
    const waiting = names.filter((name) => !told.includes(`${name} -> `) && !told.includes(`${name}: `))
    const now = tally.dropped > WARM_FILES ? heldBy(living.pid) : null
    if (now) tally.held.push(now)
    if (waiting.length === 0) {
      const lost = names.filter((name) => name.includes('whole') && !told.includes(`${name} -> `))
      tally.faults.push(...lost.map((name) => `${name} gave no result`))
      return
    }
    if (living.isOver() || performance.now() > limitMs) {
      tally.faults.push(...waiting.map((name) => `${name} was never told of`))
      return
    }
    await sleep(200)
  }
}

function dayPromises({ faults, held, dropped, crashes }: Day, unknown: readonly string[]): readonly Promised[] {
  const of = (key: keyof Held): number[] => held.map((one) => one[key])
  const perFile = held.length / Math.max(1, dropped - WARM_FILES)
  const end = (values: readonly number[], from: number, to: number): number => {
    const sorted = values.slice(from, to).sort((a, b) => a - b)
    return sorted[sorted.length >> 1] ?? NaN
  }
  const window = Math.max(5, Math.floor(held.length / 20))
  const grown = (key: keyof Held): number => end(of(key), -window, held.length) - end(of(key), 0, window)
  const least = (key: keyof Held): number => Math.min(...of(key).slice(-window)) - Math.min(...of(key).slice(0, window))
  return [
    none('whole files without a result, files never told of, parts and processes left', faults),
    none('errors that nobody knows', unknown),
    { promise: 'files, engines killed', found: `${dropped}, ${crashes}`, kept: dropped > 0 },
    atMost('main: MB more with each file', slopeOf(of('mainMb')) * perFile, 0.05),
    atMost('main: MB more at the end', grown('mainMb'), 50),
    atMost('engine: MB more at the end', grown('engineMb'), 100),
    atMost('main: open files more', least('mainFiles'), 0),
    atMost('engine: open files more', least('engineFiles'), 0),
    atMost('processes more', least('processes'), 0)
  ]
}
