import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { DEFAULT_JOB_SETTINGS } from '../../src/shared/settings/jobSettings'
import type { NewJob } from '../../src/shared/jobs/job'
import type { QueueEvent, QueueState } from '../../src/shared/jobs/queue'
import { emptyQueue, reduceQueue } from '../../src/shared/jobs/reduceQueue'
import { QueueJournal } from '../../src/main/jobs/journal'
import { encodeLine } from '../../src/main/jobs/journalLines'
import { areWholeSettings, isWholeJob } from '../../src/main/jobs/journalShapes'
import { projectRoot } from '../projectRoot'
import { live } from './life'
import { bentValue, mutateLines } from './journalMutants'
import { mutate } from './mutate'
import { atMost, none, type Promised } from './promises'
import type { Random } from './random'
import { writeWavering } from './wavering'

export interface JournalPlan {
  readonly folder: string
  readonly mutants: number
  /** How many of them the whole core is started on as well, in a process of its own. */
  readonly starts: number
  readonly random: Random
  readonly say: (line: string) => void
}

export interface JournalTally {
  readonly faults: string[]
  slowestMs: number
  /** How many were told to be damaged, and how many cores came to their end. */
  told: number
  started: number
}

const JOBS = 12

/** A list with all that may be in one: done, failed, skipped, cancelled, running, waiting; moved and removed. */
export function historyOf(root: string): readonly QueueEvent[] {
  const error = { code: 'E_CORRUPT', data: { path: '/x', detail: 'no header' } } as const
  const result = {
    ...{ outputPath: path.join(root, 'in/0.clean.wav'), warnings: ['W_TRUNCATED' as const], durationSec: 1.5 },
    ...{ sampleRateHz: 48_000, channels: 2, processingSec: 0.3, peakRssBytes: 1e8 }
  }
  const jobs = Array.from({ length: JOBS }, (_, n): NewJob => {
    const inputPath = path.join(root, 'in', `${n}.wav`)
    const identity = { device: '1', inode: String(n), sizeBytes: 3, modifiedNs: '4' }
    const outputPath = path.join(root, 'in', `${n}.clean.wav`)
    return {
      ...{ id: `j${n}`, inputPath, root, relativePath: `in/${n}.wav` },
      explicit: false,
      identity,
      outputPath,
      error: null
    }
  })
  const info = { durationSec: 1.5, sampleRateHz: 48_000, channels: 2, bitDepth: 16, format: 'WAV' }
  return [
    { type: 'jobsAdded', jobs, settingsKey: 's', settings: DEFAULT_JOB_SETTINGS },
    {
      type: 'jobsProbed',
      probes: [
        { jobId: 'j0', probe: { ok: true, info } },
        { jobId: 'j1', probe: { ok: false, error } }
      ]
    },
    { type: 'jobsMoved', jobIds: ['j3'], beforeId: 'j2' },
    { type: 'runChanged', run: { kind: 'running', stopAfter: false } },
    { type: 'jobStarted', jobId: 'j0' },
    { type: 'jobFinished', jobId: 'j0', result },
    { type: 'jobStarted', jobId: 'j1' },
    { type: 'jobFailed', jobId: 'j1', error },
    { type: 'jobSkipped', jobId: 'j3' },
    { type: 'jobsCancelled', jobIds: ['j4'], because: null },
    { type: 'jobsRemoved', jobIds: ['j5'] },
    { type: 'jobStarted', jobId: 'j2' }
  ]
}

/** So many damaged lists, each opened as the app opens it. */
export async function journalFuzz(plan: JournalPlan): Promise<JournalTally> {
  const history = historyOf(plan.folder)
  const lines = [
    encodeLine({ kind: 'head', version: 1 }),
    ...history.map((event) => encodeLine({ kind: 'event', event }))
  ]
  const prefixes = prefixesOf(history)
  const tally: JournalTally = { faults: [], slowestMs: 0, told: 0, started: 0 }
  for (let n = 0; n < plan.mutants; n++) {
    const kind = n % 4
    const bytes =
      kind === 3
        ? bentValue(lines, plan.random)
        : kind === 2
          ? mutateLines(lines, plan.random)
          : mutate(Buffer.from(lines.join('')), plan.random)
    const state = await openMutant(plan, bytes, tally, `mutant ${n}`)
    // What has its checksums right is not damage to be seen, only to be survived.
    if (state !== null && kind < 2 && !state.told && !prefixes.has(kindsOf(state.queue)))
      tally.faults.push(`mutant ${n}: something is lost and nothing is said`)
    if (n < plan.starts) await startCore(plan, bytes, tally, `core ${n}`)
    if (n % 500 === 499) plan.say(`${n + 1} mutants`)
  }
  return tally
}

