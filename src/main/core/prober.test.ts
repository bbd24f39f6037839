import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { AppError } from '../../shared/errors/appError'
import type { NewJob, Probe } from '../../shared/jobs/job'
import type { QueueEvent } from '../../shared/jobs/queue'
import { emptyQueue } from '../../shared/jobs/reduceQueue'
import { DEFAULT_JOB_SETTINGS } from '../../shared/settings/jobSettings'
import { QueueStore } from '../jobs/queueStore'
import { Prober } from './prober'

const good: Probe = {
  ok: true,
  info: { durationSec: 1, sampleRateHz: 16_000, channels: 1, bitDepth: 16, format: 'WAV' }
}
const newJob = (n: number): NewJob => ({
  id: String(n),
  inputPath: `/in/${n}.wav`,
  root: '/in',
  relativePath: `${n}.wav`,
  explicit: false,
  identity: { device: '1', inode: String(n), sizeBytes: 1, modifiedNs: '4' },
  outputPath: `/out/${n}.wav`,
  error: null
})
const added = (count: number): QueueEvent => ({
  type: 'jobsAdded',
  jobs: Array.from({ length: count }, (_, n) => newJob(n)),
  settingsKey: 's',
  settings: DEFAULT_JOB_SETTINGS
})

describe('Prober', () => {
  it('looks into every file once, in the order of the list, and tells in batches', async () => {
    const store = new QueueStore(emptyQueue('e'))
    const seen: string[] = []
    const prober = new Prober(store, {
      probe: async (path) => {
        seen.push(path)
        return good
      }
    })
    let events = 0
    store.subscribe(({ type }) => {
      if (type === 'jobsProbed') events++
    })
    store.dispatch(added(300))
    await expect.poll(() => store.state.jobs.every((job) => job.probe?.ok)).toBe(true)
    expect(seen).toEqual(Array.from({ length: 300 }, (_, n) => `/in/${n}.wav`))
    expect(events).toBeLessThan(5)
    await prober.close()
  })

  it('takes a throw for what is known of the file, and forgets files that are gone (their event would be a bug)', async () => {
    const store = new QueueStore(emptyQueue('e'))
    const prober = new Prober(store, {
      probe: async () => {
        throw new AppError('E_CORRUPT')
      }
    })
    store.dispatch(added(2))
    await sleep(20)
    store.dispatch({ type: 'jobsRemoved', jobIds: ['0'] })
    await expect.poll(() => store.job('1')?.probe).toEqual({ ok: false, error: { code: 'E_CORRUPT', data: {} } })
    expect(store.job('1')?.status.kind).toBe('pending')
    await prober.close()
  })

  it('ends at once, with a probe that never answers but to its signal', async () => {
    const store = new QueueStore(emptyQueue('e'))
    const prober = new Prober(store, {
      probe: (_path, signal) =>
        new Promise((_resolve, reject) => {
          signal!.addEventListener('abort', () => {
            reject(new AppError('E_CANCELLED'))
          })
        })
    })
    store.dispatch(added(20))
    await sleep(10)
    await prober.close()
    expect(store.state.jobs.every((job) => job.probe === null)).toBe(true)
  })
})
