import { describe, expect, it, vi } from 'vitest'
import type { PushEvent } from '../../shared/ipc/views'
import type { NewJob } from '../../shared/jobs/job'
import { emptyQueue } from '../../shared/jobs/reduceQueue'
import { DEFAULT_JOB_SETTINGS } from '../../shared/settings/jobSettings'
import { QueueStore } from '../jobs/queueStore'
import type { ProgressEvent } from '../processes/engineProcess'
import { ProgressTracker } from './progressTracker'

const newJob = (id: string): NewJob => ({
  id,
  inputPath: `/in/${id}.wav`,
  root: '/in',
  relativePath: `${id}.wav`,
  explicit: false,
  identity: { device: '1', inode: id, sizeBytes: 1_440_000, modifiedNs: '4' },
  outputPath: `/out/${id}.wav`,
  error: null
})
const progress = (jobId: string, audioSecDone: number): ProgressEvent => ({
  type: 'progress',
  generation: 1,
  jobId,
  fraction: audioSecDone / 10,
  audioSecDone,
  audioSec: 10
})

interface Bench {
  readonly store: QueueStore
  readonly tracker: ProgressTracker
  readonly pushes: PushEvent[]
  now: number
}
function bench(): Bench {
  const store = new QueueStore(emptyQueue('e'))
  const pushes: PushEvent[] = []
  const made: Bench = {
    store,
    pushes,
    now: 0,
    tracker: new ProgressTracker(
      store,
      (event) => void pushes.push(event),
      () => made.now
    )
  }
  const jobs = ['a', 'b'].map(newJob)
  store.dispatch({ type: 'jobsAdded', jobs, settingsKey: 's', settings: DEFAULT_JOB_SETTINGS })
  store.dispatch({ type: 'runChanged', run: { kind: 'running', stopAfter: false } })
  store.dispatch({ type: 'jobStarted', jobId: 'a' })
  return made
}

describe('ProgressTracker', () => {
  it('tells a file, and the batch, by the speed measured', () => {
    const { tracker } = bench()
    tracker.onMemory(7)
    tracker.onProgress(progress('a', 0))
    expect(tracker.jobs).toEqual([{ jobId: 'a', fraction: 0, speed: null, leftSec: null, peakRssBytes: 7 }])
    tracker.close()
  })

  it('does not count pauses: neither speed nor time left get worse by lunch', () => {
    const all = bench()
    all.now = 5
    all.tracker.onProgress(progress('a', 5))
    const before = all.tracker.batch
    expect(before).toMatchObject({ speed: 1, leftSec: expect.closeTo(15) as number })
    all.store.dispatch({ type: 'runChanged', run: { kind: 'paused' } })
    all.now = 3605
    all.store.dispatch({ type: 'runChanged', run: { kind: 'running', stopAfter: false } })
    expect(all.tracker.batch).toEqual(before)
    expect(all.tracker.jobs[0]).toMatchObject({ speed: 1, leftSec: 5 })
    all.tracker.close()
  })

  it('knows lengths by their probes, files that come later, and ends with nothing', () => {
    const { store, tracker } = bench()
    const info = { durationSec: 90, sampleRateHz: 8000, channels: 1, bitDepth: 16, format: 'WAV' }
    store.dispatch({ type: 'jobsProbed', probes: [{ jobId: 'b', probe: { ok: true, info } }] })
    tracker.onProgress(progress('a', 10))
    expect(tracker.batch?.fraction).toBeCloseTo(0.1)
    store.dispatch({ type: 'jobsAdded', jobs: [newJob('c')], settingsKey: 's', settings: DEFAULT_JOB_SETTINGS })
    expect(tracker.batch?.fraction).toBeLessThan(0.1)
    store.dispatch({ type: 'jobsCancelled', jobIds: ['a', 'b', 'c'], because: null })
    expect(tracker.jobs).toEqual([])
    store.dispatch({ type: 'runChanged', run: { kind: 'idle', because: null } })
    expect(tracker.batch).toBe(null)
    tracker.close()
  })

  it('tells at most ten times a second, the latest', () => {
    vi.useFakeTimers()
    const { tracker, pushes } = bench()
    for (let n = 1; n <= 50; n++) tracker.onProgress(progress('a', n / 10))
    vi.advanceTimersByTime(99)
    expect(pushes).toEqual([])
    vi.advanceTimersByTime(2)
    expect(pushes).toMatchObject([{ topic: 'progress', jobs: [{ fraction: 0.5 }] }])
    vi.useRealTimers()
    tracker.close()
  })

  it('stands still while a preview makes the batch wait, and does not go on in a pause', () => {
    const all = bench()
    all.now = 5
    all.tracker.onProgress(progress('a', 5))
    const before = all.tracker.batch
    all.tracker.setHeld(true)
    all.now = 100
    expect(all.tracker.batch).toEqual(before)
    all.store.dispatch({ type: 'runChanged', run: { kind: 'paused' } })
    all.tracker.setHeld(false)
    all.now = 200
    all.tracker.setHeld(true)
    all.store.dispatch({ type: 'runChanged', run: { kind: 'running', stopAfter: false } })
    all.now = 300
    expect(all.tracker.batch).toEqual(before)
    all.tracker.setHeld(false)
    all.now = 305
    expect(all.tracker.batch?.speed).toBe(0.5)
    all.tracker.close()
  })

  it('keeps what a batch has measured for the next one with the same settings, and no other', () => {
    const all = bench()
    all.now = 10
    all.tracker.onProgress(progress('a', 8))
    expect(all.tracker.speedOf(DEFAULT_JOB_SETTINGS)).toBeNull()
    all.store.dispatch({ type: 'jobsReturned', jobIds: ['a'] })
    all.store.dispatch({ type: 'runChanged', run: { kind: 'idle', because: null } })
    expect(all.tracker.speedOf(DEFAULT_JOB_SETTINGS)).toBeCloseTo(0.8)
    expect(all.tracker.speedOf({ ...DEFAULT_JOB_SETTINGS, strengthPercent: 50 })).toBeCloseTo(0.8)
    expect(all.tracker.speedOf({ ...DEFAULT_JOB_SETTINGS, chunkSec: 2 })).toBeNull()
    all.store.dispatch({ type: 'runChanged', run: { kind: 'running', stopAfter: false } })
    // 20 s of audio wait: the time left is there before anything was done.
    expect(all.tracker.batch?.leftSec).toBeCloseTo(25)
    all.tracker.close()
  })
})
