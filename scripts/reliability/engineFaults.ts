import { existsSync, rmSync } from 'node:fs'
import path from 'node:path'
import { Disturbed, untilPart } from './disturbed'
import type { Living } from './life'
import { engineIn } from './processFacts'
import { atMost, none, type Promised } from './promises'
import { setTimeout as sleep } from 'node:timers/promises'

export interface EngineFaultPlan {
  readonly folder: string
  readonly count: number
  readonly say: (line: string) => void
}

const LENGTHS_SEC = [60, 1]
const AGAIN = 'the engine stopped, trying once more'
/** Engines that are stopped dead at once, to be found by their silence. */
const SILENT = 3

/** The engine dies at its first chunk, its second and so on, by three ends in turn; then it is stopped dead, and has to be found by its silence. */
export async function engineFaults({ folder, count, say }: EngineFaultPlan): Promise<readonly Promised[]> {
  const bench = await Disturbed.open(folder, LENGTHS_SEC)
  const faults: string[] = []
  let slowestMs = 0
  for (let n = 1; n <= count; n++) {
    bench.clear()
    const how = (['kill', 'abort', 'SIGSEGV'] as const)[n % 3]!
    const { life, faults: found } = await (how === 'SIGSEGV' ? struck(bench, n) : planned(bench, folder, how, n))
    const wrong = [...found]
    if (life.code !== 0) wrong.push(`exit code ${life.code} ${life.stderr.slice(-200)}`)
    if (!life.stdout.includes(AGAIN)) wrong.push('the engine did not die')
    slowestMs = Math.max(slowestMs, life.tookMs - bench.tookMs)
    faults.push(...wrong.map((fault) => `${how} at ${n}: ${fault}`))
    if (n % 20 === 0) say(`${n} engines`)
  }
  const silentMs: number[] = []
  await Promise.all(
    Array.from({ length: SILENT }, (_, n) => silence(path.join(folder, `silent-${n}`), faults, silentMs))
  )
  return [
    none('files that are not the same as without the fault, processes left', faults),
    atMost('seconds more than a run without the fault', slowestMs / 1000, 3),
    {
      promise: 'engines stopped dead and found',
      found: `${silentMs.length} of ${SILENT}`,
      kept: silentMs.length === SILENT
    },
    atMost('seconds until that', Math.max(...silentMs) / 1000, 16)
  ]
}

/** At the n-th checkpoint of the long file, by the engine's own seam. */
async function planned(
  bench: Disturbed,
  folder: string,
  kind: 'kill' | 'abort',
  n: number
): ReturnType<Disturbed['run']> {
  const marks = path.join(folder, 'marks')
  rmSync(marks, { recursive: true, force: true })
  // Only the first file comes to so many in a run; the mark keeps it from dying twice.
  const plan = { kind, message: '', run: n, oncePerFileIn: marks }
  const ending = await bench.run({ env: { VITEST: '1', STILLWAVE_FAULT: JSON.stringify(plan) } })
  return existsSync(marks) ? ending : { ...ending, faults: [...ending.faults, 'never came to it'] }
}

/** From outside, a little later each time. */
const struck = (bench: Disturbed, n: number): ReturnType<Disturbed['run']> =>
  bench.run({
    meanwhile: async (living) => {
      if (!(await untilPart(bench.outDir, living))) return
      await sleep(n)
      signalEngine(living, 'SIGSEGV')
    }
  })

async function silence(folder: string, faults: string[], silentMs: number[]): Promise<void> {
  const bench = await Disturbed.open(folder, LENGTHS_SEC)
  bench.clear()
  let stoppedMs = NaN
  const { life, faults: found } = await bench.run({
    meanwhile: async (living) => {
      if (!(await untilPart(bench.outDir, living))) return
      signalEngine(living, 'SIGSTOP')
      stoppedMs = performance.now()
    },
    heard: (text) => {
      if (text.includes(AGAIN)) silentMs.push(performance.now() - stoppedMs)
    }
  })
  faults.push(...found, ...(life.code === 0 ? [] : [`stopped dead: exit code ${life.code}`]))
}

function signalEngine({ pid }: Living, signal: NodeJS.Signals): void {
  const engine = engineIn(pid)
  if (engine !== null) process.kill(engine, signal)
}
