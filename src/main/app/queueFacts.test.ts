import { describe, expect, test } from 'vitest'
import type { Job, JobStatus } from '../../shared/jobs/job'
import type { QueueState, RunState } from '../../shared/jobs/queue'
import { DEFAULT_APP_SETTINGS } from '../../shared/settings/appSettings'
import { isBusy, queueFacts, taskbarView, wantsAwake } from './queueFacts'

const ERROR = { code: 'E_CORRUPT', data: {} } as const
const STATUS: Readonly<Record<string, JobStatus>> = {
  pending: { kind: 'pending', attempts: 0 },
  running: { kind: 'running', attempts: 1 },
  failed: { kind: 'failed', error: ERROR },
  skipped: { kind: 'skipped' },
  cancelled: { kind: 'cancelled', because: null }
}
const IDLE: RunState = { kind: 'idle', because: null }
const RUNNING: RunState = { kind: 'running', stopAfter: false }
const PAUSED: RunState = { kind: 'paused' }

function queue(run: RunState, ...kinds: string[]): QueueState {
  const jobs = kinds.map((kind, index): Job => ({
    id: `${kind}-${index}`,
    inputPath: '/a',
    root: '/',
    relativePath: 'a',
    explicit: true,
    identity: { device: '1', inode: '1', sizeBytes: 1, modifiedNs: '1' },
    outputPath: null,
    settingsKey: 's',
    probe: null,
    status: STATUS[kind]!
  }))
  return { epoch: 'e', revision: 1, run, jobs, settings: {} }
}

describe('the queue as the desktop shows it', () => {
  test('counts what waits, what failed and what is over', () => {
    expect(queueFacts(queue(RUNNING, 'pending', 'running', 'failed', 'skipped', 'cancelled', 'failed'))).toEqual({
      run: 'running',
      stopAfter: false,
      pending: 1,
      failedIds: ['failed-2', 'failed-5'],
      ended: 4
    })
    expect(queueFacts(queue({ kind: 'running', stopAfter: true })).stopAfter).toBe(true)
  })

  test('a held batch is under way too (the app quit without asking)', () => {
    expect([IDLE, RUNNING, PAUSED].map((run) => isBusy(queue(run)))).toEqual([false, true, true])
  })

  test('the machine is kept awake only while it works, and only if wanted (it never slept again)', () => {
    const off = { ...DEFAULT_APP_SETTINGS, keepAwake: false }
    expect([IDLE, RUNNING, PAUSED].map((run) => wantsAwake(queue(run), DEFAULT_APP_SETTINGS))).toEqual([
      false,
      true,
      false
    ])
    expect(wantsAwake(queue(RUNNING), off)).toBe(false)
  })

  test('the taskbar', () => {
    const half = { fraction: 0.5, speed: null, leftSec: null }
    const view = (run: RunState, ...kinds: string[]) => taskbarView(queueFacts(queue(run, ...kinds)), half)
    expect(view(RUNNING, 'pending')).toEqual({ value: 0.5, mode: 'normal' })
    expect(view(RUNNING, 'failed')).toEqual({ value: 0.5, mode: 'error' })
    expect(view(PAUSED, 'failed')).toEqual({ value: 0.5, mode: 'paused' })
    expect(view(IDLE, 'failed')).toEqual({ value: -1, mode: 'none' })
    expect(taskbarView(queueFacts(queue(RUNNING)), null).value).toBe(0)
    expect(taskbarView(queueFacts(queue(RUNNING)), { ...half, fraction: 1.01 }).value).toBe(1)
  })
})
