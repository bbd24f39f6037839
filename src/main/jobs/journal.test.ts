import { spawnSync } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { NewJob } from '../../shared/jobs/job'
import type { QueueEvent, QueueState } from '../../shared/jobs/queue'
import { emptyQueue, reduceQueue } from '../../shared/jobs/reduceQueue'
import { DEFAULT_JOB_SETTINGS } from '../../shared/settings/jobSettings'
import { settingsKeyOf } from '../core/settingsKey'
import { QueueJournal, type OpenedJournal } from './journal'
import { encodeLine, readJournal } from './journalLines'

let folder: string
beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), 'stillwave-journal-'))))
afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
})

const newJob = (id: string): NewJob => ({
  id,
  inputPath: `/in/${id}.wav`,
  root: '/in',
  relativePath: `${id}.wav`,
  explicit: false,
  identity: { device: '1', inode: '2', sizeBytes: 3, modifiedNs: '4' },
  outputPath: `/out/${id}.wav`,
  error: null
})
const result = {
  outputPath: '/out/a.wav',
  warnings: [],
  durationSec: 1,
  sampleRateHz: 16000,
  channels: 1,
  processingSec: 1,
  peakRssBytes: 1
}
const EVENTS: readonly QueueEvent[] = [
  { type: 'jobsAdded', jobs: ['a', 'b', 'c'].map(newJob), settingsKey: 's', settings: DEFAULT_JOB_SETTINGS },
  { type: 'runChanged', run: { kind: 'running', stopAfter: false } },
  { type: 'jobStarted', jobId: 'a' },
  { type: 'jobFinished', jobId: 'a', result },
  { type: 'jobStarted', jobId: 'b' }
]
const file = (): string => path.join(folder, 'queue.jsonl')
const openJournal = (more: { compactBytes?: number } = {}): Promise<OpenedJournal> =>
  QueueJournal.open({
    folder,
    log: () => undefined,
    onFailure: (error) => {
      throw error
    },
    ...more
  })
async function write(events: readonly QueueEvent[], more: { compactBytes?: number } = {}): Promise<QueueState> {
  const { journal, state: begun } = await openJournal(more)
  let state = begun
  for (const event of events) {
    state = reduceQueue(state, event)
    await journal.append(event, state)
  }
  await journal.close()
  return state
}
const kinds = (state: QueueState): string => state.jobs.map((job) => `${job.id}:${job.status.kind}`).join(' ')