const kindsOf = ({ jobs }: QueueState): string => jobs.map(({ id, status }) => `${id}:${status.kind}`).join(' ')

/** What a list may be that was torn by a crash: all that was there before some line. */
function prefixesOf(history: readonly QueueEvent[]): ReadonlySet<string> {
  const states = history.map((_, n) => history.slice(0, n + 1).reduce(reduceQueue, emptyQueue('x')))
  return new Set(['', ...states.map((state) => kindsOf(state).replaceAll('running', 'pending'))])
}

async function openMutant(
  { folder }: JournalPlan,
  bytes: Buffer,
  tally: JournalTally,
  name: string
): Promise<{ queue: QueueState; told: boolean } | null> {
  const data = path.join(folder, 'journal')
  rmSync(data, { recursive: true, force: true })
  mkdirSync(data)
  writeFileSync(path.join(data, 'queue.jsonl'), bytes)
  const begunMs = performance.now()
  try {
    const { journal, state, damagedCopyPath } = await QueueJournal.open(optionsFor(data))
    tally.slowestMs = Math.max(tally.slowestMs, performance.now() - begunMs)
    await journal.close()
    checkQueue(state, name, tally)
    if (damagedCopyPath !== null && !readFileSync(damagedCopyPath).equals(bytes))
      tally.faults.push(`${name}: a wrong copy`)
    const again = await QueueJournal.open(optionsFor(data))
    await again.journal.close()
    if (again.damagedCopyPath !== null) tally.faults.push(`${name}: damaged still`)
    if (JSON.stringify(again.state.jobs) !== JSON.stringify(state.jobs))
      tally.faults.push(`${name}: another list the next time`)
    const left = readdirSync(data).filter((file) => file !== 'queue.jsonl' && !file.endsWith('.damaged.jsonl'))
    if (left.length > 0) tally.faults.push(`${name}: left ${left.join(', ')}`)
    if (damagedCopyPath !== null) tally.told++
    return { queue: state, told: damagedCopyPath !== null }
  } catch (thrown) {
    tally.faults.push(`${name}: ${String(thrown)}`)
    return null
  }
}

const optionsFor = (folder: string): Parameters<typeof QueueJournal.open>[0] => ({
  folder,
  log: () => undefined,
  onFailure: (error) => {
    throw error
  }
})

/** A list that the app can work with. */
function checkQueue(state: QueueState, name: string, tally: JournalTally): void {
  const ids = new Set(state.jobs.map(({ id }) => id))
  if (ids.size !== state.jobs.length) tally.faults.push(`${name}: a job twice`)
  for (const job of state.jobs) {
    if (!isWholeJob(job) || job.status.kind === 'running') tally.faults.push(`${name}: ${JSON.stringify(job)}`)
    if (!areWholeSettings(state.settings[job.settingsKey])) tally.faults.push(`${name}: ${job.id} without settings`)
  }
}

/** The window's core on that list, to its end: it starts, says so within five seconds, and leaves the outputs alone. */
async function startCore({ folder }: JournalPlan, bytes: Buffer, tally: JournalTally, name: string): Promise<void> {
  const [root, data] = [path.join(folder, 'core'), path.join(folder, 'core', 'data')]
  rmSync(root, { recursive: true, force: true })
  for (const made of [data, path.join(root, 'in')]) mkdirSync(made, { recursive: true })
  writeWavering(path.join(root, 'in', 'new.wav'), 0.3)
  writeFileSync(path.join(data, 'queue.jsonl'), bytes)
  const output = path.join(folder, 'in', '0.clean.wav')
  mkdirSync(path.dirname(output), { recursive: true })
  writeFileSync(output, 'done before')
  const built = path.join(projectRoot, 'out')
  const life = await live({
    args: [
      path.join(built, 'scripts/reliabilityCore.js'),
      root,
      path.join(projectRoot, 'models'),
      path.join(built, 'main')
    ],
    ...{ killAfterMs: 60_000, from: 'open ', wholeGroup: true }
  })
  if (life.code !== 0 || !life.stdout.includes('finished'))
    tally.faults.push(`${name}: exit code ${life.code}, ${life.stdout} ${life.stderr}`)
  tally.slowestMs = Math.max(tally.slowestMs, life.readyMs ?? Infinity)
  if (readFileSync(output, 'utf8') !== 'done before') tally.faults.push(`${name}: an output was touched`)
  tally.started++
}

export function journalPromises(tally: JournalTally): readonly Promised[] {
  return [
    none('lists that do not open, open wrong, or lose something without a word', tally.faults),
    atMost('seconds to open one', tally.slowestMs / 1000, 5),
    { promise: 'some are told to be damaged, with a copy kept', found: String(tally.told), kept: tally.told > 0 },
    { promise: 'cores that started on one and came to their end', found: String(tally.started), kept: true }
  ]
}
