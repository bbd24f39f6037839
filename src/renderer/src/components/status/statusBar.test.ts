import { flushPromises, mount } from '@vue/test-utils'
import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { Job, JobStatus } from '../../../../shared/jobs/job'
import type { Snapshot } from '../../../../shared/ipc/views'
import { DEFAULT_APP_SETTINGS, patchSettings } from '../../../../shared/settings/appSettings'
import { applyLanguage, i18n } from '../../i18n'
import { fakeApi, installFake, restingSnapshot, type FakeApi } from '../../ipc/fakeApi.testkit'
import { useSession } from '../../stores/session'
import StatusBar from './StatusBar.vue'

const job = (id: string, status: JobStatus): Job => ({
  id,
  inputPath: `/in/${id}.wav`,
  root: '/in',
  relativePath: `${id}.wav`,
  explicit: false,
  identity: { device: '1', inode: id, sizeBytes: 1, modifiedNs: '0' },
  outputPath: `/out/${id}.wav`,
  settingsKey: 'k',
  probe: null,
  status
})

let fake: FakeApi

afterEach(() => {
  document.body.replaceChildren()
})

async function open(snapshot: Partial<Snapshot>): Promise<(name: string) => string> {
  let main = DEFAULT_APP_SETTINGS
  fake = fakeApi({
    'app.snapshot': () => restingSnapshot(snapshot),
    'settings.patch': (patch) => (main = patchSettings(main, patch))
  })
  installFake(fake)
  const pinia = createPinia()
  setActivePinia(pinia)
  const bar = mount(StatusBar, { global: { plugins: [pinia, i18n] }, attachTo: document.body })
  await useSession().refresh()
  await flushPromises()
  return (name) => bar.get(`[data-testid=status-${name}]`).text()
}

const running = (kind: 'running' | 'paused'): Pick<Snapshot, 'queue' | 'engine' | 'batch'> => ({
  queue: {
    epoch: 'e',
    revision: 1,
    run: kind === 'running' ? { kind, stopAfter: false } : { kind },
    settings: {},
    jobs: [
      job('1', { kind: 'skipped' }),
      job('2', { kind: 'failed', error: { code: 'E_CORRUPT', data: {} } }),
      job('3', { kind: 'running', attempts: 1 }),
      job('4', { kind: 'pending', attempts: 0 })
    ]
  },
  engine: {
    kind: 'ready',
    device: 'cpu',
    threads: 2,
    join: 'carried',
    precision: 'fp32',
    precisionReason: null,
    pid: 7
  },
  batch: { fraction: 0.5, speed: 42.34, leftSec: 271 }
})

beforeEach(() => {
  applyLanguage('en', 'en')
})

it('tells what is measured while it runs', async () => {
  const text = await open(running('running'))
  fake.push({
    topic: 'metrics',
    metrics: {
      atMs: 1,
      engineRssBytes: 124e6,
      enginePeakRssBytes: 2e8,
      appRssBytes: 3e8,
      totalBytes: 16e9,
      availableBytes: 8e9,
      gpu: { kind: 'unknown', why: 'none' }
    }
  })
  await flushPromises()
  expect(text('engine')).toBe('CPU · 2 threads · FP32')
  expect(text('speed')).toBe('Speed42.3×')
  expect(text('queue')).toBe('Queue2 of 41 failed')
  expect(text('left')).toBe('Time left4 min 31 s')
  expect(text('memory')).toBe('Engine memory124 MB')
})

it('says why FP16 was asked for and FP32 runs (a toggle that lies)', async () => {
  const { engine } = running('running')
  const text = await open({ engine: { ...engine, precisionReason: 'notChecked' } as Snapshot['engine'] })
  expect(text('engine')).toBe('CPU · 2 threads · FP32 (FP16 not checked here)')
  fake.push({ topic: 'engine', engine: { ...engine, precision: 'fp16' } as Snapshot['engine'] })
  await flushPromises()
  expect(text('engine')).toBe('CPU · 2 threads · FP16')
})

it('shows no speed and no time left of a run that stands still (numbers that lie)', async () => {
  const text = await open(running('paused'))
  expect(text('speed')).toBe('Speed–')
  expect(text('left')).toBe('Time leftPaused')
})

it('does not invent a time left before anything was measured', async () => {
  const text = await open({ ...running('running'), batch: { fraction: 0, speed: null, leftSec: null } })
  expect(text('left')).toBe('Time leftEstimating …')
  expect(text('speed')).toBe('Speed–')
})

it('forgets the memory of an engine that is gone, and offers to try again', async () => {
  const error = { code: 'E_ENGINE_CRASH', data: {} } as const
  const text = await open({ engine: { kind: 'unavailable', error } })
  expect(text('memory')).toBe('Engine memory–')
  expect(text('engine')).toBe('Engine not availableRetry')
})

it('opens the memory panel from its figure, and closes it', async () => {
  await open(running('running'))
  const figure = document.querySelector<HTMLButtonElement>('button[aria-pressed]')!
  figure.click()
  await flushPromises()
  figure.click()
  await flushPromises()
  expect(fake.requestsOf('settings.patch')).toEqual([{ dock: 'memory' }, { dock: 'closed' }])
})
