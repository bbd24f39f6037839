import { describe, expect, it } from 'vitest'
import type { JobResult } from './job'
import { countJobs, emptyQueue, reduceQueue, type QueueEvent, type QueueState } from './queue'

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
const added: QueueEvent = {
  type: 'jobsAdded',
  jobs: ['a', 'b'].map((id) => ({ id, inputPath: `/in/${id}.wav`, outputPath: `/out/${id}.wav` }))
}
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
    const crashed = apply([added, started, { type: 'jobRetried', jobId: 'a' }, started])
    expect(crashed.jobs[0]?.status).toEqual({ kind: 'running', attempts: 2 })
    const wished = apply(
      [
        { type: 'jobFailed', jobId: 'a', error: crash },
        { type: 'jobRetried', jobId: 'a' }
      ],
      crashed
    )
    expect(wished.jobs[0]?.status).toEqual({ kind: 'pending', attempts: 0 })
  })

  const impossible: readonly [string, readonly QueueEvent[]][] = [
    ['an unknown job', [added, { type: 'jobStarted', jobId: 'zzz' }]],
    ['the same job twice', [added, added]],
    ['a second start', [added, started, started]],
    ['done without a start', [added, { type: 'jobFinished', jobId: 'a', result }]],
    ['done after cancelled', [added, started, cancelled(), { type: 'jobFinished', jobId: 'a', result }]],
    ['a retry of a pending job', [added, { type: 'jobRetried', jobId: 'a' }]],
    ['a failure after skipped', [added, { type: 'jobSkipped', jobId: 'a' }, failed()]]
  ]
  it.each(impossible)('refuses %s (a late message must not rewrite the past)', (_what, events) => {
    expect(() => apply(events)).toThrow(RangeError)
  })
})

function cancelled(): QueueEvent {
  return { type: 'jobCancelled', jobId: 'a', because: null }
}

function failed(): QueueEvent {
  return { type: 'jobFailed', jobId: 'a', error: crash }
}
