import { setTimeout as sleep } from 'node:timers/promises'
import { Disturbed, partsIn, untilPart } from './disturbed'
import { atMost, none, type Promised } from './promises'
import type { Random } from './random'

export interface CancelPlan {
  readonly folder: string
  readonly count: number
  readonly random: Random
  readonly say: (line: string) => void
}

/** Ctrl-C at any moment of a batch, again and again: it is over at once, what is there is whole, and nothing else is there. */
export async function cancels({ folder, count, random, say }: CancelPlan): Promise<readonly Promised[]> {
  const bench = await Disturbed.open(folder, [1, 30, 1, 2])
  const faults: string[] = []
  const tookMs: number[] = []
  for (let late = 0; tookMs.length < count;) {
    bench.clear()
    const {
      life,
      files,
      faults: found
    } = await bench.run({
      signal: 'SIGINT',
      meanwhile: async (living) => {
        if (!(await untilPart(bench.outDir, living))) return
        await sleep(random.next() * bench.tookMs * 0.7)
        living.strike()
      }
    })
    // It was over before: the report is written, and a signal from then on only ends a program that ends.
    const isOver = files.length === bench.whole.size && files.every(({ status }) => status === 'done')
    if (isOver && ++late < 10 * count) continue
    tookMs.push(life.endedInMs ?? NaN)
    faults.push(...found, ...partsIn(bench.outDir).map((name) => `${name} stayed`))
    if (life.code !== 130) faults.push(`exit code ${life.code}: ${life.stderr.slice(-200)}`)
    if (tookMs.length % 20 === 0) say(`${tookMs.length} cancels`)
  }
  tookMs.sort((a, b) => a - b)
  return [
    { promise: 'cancels', found: String(tookMs.length), kept: tookMs.length === count },
    none('files damaged, parts and processes left', faults),
    atMost('seconds to the end, 95 of 100', tookMs[Math.ceil(count * 0.95) - 1]! / 1000, 1),
    atMost('seconds to the end', tookMs.at(-1)! / 1000, 3)
  ]
}
