import { appendFileSync, copyFileSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Disturbed, partsIn, untilPart } from './disturbed'
import { none, type Promised } from './promises'
import type { Random } from './random'

export interface ChangePlan {
  readonly folder: string
  readonly count: number
  readonly random: Random
  readonly say: (line: string) => void
}

/** What another program may do to a recording while it is read. */
const CHANGES: Readonly<Record<string, (file: string) => void>> = {
  grown: (file) => {
    appendFileSync(file, Buffer.alloc(32_000, 1))
  },
  cut: (file) => {
    truncateSync(file, 100_000)
  },
  emptied: (file) => {
    truncateSync(file, 0)
  },
  deleted: (file) => {
    rmSync(file)
  },
  replaced: (file) => {
    rmSync(file)
    writeFileSync(file, 'something else')
  },
  touched: (file) => {
    utimesSync(file, 1, 1)
  }
}

/** Never takes the answer that it was changed for one of its own: a file that is gone says so. */
const ANSWERS = /^E_SOURCE_CHANGED$/u

/** A recording is changed in each of six ways while it is read, `count` times in all: no output comes of it. */
export async function changingSources({ folder, count, random, say }: ChangePlan): Promise<readonly Promised[]> {
  const bench = await Disturbed.open(folder, [60, 0.5])
  const [source, kept] = [path.join(bench.sources, 'take-0.wav'), path.join(folder, 'kept.wav')]
  copyFileSync(source, kept)
  const faults: string[] = []
  for (let n = 0; n < count; n++) {
    const how = Object.keys(CHANGES)[n % Object.keys(CHANGES).length]!
    bench.clear()
    const {
      life,
      files,
      faults: found
    } = await bench.run({
      meanwhile: async (living) => {
        if (!(await untilPart(bench.outDir, living))) return
        await sleep((random.next() * bench.tookMs) / 6)
        CHANGES[how]!(source)
      }
    })
    const wrong = found.filter((fault) => !fault.startsWith('source take-0.wav was changed'))
    const ends = files.map(({ status, error }) => `${status} ${error?.code ?? ''}`.trim())
    const [changed = '', other] = ends
    if (!changed.startsWith('failed ') || !ANSWERS.test(changed.slice(7)) || other !== 'done' || life.code !== 1)
      wrong.push(`ended with ${life.code}: ${ends.join()}`)
    const names = bench.namesIn(bench.outDir)
    if (names.join() !== 'take-1.wav') wrong.push(`left ${names.join() || 'nothing'}`)
    faults.push(...[...wrong, ...partsIn(bench.outDir)].map((text) => `${how}: ${text}`))
    copyFileSync(kept, source)
  }
  say(`${count} recordings changed`)
  return [none('outputs of a recording that changed, other answers than E_SOURCE_CHANGED, parts left', faults)]
}
