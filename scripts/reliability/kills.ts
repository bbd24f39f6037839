import { existsSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { readJournal } from '../../src/main/jobs/journalLines'
import type { RunReport } from '../../src/main/reports/runReport'
import { projectRoot } from '../projectRoot'
import { partsIn } from './disturbed'
import { emptyTally, makeSources, sumsOf, untilDone, type KillTally } from './killBatch'
import { live, type Life } from './life'
import type { Random } from './random'
import { tinyNetwork } from './tinyNetwork'

export interface KillPlan {
  readonly folder: string
  readonly kills: number
  readonly files: number
  readonly random: Random
  readonly say: (line: string) => void
}

const BUILT = path.join(projectRoot, 'out/main')
const COMMAND = path.join(BUILT, 'headless.js')
const CORE = path.join(projectRoot, 'out/scripts/reliabilityCore.js')

/** The command, killed in its batch and begun again with the same words until that is done; then all over, until it was killed so often. */
export async function killCommand(plan: KillPlan): Promise<KillTally> {
  const [sources, outDir, report] = ['sources', 'out', 'report.json'].map((name) => path.join(plan.folder, name))
  makeSources(sources!, plan.files)
  const model = await tinyNetwork(plan.folder)
  const run = (killAfterMs: number | null): Promise<Life> =>
    live({
      args: [COMMAND, sources!, '--out', outDir!, '--model', model, '--report', report!],
      env: { STILLWAVE_DATA: path.join(plan.folder, 'data') },
      ...{ killAfterMs, wholeGroup: plan.random.next() < 0.5 }
    })
  const span = new Span(undisturbed(await run(null)))
  const whole = sumsOf(outDir!, () => true)
  const tally = emptyTally()
  while (tally.kills < plan.kills) {
    rmSync(outDir!, { recursive: true, force: true })
    await untilDone(
      {
        ...{ sources: sources!, outDir: outDir!, whole },
        live: async () => span.seen(await run(tally.kills < plan.kills ? plan.random.next() * span.ms : null)),
        check: () => undefined,
        atEnd: () => {
          const { files } = JSON.parse(readFileSync(report!, 'utf8')) as RunReport
          for (const { input, status } of files)
            if (status !== 'done' && status !== 'skipped') tally.lost.push(`${input} is ${status}`)
        }
      },
      tally
    )
    plan.say(`the command: ${tally.kills} kills, ${tally.batches} batches of ${plan.files}`)
  }
  return tally
}

/** The core of the window with its list, killed in its batch and opened again; the list is gone on with. */
export function killQueue(plan: KillPlan): Promise<KillTally> {
  return endQueue(plan, 'SIGKILL')
}

/** The same, asked to end by the system (SIGTERM): it closes in time, and leaves nothing for the next start to sweep. */
export function quitQueue(plan: KillPlan): Promise<KillTally> {
  return endQueue(plan, 'SIGTERM')
}

async function endQueue(plan: KillPlan, signal: 'SIGKILL' | 'SIGTERM'): Promise<KillTally> {
  const [sources, data] = ['in', 'data'].map((name) => path.join(plan.folder, name))
  makeSources(sources!, plan.files)
  const run = (killAfterMs: number | null): Promise<Life> =>
    live({
      args: [CORE, plan.folder, path.join(projectRoot, 'models'), BUILT],
      ...{ killAfterMs, signal, from: 'open ', wholeGroup: plan.random.next() < 0.5 }
    })
  const isQuit = signal === 'SIGTERM'
  /** An end that was asked for counts as a kill does. */
  const begin = async (): Promise<Life> => {
    const life = await run(tally.kills < plan.kills ? plan.random.next() * span.ms : null)
    return span.seen(isQuit && life.stdout.includes('closed') ? { ...life, code: null } : life)
  }
  const span = new Span(undisturbed(await run(null)))
  const whole = sumsOf(sources!, (name) => name.endsWith('.clean.wav'))
  const tally = emptyTally()
  while (tally.kills < plan.kills) {
    rmSync(data!, { recursive: true, force: true })
    for (const name of whole.keys()) rmSync(path.join(sources!, name), { force: true })
    const told = new Set<string>()
    await untilDone(
      {
        ...{ sources: sources!, outDir: sources!, whole },
        live: begin,
        check: (life) => {
          const { stdout } = life
          if (isQuit) checkQuit(life, { sources: sources!, data: data! }, tally)
          checkTold(stdout, told, tally)
          checkJournal(data!, told, tally)
        },
        atEnd: ({ stdout }) => {
          if (!stdout.includes('finished')) tally.lost.push('the end of the list was never told')
          // Killed between an output's name and its line, a file is found there by the next run.
          for (const { inputPath, status } of journalOf(data!).state.jobs)
            if (status.kind !== 'done' && status.kind !== 'skipped') tally.lost.push(`${inputPath} is ${status.kind}`)
          if (existsSync(path.join(data!, 'queue.lock'))) tally.left.push('queue.lock')
        }
      },
      tally
    )
    plan.say(`the list: ${tally.kills} kills, ${tally.batches} batches of ${plan.files}`)
  }
  return tally
}

/** How long the work of a life takes that nobody ends: by the shortest seen, so that few kills come too late on a busy machine. */
class Span {
  ms: number
  private readonly least: number

  constructor(life: Life) {
    this.ms = workMs(life)
    this.least = this.ms / 2
  }

  seen(life: Life): Life {
    // One that came to its end soon had little to do: it says nothing of a whole batch.
    if (life.code === 0) this.ms = Math.max(this.least, Math.min(this.ms, workMs(life)))
    return life
  }
}

const workMs = ({ tookMs, readyMs }: Life): number => tookMs - (readyMs ?? 0)

function undisturbed(life: Life): Life {
  if (life.code !== 0) throw new Error(`the run that nobody disturbed failed: ${life.stdout} ${life.stderr}`)
  return life
}

const journalOf = (data: string): ReturnType<typeof readJournal> =>
  readJournal(readFileSync(path.join(data, 'queue.jsonl')), 'x')

/** Nothing is left to sweep, and it took no longer than was promised. */
function checkQuit(life: Life, { sources, data }: { sources: string; data: string }, tally: KillTally): void {
  tally.slowestEndMs = Math.max(tally.slowestEndMs, life.endedInMs ?? 0)
  tally.left.push(...partsIn(sources))
  if (existsSync(path.join(data, 'queue.lock'))) tally.left.push('queue.lock after a quit')
}

/** A file is told done once, over all lives. */
function checkTold(stdout: string, told: Set<string>, tally: KillTally): void {
  for (const [, jobId] of stdout.matchAll(/^told (\S+) done$/gmu)) {
    if (told.has(jobId!)) tally.twice.push(`${jobId!} was told done twice`)
    told.add(jobId!)
  }
}

/** What was told is on disk, and a kill is no damage. */
function checkJournal(data: string, told: ReadonlySet<string>, tally: KillTally): void {
  if (!existsSync(path.join(data, 'queue.jsonl'))) {
    if (told.size > 0) tally.lost.push('the journal')
    return
  }
  const { state, damaged } = journalOf(data)
  if (damaged) tally.damaged.push('the journal')
  const over = new Set(state.jobs.filter(({ status }) => isOver(status.kind)).map(({ id }) => id))
  for (const jobId of told) if (!over.has(jobId)) tally.lost.push(`${jobId} was told done and is forgotten`)
}

const isOver = (kind: string): boolean => kind === 'done' || kind === 'skipped'
