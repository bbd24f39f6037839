import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { bomb } from './bomb'
import { CALL_FAULTS, callFaultPromises, callFaults } from './callFaults'
import { cancels } from './cancels'
import { changingSources } from './changingSources'
import { cutPromises, cuts } from './cuts'
import { day } from './day'
import { fullDisks, vanishingDisks } from './disks'
import { engineFaults } from './engineFaults'
import { fuzz, fuzzPromises } from './fuzz'
import { journalFuzz, journalPromises } from './journalFuzz'
import { killPromises } from './killBatch'
import { killCommand, killQueue, quitQueue } from './kills'
import { longFile, longPromises } from './longFile'
import { many } from './many'
import { memorySteps } from './memorySteps'
import { formatPromises, type Promised } from './promises'
import { Random } from './random'
import { sleeps } from './sleeps'
import { soak, soakPromises } from './soak'

/**
 * `npm run reliability -- NAME|all [--count N] [--seed S]`: the promises of docs/reliability.md at the size that the
 * suite has no time for, on the built product. Prints a table each; exit code 1 where one is broken, 2 for wrong words.
 */
interface Trial {
  readonly title: string
  readonly count: number
  readonly run: (count: number, room: Room) => Promise<readonly Promised[]>
}

interface Room {
  readonly folder: string
  readonly random: Random
  readonly say: (line: string) => void
}

const TRIALS: Readonly<Record<string, Trial>> = {
  kills: { title: 'the app is killed', count: 200, run: kills },
  quit: {
    title: 'the app is asked to end',
    count: 50,
    run: async (kills, room) => killPromises(await quitQueue({ ...room, kills, files: 10 }))
  },
  engine: {
    title: 'the engine dies at each chunk',
    count: 100,
    run: (count, room) => engineFaults({ ...room, count })
  },
  cancel: { title: 'a batch is cancelled', count: 200, run: (count, room) => cancels({ ...room, count }) },
  calls: {
    title: 'calls of the system fail, files',
    count: 2,
    run: async (files, room) => callFaultPromises(await callFaults({ ...room, files, list: CALL_FAULTS }))
  },
  full: { title: 'a full disk, sizes', count: 100, run: (count, room) => fullDisks({ ...room, count }) },
  vanish: { title: 'the disk is taken away', count: 20, run: (count, room) => vanishingDisks({ ...room, count }) },
  change: { title: 'recordings change', count: 50, run: (count, room) => changingSources({ ...room, count }) },
  sleep: { title: 'the machine sleeps', count: 20, run: (count, room) => sleeps({ ...room, count, sleepSec: 120 }) },
  memory: {
    title: 'engines that get no more memory',
    count: 40,
    run: (count, room) => memorySteps({ ...room, count })
  },
  fuzz: {
    title: 'broken recordings',
    count: 5000,
    run: async (mutants, room) => fuzzPromises(await fuzz({ ...room, mutants }))
  },
  journal: {
    title: 'damaged lists',
    count: 5000,
    run: async (mutants, room) =>
      journalPromises(await journalFuzz({ ...room, mutants, starts: Math.min(500, Math.ceil(mutants / 10)) }))
  },
  truncate: {
    title: 'cut recordings, places in each',
    count: 14,
    run: async (points, room) => cutPromises(await cuts({ ...room, points }))
  },
  bomb: { title: 'a hundred hours of silence, minutes', count: 5, run: (minutes, room) => bomb({ ...room, minutes }) },
  many: { title: 'tiny files to the end', count: 10_000, run: (count, room) => many({ ...room, count }) },
  soak: {
    title: 'short files in one life',
    count: 1000,
    run: async (files, room) => soakPromises(await soak({ ...room, files }))
  },
  long: {
    title: 'a file of hours',
    count: 10,
    run: async (hours, room) => longPromises(await longFile({ ...room, hours }))
  },
  day: {
    title: 'a watched folder with faults, minutes',
    count: 1440,
    run: (minutes, room) => day({ ...room, minutes })
  }
}

async function kills(count: number, room: Room): Promise<readonly Promised[]> {
  const rows: Promised[] = []
  const halves = [
    { what: 'command', kill: killCommand, kills: Math.ceil(count / 2) },
    { what: 'list', kill: killQueue, kills: Math.floor(count / 2) }
  ]
  for (const { what, kill, kills: times } of halves) {
    const folder = path.join(room.folder, what)
    mkdirSync(folder)
    const tally = await kill({ ...room, folder, kills: times, files: 20 })
    rows.push(...killPromises(tally).map((row) => ({ ...row, promise: `${what}: ${row.promise}` })))
  }
  return rows
}

/** Whether all was kept. */
async function runTrial(name: string, count: number | null, seed: number): Promise<boolean> {
  const { title, count: usual, run } = TRIALS[name]!
  const folder = mkdtempSync(path.join(tmpdir(), `stillwave-${name}-`))
  const times = count ?? usual
  console.log(`${name}: ${title}; ${times}, seed ${seed}`)
  const begunMs = performance.now()
  try {
    const say = (line: string): void => {
      console.log(`  ${line}`)
    }
    const rows = await run(times, { folder, random: new Random(seed), say })
    const took = `${((performance.now() - begunMs) / 1000).toFixed(0)} s`
    console.log(`\n${formatPromises(`${name}: ${times}, seed ${seed}, ${took}`, rows)}\n`)
    return rows.every(({ kept }) => kept)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function wrongUse(): never {
  console.error(`npm run reliability -- ${Object.keys(TRIALS).join('|')}|all [--count N] [--seed S]`)
  process.exit(2)
}

const wholeNumber = (text: string | undefined): number | null => {
  if (text === undefined) return null
  const value = Number(text)
  return Number.isSafeInteger(value) && value > 0 ? value : wrongUse()
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: { count: { type: 'string' }, seed: { type: 'string' } },
    allowPositionals: true
  })
  const [name, ...others] = positionals
  if (name === undefined || others.length > 0) wrongUse()
  const names = name === 'all' ? Object.keys(TRIALS) : [name]
  if (names.some((each) => TRIALS[each] === undefined)) wrongUse()
  const count = wholeNumber(values.count)
  const seed = wholeNumber(values.seed) ?? (Date.now() % 2 ** 32) + 1
  let kept = true
  for (const each of names) kept = (await runTrial(each, count, seed)) && kept
  process.exitCode = kept ? 0 : 1
}

await main()
