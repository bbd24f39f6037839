import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { cutPromises, cuts } from './cuts'
import { fuzz, fuzzPromises } from './fuzz'
import { journalFuzz, journalPromises } from './journalFuzz'
import { killPromises } from './killBatch'
import { killCommand, killQueue } from './kills'
import { longFile, longPromises } from './longFile'
import { formatPromises, type Promised } from './promises'
import { Random } from './random'
import { soak, soakPromises } from './soak'

/**
 * `npm run reliability -- kills|fuzz|journal|truncate|soak|long|all [--count N] [--seed S]`: the promises of docs/reliability.md at the size that the
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
  fuzz: {
    title: 'broken recordings',
    count: 5000,
    run: async (mutants, room) => fuzzPromises(await fuzz({ ...room, mutants }))
  },
  journal: {
    title: 'damaged lists',
    count: 5000,
    run: async (mutants, room) =>
      journalPromises(await journalFuzz({ ...room, mutants, starts: Math.ceil(mutants / 100) }))
  },
  truncate: {
    title: 'cut recordings, places in each',
    count: 14,
    run: async (points, room) => cutPromises(await cuts({ ...room, points }))
  },
  soak: {
    title: 'short files in one life',
    count: 1000,
    run: async (files, room) => soakPromises(await soak({ ...room, files }))
  },
  long: {
    title: 'a file of hours',
    count: 10,
    run: async (hours, room) => longPromises(await longFile({ ...room, hours }))
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
