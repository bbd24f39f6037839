import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { Disturbed, type Ending } from './disturbed'
import { none, type Promised } from './promises'

/** Calls of the system that fail, each at its first use in a process, its second and so on, until one is never reached. */
export interface CallFault {
  readonly calls: string
  readonly error: string
  readonly onExists: 'skip' | 'overwrite'
  /** How many are left out between two: a start alone opens hundreds of files. */
  readonly step?: number
}

export const CALL_FAULTS: readonly CallFault[] = [
  { calls: 'fsync,fdatasync', error: 'EIO', onExists: 'skip' },
  { calls: 'fsync,fdatasync', error: 'ENOSPC', onExists: 'overwrite' },
  { calls: 'link,linkat', error: 'EIO', onExists: 'skip' },
  { calls: 'link,linkat', error: 'ENOSPC', onExists: 'skip' },
  { calls: 'rename,renameat,renameat2', error: 'EXDEV', onExists: 'overwrite' },
  { calls: 'rename,renameat,renameat2', error: 'ENOSPC', onExists: 'overwrite' },
  { calls: 'unlink,unlinkat', error: 'EIO', onExists: 'skip' },
  { calls: 'openat', error: 'EMFILE', onExists: 'skip', step: 7 }
]

export interface CallFaultTally {
  /** Runs in which the fault fired. */
  fired: number
  readonly faults: string[]
}

export interface CallFaultPlan {
  readonly folder: string
  readonly files: number
  readonly list: readonly CallFault[]
  readonly say: (line: string) => void
}

const OLD = 'the output of another day'

export async function callFaults({ folder, files, list, say }: CallFaultPlan): Promise<CallFaultTally> {
  const bench = await Disturbed.open(folder, Array<number>(files).fill(0.5))
  const tally: CallFaultTally = { fired: 0, faults: [] }
  for (const fault of list) {
    const before = tally.fired
    for (let n = 1; await failsAt(bench, { folder, fault, n }, tally); n += fault.step ?? 1);
    say(`${fault.calls} ${fault.error} (${fault.onExists}): ${tally.fired - before} runs`)
    if (tally.fired === before) tally.faults.push(`${fault.calls} never failed`)
  }
  return tally
}

interface At {
  readonly folder: string
  readonly fault: CallFault
  readonly n: number
}

/** One run with the fault at its n-th call, and one without. False where it did not come to it. */
async function failsAt(bench: Disturbed, { folder, fault, n }: At, tally: CallFaultTally): Promise<boolean> {
  const { calls, error, onExists } = fault
  const log = path.join(folder, 'strace.log')
  bench.clear()
  if (onExists === 'overwrite') putOld(bench)
  const options = ['--on-exists', onExists]
  const ending = await bench.run({
    options,
    under: ['strace', '-f', '-qq', '-o', log, '-e', `trace=${calls}`, '-e', `inject=${calls}:error=${error}:when=${n}`],
    // One thread for files: the n-th call is the n-th of all.
    env: { UV_THREADPOOL_SIZE: '1' }
  })
  if (!readFileSync(log, 'utf8').includes('(INJECTED)')) return false
  tally.fired++
  const wrong = faultsOf(bench, ending, onExists)
  wrong.push(...(await bench.restart({ options })))
  tally.faults.push(...wrong.map((text) => `${calls} ${error} at ${n}: ${text}`))
  return true
}

function putOld({ outDir, whole }: Disturbed): void {
  mkdirSync(outDir, { recursive: true })
  for (const name of whole.keys()) writeFileSync(path.join(outDir, name), OLD)
}

/** With the overwrite rule a name holds the old output or the new one. */
function faultsOf(bench: Disturbed, { files, faults }: Ending, onExists: string): string[] {
  const { outDir, whole } = bench
  const names = bench.namesIn(outDir)
  const isOld = (name: string): boolean =>
    onExists === 'overwrite' && names.includes(name) && readFileSync(path.join(outDir, name), 'utf8') === OLD
  const claimed = new Set(files.filter(({ status }) => status === 'done').map(({ input }) => path.basename(input)))
  const gone = onExists === 'overwrite' ? [...whole.keys()].filter((name) => !names.includes(name)) : []
  return [
    // Where the engine's own program cannot be read there is no better word for it.
    ...faults
      .filter((fault) => !fault.includes('E_INTERNAL') || !fault.includes('the engine could not be started'))
      .filter((fault) => ![...whole.keys()].some((name) => fault === `${name} is damaged` && isOld(name))),
    ...gone.map((name) => `the old ${name} is gone`),
    ...[...claimed].filter(isOld).map((name) => `${name} is called done, and is the old one`)
  ]
}

export const callFaultPromises = ({ fired, faults }: CallFaultTally): readonly Promised[] => [
  { promise: 'runs with a call that failed', found: String(fired), kept: fired > 0 },
  none('files damaged or called done, old ones gone, parts left after a restart', faults)
]