describe('QueueJournal', () => {
  it('gives the queue back as it was; what ran is waiting, and the run does not count', async () => {
    await write(EVENTS)
    const { journal, state, damagedCopyPath, interrupted } = await openJournal()
    expect(kinds(state)).toBe('a:done b:pending c:pending')
    expect(state.jobs[1]?.status).toEqual({ kind: 'pending', attempts: 0 })
    expect(state).toMatchObject({ run: { kind: 'idle', because: null }, settings: { s: DEFAULT_JOB_SETTINGS } })
    expect([damagedCopyPath, interrupted.map((job) => job.id)]).toEqual([null, ['b']])
    await journal.close()
  })

  it('has an event on disk when it says so (a file reported done and forgotten is done twice)', async () => {
    const { journal, state } = await openJournal()
    await journal.append(EVENTS[0]!, reduceQueue(state, EVENTS[0]!))
    expect(kinds(readJournal(readFileSync(file()), 'x').state)).toBe('a:pending b:pending c:pending')
    await journal.close()
  })

  it('cut at any byte of its end, loses no whole line and never calls it damage', async () => {
    const head = encodeLine({ kind: 'head', version: 1 })
    const lines = EVENTS.map((event) => encodeLine({ kind: 'event', event }))
    const whole = Buffer.from(head + lines.join(''))
    const firstEnd = Buffer.byteLength(head + lines[0]!)
    const seen = new Set<string>()
    for (let cut = firstEnd; cut <= whole.length; cut++) {
      const read = readJournal(whole.subarray(0, cut), 'x')
      expect(read.damaged).toBe(false)
      seen.add(kinds(read.state))
      const kept = whole.subarray(0, cut).toString().split('\n').length - 1
      const expected = EVENTS.slice(0, kept - 1).reduce(reduceQueue, emptyQueue('x'))
      expect(kinds(read.state)).toBe(kinds(expected).replace('running', 'pending'))
    }
    expect([...seen]).toEqual(['a:pending b:pending c:pending', 'a:done b:pending c:pending'])
  })

  it('with any one bit turned, keeps what is whole and says that it is damaged', async () => {
    await write(EVENTS)
    const whole = readFileSync(file())
    for (let at = 0; at < whole.length; at += 7) {
      const bent = Buffer.from(whole)
      bent[at] = bent[at]! ^ (1 << (at % 8))
      // The last line's end turned into something else is a torn line, as after a crash.
      const read = readJournal(bent, 'x')
      expect(read.damaged || at === whole.length - 1).toBe(true)
      for (const job of read.state.jobs) expect(['a', 'b', 'c']).toContain(job.id)
    }
  })

  it('keeps a copy of a damaged journal and goes on with the rest', async () => {
    await write(EVENTS.slice(0, 3))
    const lines = readFileSync(file(), 'utf8').split('\n')
    const at = lines.findIndex((line) => line.includes('runChanged'))
    lines[at] = lines[at]!.replace('running', 'runninG')
    writeFileSync(file(), lines.join('\n'))
    const { journal, state, damagedCopyPath } = await openJournal()
    expect(kinds(state)).toBe('a:pending b:pending c:pending')
    expect(readFileSync(damagedCopyPath!, 'utf8')).toBe(lines.join('\n'))
    await journal.close()
  })

  it.each([
    ['zeros', Buffer.alloc(500)],
    ['nothing', Buffer.alloc(0)],
    ['no line', Buffer.from('garbage')]
  ])('of %s is damage, not an empty list (a list that was lost without a word, R18)', async (_what, bytes) => {
    writeFileSync(file(), bytes)
    const { journal, state, damagedCopyPath } = await openJournal()
    expect(state.jobs).toEqual([])
    expect(readFileSync(damagedCopyPath!)).toEqual(bytes)
    await journal.close()
  })

  it('of more than a text can hold is left aside (the app did not start any more)', async () => {
    writeFileSync(file(), '')
    truncateSync(file(), 600_000_000)
    const { journal, damagedCopyPath } = await openJournal()
    expect(damagedCopyPath).not.toBeNull()
    rmSync(damagedCopyPath!)
    await journal.close()
  })

  it('takes away what a kill in the middle of a rewriting left (each left a copy of the whole queue)', async () => {
    writeFileSync(path.join(folder, 'queue.jsonl.123.tmp'), 'half')
    writeFileSync(path.join(folder, 'queue.jsonl.mine.tmp'), 'not ours')
    const { journal } = await openJournal()
    await journal.close()
    expect(readdirSync(folder).sort()).toEqual(['queue.jsonl', 'queue.jsonl.mine.tmp'])
  })

  it('leaves a journal of a later version aside and begins empty (an older program would spoil it)', async () => {
    const later = encodeLine({ kind: 'head', version: 99 }) + 'whatever\n'
    writeFileSync(file(), later)
    const { journal, state, damagedCopyPath } = await openJournal()
    expect(state.jobs).toEqual([])
    expect(readFileSync(damagedCopyPath!, 'utf8')).toBe(later)
    await journal.close()
  })

  it('of a release that knew less has the defaults of what came since (its jobs ran in no precision at all)', async () => {
    const { precision, ...before } = DEFAULT_JOB_SETTINGS
    const old = { ...before, strengthPercent: 50 } as QueueState['settings'][string]
    const added: QueueEvent = { type: 'jobsAdded', jobs: [newJob('a'), newJob('b')], settingsKey: 'old', settings: old }
    const lines = [encodeLine({ kind: 'head', version: 1 }), encodeLine({ kind: 'event', event: added })]
    const { state, damaged } = readJournal(Buffer.from(lines.join('')), 'x')
    const whole = { ...DEFAULT_JOB_SETTINGS, strengthPercent: 50 }
    expect(damaged).toBe(false)
    // The same settings, chosen today, are no others.
    expect(state.settings).toEqual({ [settingsKeyOf(whole)]: { ...whole, precision } })
    expect(state.jobs.map(({ settingsKey }) => settingsKey)).toEqual([settingsKeyOf(whole), settingsKeyOf(whole)])
  })

  it('is written anew when it grows, and is the same queue', async () => {
    const swaps = Array.from({ length: 200 }, (): QueueEvent => ({ type: 'jobsMoved', jobIds: ['c'], beforeId: 'b' }))
    const state = await write([...EVENTS.slice(0, 4), ...swaps], { compactBytes: 6000 })
    expect(statSync(file()).size).toBeLessThan(8000)
    const { journal, state: back } = await openJournal()
    expect(back.jobs).toEqual(state.jobs)
    expect(readdirSync(folder).sort()).toEqual(['queue.jsonl', 'queue.lock'])
    await journal.close()
  })

  it('is read in a second with 10,000 jobs and their whole history (each change is a walk over all of them)', async () => {
    const jobs = Array.from({ length: 10_000 }, (_, n) => newJob(String(n)))
    const { journal, state: begun } = await openJournal()
    let state = reduceQueue(begun, { ...EVENTS[0], jobs } as QueueEvent)
    void journal.append({ ...EVENTS[0], jobs } as QueueEvent, state)
    for (let n = 0; n < 1500; n++) {
      const event: QueueEvent = { type: 'jobStarted', jobId: String(n) }
      state = reduceQueue(state, event)
      await journal.append(event, state)
    }
    await journal.close()
    const before = process.cpuUsage()
    const read = readJournal(readFileSync(file()), 'x')
    const { user } = process.cpuUsage(before)
    expect(user / 1e6).toBeLessThan(1)
    expect(read.interrupted).toHaveLength(1500)
  })

  it('belongs to one process; what a dead one left is taken over', async () => {
    const { journal } = await openJournal()
    await expect(openJournal()).rejects.toMatchObject({ code: 'E_IO' })
    await journal.close()
    const { pid } = spawnSync('true')
    for (const stale of [JSON.stringify({ pid, begun: null }), JSON.stringify({ pid: 1, begun: '-1' }), 'ha']) {
      writeFileSync(path.join(folder, 'queue.lock'), stale)
      const { journal: next } = await openJournal()
      await next.close()
    }
    expect(readdirSync(folder)).toEqual(['queue.jsonl'])
  })

  it('tells once that the disk takes no more, and goes on without', async () => {
    const told: string[] = []
    const onFailure = (error: { code: string }): void => void told.push(error.code)
    const { journal, state } = await QueueJournal.open({ folder, log: () => undefined, onFailure, compactBytes: 10 })
    rmSync(folder, { recursive: true })
    for (let n = 0; n < 3; n++) {
      await journal.append(EVENTS[0]!, state)
    }
    expect(told).toEqual(['E_IO'])
    await journal.close()
  })

  it('has the whole queue again once the disk takes it again (what came after a full disk was lost)', async () => {
    const told: string[] = []
    const onFailure = (error: { code: string }): void => void told.push(error.code)
    const opened = await QueueJournal.open({ folder, log: () => undefined, onFailure, compactBytes: 10 })
    rmSync(folder, { recursive: true })
    const state = EVENTS.reduce(reduceQueue, opened.state)
    await opened.journal.append(EVENTS[0]!, reduceQueue(opened.state, EVENTS[0]!))
    await opened.journal.append(EVENTS.at(-1)!, state)
    mkdirSync(folder)
    await opened.journal.close()
    expect(told).toEqual(['E_IO'])
    expect(kinds(readJournal(readFileSync(file()), 'x').state)).toBe('a:done b:pending c:pending')
  })

  it('takes 10,000 jobs without holding the event loop for more than 50 ms', async () => {
    const { journal, state: begun } = await openJournal()
    let state = begun
    // By its computing, between two turns of a timer: how long a turn is in waiting says more of the machine.
    const turnsMs: number[] = []
    let last = process.cpuUsage()
    const timer = setInterval(() => {
      const { user, system } = process.cpuUsage(last)
      turnsMs.push((user + system) / 1000)
      last = process.cpuUsage()
    }, 1)
    for (let n = 0; n < 20; n++) {
      const jobs = Array.from({ length: 500 }, (_, i) => newJob(`${n}-${i}`))
      const event = { ...EVENTS[0], jobs } as QueueEvent
      state = reduceQueue(state, event)
      await journal.append(event, state)
    }
    clearInterval(timer)
    turnsMs.sort((a, b) => a - b)
    expect(turnsMs[Math.floor(turnsMs.length * 0.95)] ?? 0).toBeLessThan(50)
    await journal.close()
    const { journal: again, state: back } = await openJournal()
    expect(back.jobs).toHaveLength(10_000)
    await again.close()
  })
})
