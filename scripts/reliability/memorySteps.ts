import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { Disturbed, partsIn } from './disturbed'
import { engineIn } from './processFacts'
import { none, type Promised } from './promises'

export interface MemoryStepsPlan {
  readonly folder: string
  readonly count: number
  readonly say: (line: string) => void
}

/** Room above what the engine has when it is first seen: from none at all to more than it needs. */
const STEP_MB = 8
const ENDS = /^(?:done|failed E_MEMORY)$/u

/** Every engine of a batch gets so much address space and no more (`prlimit --as`), a step more in each batch: it ends typed, or with less. */
export async function memorySteps({ folder, count, say }: MemoryStepsPlan): Promise<readonly Promised[]> {
  const bench = await Disturbed.open(folder, [20, 1])
  const faults: string[] = []
  const seen = { done: 0, failed: 0, engines: 0 }
  for (let n = 0; n < count; n++) {
    bench.clear()
    const limited = new Set<number>()
    const {
      life,
      files,
      faults: found
    } = await bench.run({
      options: ['--chunk-seconds', '4', '--batch', '2'],
      meanwhile: async ({ pid, isOver }) => {
        while (!isOver()) {
          const engine = engineIn(pid)
          if (engine !== null && !limited.has(engine) && limit(engine, n * STEP_MB * 1e6)) limited.add(engine)
          await sleep(2)
        }
      }
    })
    const ends = files.map(({ status, error }) => `${status} ${error?.code ?? ''}`.trim())
    const wrong = [...found, ...partsIn(bench.outDir)]
    if (files.length === 0 || ends.some((end) => !ENDS.test(end))) wrong.push(`ended with ${life.code}: ${ends.join()}`)
    seen.done += ends.filter((end) => end === 'done').length
    seen.failed += ends.filter((end) => end !== 'done').length
    seen.engines += limited.size
    faults.push(...wrong.map((text) => `${n * STEP_MB} MB: ${text}`))
  }
  say(`${seen.engines} engines with a limit; ${seen.done} files done, ${seen.failed} told that memory was short`)
  return [
    none('other ends than done or E_MEMORY, other results, processes and parts left', faults),
    { promise: 'some found too little, some enough', found: `${seen.failed}, ${seen.done}`, kept: seen.done > 0 }
  ]
}

function limit(pid: number, moreBytes: number): boolean {
  try {
    const pages = Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[0])
    execFileSync('prlimit', ['--pid', String(pid), `--as=${pages * 4096 + moreBytes}`])
    return true
  } catch {
    return false // It ended while it was looked at.
  }
}
