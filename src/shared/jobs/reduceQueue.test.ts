import { describe, expect, it } from 'vitest'
import type { JobResult, NewJob } from './job'
import { DEFAULT_JOB_SETTINGS } from '../settings/jobSettings'
import type { QueueEvent, QueueState } from './queue'
import { countJobs, emptyQueue, reduceQueue } from './reduceQueue'

const result: JobResult = {
  outputPath: '/out/a.wav',
  warnings: [],
  durationSec: 1,
  sampleRateHz: 16000,
  channels: 1,
  processingSec: 0.1,
  peakRssBytes: 1
}
const crash = { code: 'E_ENGINE_CRASH', data: {} } as const

const apply = (events: readonly QueueEvent[], from = emptyQueue('e')): QueueState => events.reduce(reduceQueue, from)
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
const settings = DEFAULT_JOB_SETTINGS
const added: QueueEvent = { type: 'jobsAdded', jobs: ['a', 'b'].map(newJob), settingsKey: 's1', settings }
const started: QueueEvent = { type: 'jobStarted', jobId: 'a' }

describe('reduceQueue', () => {
  it('walks a job from pending to done and counts every change (a revision that skips would hide a lost event)', () => {
    const state = apply([added, started, { type: 'jobFinished', jobId: 'a', result }])
    expect(state.jobs.map((job) => job.status.kind)).toEqual(['done', 'pending'])
    expect(state.revision).toBe(3)
    expect(countJobs(state)).toMatchObject({ done: 1, pending: 1, running: 0 })
  })

  it('leaves the state it was given alone (a mirror that shares it would change under its reader)', () => {
    const before = apply([added])
    const frozen = JSON.stringify(before)
    reduceQueue(before, started)
    expect(JSON.stringify(before)).toBe(frozen)
  })

  it('keeps the attempts over a crash, and begins anew on a wish (else a poison file is run for ever)', () => {
    const crashed = apply([added, started, { type: 'jobsRetried', jobIds: ['a'] }, started])
    expect(crashed.jobs[0]?.status).toEqual({ kind: 'running', attempts: 2 })
    const wished = apply(
      [
        { type: 'jobFailed', jobId: 'a', error: crash },
        { type: 'jobsRetried', jobIds: ['a'] }
      ],
      crashed
    )
    expect(wished.jobs[0]?.status).toEqual({ kind: 'pending', attempts: 0 })
  })

  it('does not count a run that was stopped (a file stopped twice would fail at its first crash)', () => {
    const returned = apply([added, started, { type: 'jobsReturned', jobIds: ['a'] }])
    expect(returned.jobs[0]?.status).toEqual({ kind: 'pending', attempts: 0 })
  })

  it('takes a changed source with its new identity and forgets its probe (else its retry fails for ever)', () => {
    const identity = { device: '1', inode: '9', sizeBytes: 8, modifiedNs: '7' }
    const probe = { ok: false, error: crash } as const
    const state = apply([
      added,
      { type: 'jobsProbed', probes: [{ jobId: 'a', probe }] },
      {
        type: 'jobsReplanned',
        jobs: [{ jobId: 'a', outputPath: '/out/a.wav', error: null, identity }],
        settingsKey: 's1',
        settings
      }
    ])
    expect(state.jobs[0]).toMatchObject({ identity, probe: null, status: { kind: 'pending' } })
  })

  it('moves jobs in their own order, to the front, the middle and the end (a reorder that drops a row loses a file)', () => {
    const four: QueueEvent = { type: 'jobsAdded', jobs: ['a', 'b', 'c', 'd'].map(newJob), settingsKey: 's1', settings }
    const order = (jobIds: readonly string[], beforeId: string | null): string =>
      apply([four, { type: 'jobsMoved', jobIds, beforeId }])
        .jobs.map((job) => job.id)
        .join('')
    expect(order(['d', 'b'], 'a')).toBe('bdac')
    expect(order(['a'], 'c')).toBe('bacd')
    expect(order(['a', 'b'], null)).toBe('cdab')
  })

  it('forgets settings with the last job that names them (a queue used for years must not grow)', () => {
    const state = apply([added, replanned('a'), { type: 'jobsRemoved', jobIds: ['b'] }])
    expect(Object.keys(state.settings)).toEqual(['s2'])
  })

  it('begins a job without a place as failed, with the reason (else it would be run over its source)', () => {
    const state = apply([{ ...added, jobs: [{ ...newJob('a'), outputPath: null, error: crash }] }])
    expect(state.jobs[0]?.status).toEqual({ kind: 'failed', error: crash })
  })

  const impossible: readonly [string, readonly QueueEvent[]][] = [
    ['an unknown job', [added, { type: 'jobStarted', jobId: 'zzz' }]],
    ['the same job twice', [added, added]],
    ['a second start', [added, started, started]],
    ['done without a start', [added, { type: 'jobFinished', jobId: 'a', result }]],
    ['done after cancelled', [added, started, cancelled(), { type: 'jobFinished', jobId: 'a', result }]],
    ['a return of a waiting job', [added, { type: 'jobsReturned', jobIds: ['a'] }]],
    ['a retry of a pending job', [added, { type: 'jobsRetried', jobIds: ['a'] }]],
    ['a removal of a running job', [added, started, { type: 'jobsRemoved', jobIds: ['a'] }]],
    ['a move before one of the moved', [added, { type: 'jobsMoved', jobIds: ['a'], beforeId: 'a' }]],
    ['other settings for a running job', [added, started, replanned('a')]],
    ['a failure after skipped', [added, { type: 'jobSkipped', jobId: 'a' }, failed()]]
  ]
  it.each(impossible)('refuses %s (a late message must not rewrite the past)', (_what, events) => {
    expect(() => apply(events)).toThrow(RangeError)
  })
})

function cancelled(): QueueEvent {
  return { type: 'jobsCancelled', jobIds: ['a'], because: null }
}

function failed(): QueueEvent {
  return { type: 'jobFailed', jobId: 'a', error: crash }
}

function replanned(jobId: string): QueueEvent {
  return { type: 'jobsReplanned', jobs: [{ jobId, outputPath: '/other', error: null }], settingsKey: 's2', settings }
}
