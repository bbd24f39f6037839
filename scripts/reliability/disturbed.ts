import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FileReport, RunReport } from '../../src/main/reports/runReport'
import { projectRoot } from '../projectRoot'
import { sumsOf } from './killBatch'
import { live, type Life, type LifePlan, type Living } from './life'
import { tinyNetwork } from './tinyNetwork'
import { writeWavering } from './wavering'

const COMMAND = path.join(projectRoot, 'out/main/headless.js')

export interface DisturbedPlan extends Partial<Omit<LifePlan, 'args'>> {
  readonly options?: readonly string[]
  /** Put before the command, as strace with its options. */
  readonly under?: readonly string[]
  /** Where the results go; `out` by default. */
  readonly outDir?: string
}

export interface Ending {
  readonly life: Life
  /** Empty where it did not come to write its report. */
  readonly files: readonly FileReport[]
  readonly faults: readonly string[]
}

/** The built command over a few recordings: lives in which something happens, held against one that nobody disturbed. */
export class Disturbed {
  /** SHA-256 by name, of the results that nobody disturbed. */
  whole: ReadonlyMap<string, string> = new Map()
  /** How long a life takes that nobody disturbs. */
  tookMs = 0
  readonly sources: string
  readonly outDir: string
  private sums: ReadonlyMap<string, string> = new Map()

  private constructor(
    private readonly folder: string,
    private readonly model: string
  ) {
    this.sources = path.join(folder, 'in')
    this.outDir = path.join(folder, 'out')
  }

  /** With a recording of each of these lengths. */
  static async open(folder: string, lengthsSec: readonly number[]): Promise<Disturbed> {
    mkdirSync(path.join(folder, 'in'), { recursive: true })
    const bench = new Disturbed(folder, await tinyNetwork(folder))
    for (const [n, seconds] of lengthsSec.entries())
      writeWavering(path.join(bench.sources, `take-${n}.wav`), seconds, { seed: n + 1 })
    bench.sums = bench.sumsOfSources()
    const { life } = await bench.run({})
    if (life.code !== 0) throw new Error(`the run that nobody disturbed failed: ${life.stdout} ${life.stderr}`)
    bench.whole = sumsOf(bench.outDir, () => true)
    bench.tookMs = life.tookMs
    return bench
  }

  /** Away with all results. */
  clear(): void {
    rmSync(this.outDir, { recursive: true, force: true })
  }

  /** One life over all recordings, and what is wrong after it whatever happened. */
  async run({ options = [], under = [], outDir = this.outDir, ...plan }: DisturbedPlan): Promise<Ending> {
    const report = path.join(this.folder, 'report.json')
    rmSync(report, { force: true })
    const words = [COMMAND, this.sources, '--out', outDir, '--model', this.model, '--report', report, ...options]
    const [program = process.execPath, ...before] = [...under, ...(under.length > 0 ? [process.execPath] : [])]
    const life = await live({
      ...{ killAfterMs: null, wholeGroup: true, ...plan, program, args: [...before, ...words] },
      env: { STILLWAVE_DATA: path.join(this.folder, 'data'), ...plan.env }
    })
    const files = existsSync(report) ? (JSON.parse(readFileSync(report, 'utf8')) as RunReport).files : []
    return { life, files, faults: this.faultsAfter(life, files, outDir) }
  }

  /** Once more without a fault: all is whole then, and nothing of the life before is left. */
  async restart(plan: DisturbedPlan = {}): Promise<readonly string[]> {
    const { life, faults } = await this.run(plan)
    const found = this.namesIn(plan.outDir ?? this.outDir)
    const missing = [...this.whole.keys()].filter((name) => !found.includes(name)).map((name) => `${name} is missing`)
    const parts = found.filter((name) => !this.whole.has(name)).map((name) => `${name} stayed`)
    return [...faults, ...missing, ...parts, ...(life.code === 0 ? [] : [`the restart ended with ${life.code}`])]
  }

  namesIn(folder: string): readonly string[] {
    return existsSync(folder) ? readdirSync(folder) : []
  }

  private faultsAfter({ strays, code }: Life, files: readonly FileReport[], outDir: string): readonly string[] {
    const faults = strays.map((pid) => `process ${pid} stayed`)
    const made = existsSync(outDir) ? sumsOf(outDir, (name) => this.whole.has(name)) : new Map<string, string>()
    for (const [name, sum] of made) if (sum !== this.whole.get(name)) faults.push(`${name} is damaged`)
    for (const { input, status, error } of files) {
      const name = path.basename(input)
      if (status === 'done' && this.whole.size > 0 && !made.has(name))
        faults.push(`${name} is called done, and is not there`)
      if (error?.code === 'E_INTERNAL') faults.push(`${name}: E_INTERNAL ${JSON.stringify(error)}`)
    }
    if (code === 0 && made.size < this.whole.size) faults.push('exit code 0, and not all is there')
    for (const [name, sum] of this.sumsOfSources())
      if (this.sums.get(name) !== sum) faults.push(`source ${name} was changed`)
    return faults
  }

  private sumsOfSources(): ReadonlyMap<string, string> {
    return sumsOf(this.sources, () => true)
  }
}

/** The parts that lie in a folder. */
export function partsIn(folder: string): readonly string[] {
  return existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.part')) : []
}

/** Work has begun on a file: its part is there. False where the life ended before. */
export async function untilPart(folder: string, { isOver }: Living): Promise<boolean> {
  while (!isOver()) {
    // Main makes one of its own first, to see whether it may write there at all.
    if (partsIn(folder).some((name) => !name.startsWith('.probe'))) return true
    await sleep(2)
  }
  return false
}
