import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import type { Life } from './life'
import { atMost, none, type Promised } from './promises'
import { writeWavering } from './wavering'

/** What went wrong, by the promise that it breaks. */
export interface KillTally {
  kills: number
  /** Batches that were brought to their end, by as many lives as it took. */
  batches: number
  readonly damaged: string[]
  readonly lost: string[]
  readonly twice: string[]
  readonly left: string[]
  /** The longest from a start to an open list, under whatever else the machine does; 0 where there is none. */
  slowestReadyMs: number
  /** The longest from SIGTERM to the end; 0 where it was killed. */
  slowestEndMs: number
}

export const emptyTally = (): KillTally => ({
  ...{ kills: 0, batches: 0, damaged: [], lost: [], twice: [], left: [], slowestReadyMs: 0, slowestEndMs: 0 }
})

/** One batch that is killed until a life of it comes to its end by itself. */
export interface KillBatch {
  readonly sources: string
  readonly outDir: string
  /** The SHA-256 of each output of a run that nobody disturbed, by name. */
  readonly whole: ReadonlyMap<string, string>
  readonly live: () => Promise<Life>
  /** After each life: what it told and what it noted. */
  readonly check: (life: Life, tally: KillTally) => void
  /** After the last. */
  readonly atEnd: (life: Life, tally: KillTally) => void
}

export async function untilDone(batch: KillBatch, tally: KillTally): Promise<void> {
  const sources = sumsOf(batch.sources, (name) => batch.sources !== batch.outDir || !batch.whole.has(name))
  const made = new Map<string, string>()
  for (;;) {
    const life = await batch.live()
    tally.slowestReadyMs = Math.max(tally.slowestReadyMs, life.readyMs ?? 0)
    tally.left.push(...life.strays.map((pid) => `process ${pid}`))
    checkOutputs(batch, made, tally)
    batch.check(life, tally)
    if (life.code === null) {
      tally.kills++
      continue
    }
    tally.batches++
    if (life.code !== 0) tally.lost.push(`exit code ${life.code}: ${life.stderr.slice(-300)}`)
    batch.atEnd(life, tally)
    checkEnd(batch, made, tally)
    for (const [name, sum] of sumsOf(batch.sources, (name) => sources.has(name)))
      if (sources.get(name) !== sum) tally.damaged.push(`source ${name}`)
    return
  }
}

/** At any moment: what has its final name is whole, and is the same file from then on. */
function checkOutputs({ outDir, whole }: KillBatch, made: Map<string, string>, tally: KillTally): void {
  for (const name of whole.keys()) {
    const file = path.join(outDir, name)
    if (!existsSync(file)) {
      if (made.has(name)) tally.lost.push(`${name} was there`)
      continue
    }
    if (sumOf(file) !== whole.get(name)) tally.damaged.push(name)
    const { ino, mtimeNs } = statSync(file, { bigint: true })
    const identity = `${ino} ${mtimeNs}`
    if (made.has(name) && made.get(name) !== identity) tally.twice.push(name)
    made.set(name, identity)
  }
}

/** At the end: every output and nothing else. */
function checkEnd({ outDir, sources, whole }: KillBatch, made: ReadonlyMap<string, string>, tally: KillTally): void {
  for (const name of whole.keys()) if (!made.has(name)) tally.lost.push(`${name} was never made`)
  const expected = new Set([...whole.keys(), ...(outDir === sources ? readSources(sources) : [])])
  tally.left.push(...readdirSync(outDir).filter((name) => !expected.has(name)))
}

const readSources = (folder: string): string[] => readdirSync(folder).filter((name) => /^take-\d+\.wav$/u.test(name))

/** SHA-256 by name, of the files of a folder that are asked for. */
export function sumsOf(folder: string, wanted: (name: string) => boolean): Map<string, string> {
  const names = readdirSync(folder).filter(wanted)
  return new Map(names.map((name) => [name, sumOf(path.join(folder, name))]))
}

function sumOf(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex')
}

/** Recordings of half a second to two. */
export function makeSources(folder: string, files: number): void {
  mkdirSync(folder, { recursive: true })
  for (let n = 0; n < files; n++)
    writeWavering(path.join(folder, `take-${n}.wav`), 0.5 + ((n * 7) % 4) / 2, { seed: n + 1 })
}

export function killPromises(tally: KillTally): readonly Promised[] {
  return [
    none('files with a final name that are not whole and right', tally.damaged),
    none('files lost', tally.lost),
    none('files done twice', tally.twice),
    none('parts, locks and processes that stayed', tally.left),
    atMost('seconds from a start to the open list', tally.slowestReadyMs / 1000, 5),
    ...(tally.slowestEndMs > 0 ? [atMost('seconds from SIGTERM to the end', tally.slowestEndMs / 1000, 3)] : [])
  ]
}
