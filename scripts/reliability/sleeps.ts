import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Disturbed, untilPart } from './disturbed'
import { processesOf } from './life'
import { none, type Promised } from './promises'
import type { Random } from './random'

export interface SleepPlan {
  readonly folder: string
  readonly count: number
  readonly sleepSec: number
  readonly random: Random
  readonly say: (line: string) => void
}

/** Loaded before the program, in each of its processes: the clock of the day goes a day ahead, and then two back. */
const CLOCK = `
const real = Date.now, Real = Date, DAY_MS = 86_400_000
let aheadMs = 0
const now = () => real() + aheadMs
globalThis.Date = class extends Real { constructor(...args) { args.length ? super(...args) : super(now()) } static now() { return now() } }
setTimeout(() => { aheadMs = DAY_MS }, 150).unref()
setTimeout(() => { aheadMs = -DAY_MS }, 400).unref()
`

/** All processes of a batch are stopped, as by a lid that is closed, and go on later; and the clock jumps in others. `count` of each. */
export async function sleeps({ folder, count, sleepSec, random, say }: SleepPlan): Promise<readonly Promised[]> {
  const benches: Disturbed[] = []
  for (let n = 0; n < count; n++) benches.push(await Disturbed.open(path.join(folder, String(n)), [150, 1]))
  const [slept, jumped] = [[] as string[], [] as string[]]
  let stopped = 0
  const sleeper = async (bench: Disturbed): Promise<void> => {
    bench.clear()
    const { life, faults } = await bench.run({
      meanwhile: async (living) => {
        if (!(await untilPart(bench.outDir, living))) return
        await sleep((random.next() * bench.tookMs) / 8)
        const pids = processesOf(living.pid)
        for (const pid of pids) process.kill(pid, 'SIGSTOP')
        stopped += pids.length > 1 ? 1 : 0
        await sleep(sleepSec * 1000)
        for (const pid of pids) process.kill(pid, 'SIGCONT')
      }
    })
    slept.push(...faults, ...wrongEnd(life))
  }
  await Promise.all(benches.map(sleeper))
  say(`${stopped} batches slept for ${sleepSec} s`)
  const clock = path.join(folder, 'clock.cjs')
  writeFileSync(clock, CLOCK)
  for (const bench of benches) {
    bench.clear()
    const { life, faults } = await bench.run({ env: { NODE_OPTIONS: `--require ${clock}` } })
    jumped.push(...faults, ...wrongEnd(life))
  }
  return [
    { promise: 'batches that slept in the middle of a file', found: String(stopped), kept: stopped === count },
    none('files lost or begun again by a sleep', slept),
    none('files lost or begun again by a clock that jumps', jumped)
  ]
}

function wrongEnd({ code, stdout, stderr }: { code: number | null; stdout: string; stderr: string }): string[] {
  const wrong = code === 0 ? [] : [`exit code ${code}: ${stderr.slice(-200)}`]
  return stdout.includes('trying once more') ? [...wrong, 'the engine was taken for dead'] : wrong
}
