import { linkSync, mkdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import type { RunReport } from '../../src/main/reports/runReport'
import { projectRoot } from '../projectRoot'
import { live } from './life'
import { heldBy, slopeOf, type Held } from './processFacts'
import { atMost, none, type Promised } from './promises'
import { ffmpegForSeeds, makeSeeds } from './seeds'
import { tinyNetwork } from './tinyNetwork'
import { writeWavering } from './wavering'

export interface SoakPlan {
  readonly folder: string
  readonly files: number
  readonly say: (line: string) => void
}

export interface SoakTally {
  readonly faults: string[]
  /** One a file, from when the caches are filled on. */
  readonly held: readonly Held[]
}

/** Files before memory is looked at: allocators and caches fill up first. */
const WARM = 100
/** A process or a pipe of a decoder is there for a moment: what stays is there in each of so many looks. */
const WINDOW = 30
const COMMAND = path.join(projectRoot, 'out/main/headless.js')
const LENGTHS_SEC = [0.4, 1, 1.7, 3, 5, 8]

/** So many short files of fourteen formats and many lengths, rates and channels in one life of the built command. */
export async function soak({ folder, files, say }: SoakPlan): Promise<SoakTally> {
  const sources = await material(folder)
  const input = path.join(folder, 'in')
  mkdirSync(input)
  for (let n = 0; n < files; n++) {
    // Three of four are read by our own code: a decoder's start costs more than all the rest.
    const list = n % 4 === 3 ? sources.foreign : sources.own
    const source = list[(n * 7) % list.length]!
    linkSync(source, path.join(input, `${String(n).padStart(5, '0')}-${path.basename(source)}`))
  }
  const held: Held[] = []
  let done = 0
  const heard = (text: string, pid: number): void => {
    const found = [...text.matchAll(/^\[(\d+)\/\d+\]/gmu)].at(-1)
    if (!found) return
    done = Number(found[1])
    if (done % 200 === 0) say(`${done} files`)
    const now = heldBy(pid)
    if (done > Math.min(WARM, files / 3) && now !== null) held.push(now)
  }
  const report = path.join(folder, 'report.json')
  const words = [
    input,
    '--out',
    path.join(folder, 'out'),
    '--model',
    sources.model,
    '--format',
    'wav16',
    '--report',
    report
  ]
  const life = await live({
    args: [COMMAND, ...words],
    env: { STILLWAVE_DATA: path.join(folder, 'data') },
    ...{ killAfterMs: null, wholeGroup: true, heard }
  })
  const faults = life.strays.map((pid) => `process ${pid} stayed`)
  if (life.code !== 0) faults.push(`exit code ${life.code}: ${life.stderr.slice(-300)}`)
  const ended = (JSON.parse(readFileSync(report, 'utf8')) as RunReport).files
  if (ended.length !== files) faults.push(`${ended.length} of ${files} files`)
  faults.push(
    ...ended.flatMap(({ input: name, status, error }) =>
      status === 'done' ? [] : [`${name} ${status} ${error?.code}`]
    )
  )
  return { faults, held }
}

async function material(folder: string): Promise<{ own: string[]; foreign: string[]; model: string }> {
  const seeds = makeSeeds(await ffmpegForSeeds(), path.join(folder, 'seeds'), 2)
  const isOurs = (name: string): boolean => /^(?:pcm16|float|pcm24|rf64)\./u.test(name)
  const own = seeds.filter(({ name }) => isOurs(name)).map(({ file }) => file)
  const foreign = seeds.filter(({ name }) => !isOurs(name)).map(({ file }) => file)
  for (const [n, seconds] of LENGTHS_SEC.entries()) {
    const file = path.join(folder, `wavering-${seconds}.wav`)
    writeWavering(file, seconds, { seed: n, sampleRateHz: [16_000, 44_100, 48_000][n % 3]!, channels: 1 + (n % 2) })
    own.push(file)
  }
  return { own, foreign, model: await tinyNetwork(folder) }
}

export function soakPromises({ faults, held }: SoakTally): readonly Promised[] {
  const of = (key: keyof Held): number[] => held.map((one) => one[key])
  const grown = (key: keyof Held): number => middleOf(of(key).slice(-WINDOW)) - middleOf(of(key).slice(0, WINDOW))
  const staying = (key: keyof Held): number =>
    Math.min(...of(key).slice(-WINDOW)) - Math.min(...of(key).slice(0, WINDOW))
  return [
    none('files that did not come through, processes left', faults),
    { promise: 'looks at memory, files and processes', found: String(held.length), kept: held.length >= 2 * WINDOW },
    atMost('engine: MB more with each file', slopeOf(of('engineMb')), 0.05),
    atMost('engine: MB more at the end', grown('engineMb'), 100),
    atMost('main: MB more with each file', slopeOf(of('mainMb')), 0.05),
    atMost('main: MB more at the end', grown('mainMb'), 50),
    atMost('engine: open files more', staying('engineFiles'), 0),
    atMost('main: open files more', staying('mainFiles'), 0),
    atMost('processes more', staying('processes'), 0)
  ]
}

function middleOf(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN
}
