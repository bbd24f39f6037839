import { flushPromises, mount, type VueWrapper } from '@vue/test-utils'
import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { BenchReport, BenchView } from '../../../../shared/ipc/benchViews'
import type { Snapshot } from '../../../../shared/ipc/views'
import type { Job } from '../../../../shared/jobs/job'
import { emptyQueue } from '../../../../shared/jobs/reduceQueue'
import { applyLanguage, i18n } from '../../i18n'
import { fakeApi, FakeRefusal, installFake, restingSnapshot, type FakeApi } from '../../ipc/fakeApi.testkit'
import { useBench } from '../../stores/bench'
import { useListView } from '../../stores/listView'
import { useSession } from '../../stores/session'
import { useToasts } from '../../stores/toasts'
import DialogHost from '../dialogs/DialogHost.vue'
import { ratioOf } from './useBenchWords'

const REPORT: BenchReport = {
  version: 1,
  at: '2026-03-01T10:00:00.000Z',
  app: '0.1.0',
  machine: { cpu: 'Test CPU', cores: 8, memoryBytes: 16e9, platform: 'linux x64' },
  model: 'frcrn-lite',
  device: 'cpu',
  material: { name: 'sample.wav', audioSec: 300, treatment: 'looped', hasReference: true },
  growthFiles: 10,
  rows: [
    { id: 'peakRss', unit: 'bytes', naive: 1_842_123_456, stillwave: 164_234_567, article: 241_800_001 },
    { id: 'wallTime', unit: 's', naive: 20.4, stillwave: 40.8, article: 36.4 },
    {
      id: 'growth',
      unit: 'bytes',
      naive: { why: 'tooLarge', expectedBytes: 14.2e9 },
      stillwave: -400_000,
      article: { why: 'notMeasured', expectedBytes: null }
    },
    {
      id: 'stoi',
      unit: 'ratio',
      naive: { why: 'noReference', expectedBytes: null },
      stillwave: 0.807,
      article: { why: 'notRun', expectedBytes: null }
    }
  ]
}

const JOB: Job = {
  id: 'job-1',
  inputPath: '/in/Harbour, morning.wav',
  root: '/in',
  relativePath: 'Harbour, morning.wav',
  explicit: false,
  identity: { device: '1', inode: '1', sizeBytes: 1, modifiedNs: '0' },
  outputPath: '/out/a.wav',
  settingsKey: 'k',
  probe: {
    ok: true,
    info: { durationSec: 9, sampleRateHz: 44_100, channels: 1 } as Extract<Job['probe'], { ok: true }>['info']
  },
  status: { kind: 'pending', attempts: 0 }
}

let fake: FakeApi
let host: VueWrapper
let view: BenchView
let refuseStart: boolean
let exportedTo: string | null

async function open(snapshot: Partial<Snapshot> = {}): Promise<void> {
  fake = fakeApi({
    'app.snapshot': () => restingSnapshot(snapshot),
    'bench.view': () => view,
    'bench.start': () => {
      if (refuseStart) throw new FakeRefusal({ code: 'E_MEMORY', data: { detail: 'a preview is at work' } })
      return null
    },
    'bench.export': () => (exportedTo === null ? null : { path: exportedTo })
  })
  installFake(fake)
  const pinia = createPinia()
  setActivePinia(pinia)
  host = mount(DialogHost, { global: { plugins: [pinia, i18n] }, attachTo: document.body })
  await useSession().refresh()
  fake.push({ topic: 'command', command: 'measure' })
  await flushPromises()
}

async function tell(bench: BenchView): Promise<void> {
  fake.push({ topic: 'bench', bench })
  await flushPromises()
}

const find = (id: string): HTMLElement | null => document.querySelector(`[data-testid="${id}"]`)
const at = (id: string): HTMLElement => {
  const element = find(id)
  if (!element) throw new Error(`there is no ${id}`)
  return element
}
async function click(id: string): Promise<void> {
  at(id).click()
  await flushPromises()
}
const stage = (): string | undefined => at('measure-dialog').dataset.stage

beforeEach(() => {
  applyLanguage('en', 'en')
  view = { kind: 'idle', report: null }
  refuseStart = false
  exportedTo = null
})
afterEach(() => {
  host.unmount()
  document.body.replaceChildren()
})

describe('the choice', () => {
  it('is the bundled sample where no file is selected', async () => {
    await open()
    expect(stage()).toBe('choose')
    expect((at('bench-material-own') as HTMLButtonElement).disabled).toBe(true)
    await click('bench-start')
    expect(fake.requestsOf('bench.start')).toEqual([{ jobId: null, isQuick: false }])
  })

  it('can be the selected file (the bundled one measured in its place)', async () => {
    await open({ queue: { ...emptyQueue('epoch-1'), jobs: [JOB] } })
    useListView().selection = { ids: new Set(['job-1']), anchor: 'job-1', focus: 'job-1' }
    await flushPromises()
    expect(at('bench-material-own').textContent).toContain('Harbour, morning.wav')
    await click('bench-material-own')
    at('bench-length').querySelectorAll<HTMLElement>('[role=radio]')[1]!.click()
    await click('bench-start')
    expect(fake.requestsOf('bench.start')).toEqual([{ jobId: 'job-1', isQuick: true }])
  })

  it('does not start beside a batch (figures that say nothing)', async () => {
    await open({ queue: { ...emptyQueue('epoch-1'), run: { kind: 'running', stopAfter: false } } })
    expect((at('bench-start') as HTMLButtonElement).disabled).toBe(true)
    expect(at('measure-dialog').textContent).toContain('Files are being cleaned.')
  })

  it('says why main refused, and stays', async () => {
    refuseStart = true
    await open()
    await click('bench-start')
    expect(at('bench-failure').textContent).toContain('a preview is at work')
    expect(stage()).toBe('choose')
  })
})

describe('while it runs', () => {
  it('shows the steps, and rows as they come', async () => {
    await open()
    await tell({ kind: 'running', step: 'naive', fraction: 0.2, rows: [] })
    expect(stage()).toBe('running')
    expect(at('bench-step-prepare').dataset.state).toBe('stepDone')
    expect(at('bench-step-naive').dataset.state).toBe('stepNow')
    expect(at('bench-step-score').dataset.state).toBe('stepNext')
    expect(find('bench-table')).toBeNull()
    await tell({ kind: 'running', step: 'article', fraction: 0.5, rows: REPORT.rows.slice(0, 1) })
    expect(at('bench-peakRss-stillwave').dataset.value).toBe('164234567')
    expect(find('bench-row-wallTime')).toBeNull()
    expect(at('bench-fraction').textContent).toContain('50%')
  })

  it('can be cancelled', async () => {
    await open()
    await tell({ kind: 'running', step: 'naive', fraction: 0.2, rows: [] })
    await click('bench-cancel')
    expect(fake.requestsOf('bench.cancel').length).toBe(1)
  })

  it('goes on where the dialog is closed, is there again, and its end is told', async () => {
    await open()
    await tell({ kind: 'running', step: 'naive', fraction: 0.2, rows: [] })
    useBench().isOpen = false
    await flushPromises()
    expect(find('measure-dialog')).toBeNull()
    expect(fake.requestsOf('bench.cancel')).toEqual([])
    await tell({ kind: 'idle', report: REPORT })
    expect(useToasts().list.map(({ text }) => text)).toEqual(['This machine is measured'])
    view = { kind: 'idle', report: REPORT }
    fake.push({ topic: 'command', command: 'measure' })
    await flushPromises()
    expect(stage()).toBe('report')
  })

  it('that was cancelled is not told as measured (the older report taken for a new one)', async () => {
    view = { kind: 'idle', report: REPORT }
    await open()
    await tell({ kind: 'running', step: 'naive', fraction: 0.2, rows: [] })
    useBench().isOpen = false
    await tell({ kind: 'idle', report: REPORT })
    expect(useToasts().list).toEqual([])
  })

  it('that failed says so, and can be tried again', async () => {
    await open()
    await tell({ kind: 'running', step: 'naive', fraction: 0.2, rows: [] })
    await tell({ kind: 'failed', error: { code: 'E_MEMORY', data: {} }, report: null })
    expect(at('bench-failure').textContent).toContain('Measuring ended early')
    expect(stage()).toBe('choose')
    expect(useToasts().list).toEqual([])
  })
})

describe('the table', () => {
  beforeEach(() => {
    view = { kind: 'idle', report: REPORT }
  })

  it("shows the report's own numbers (figures that differ from what is exported)", async () => {
    await open()
    for (const row of REPORT.rows) {
      for (const way of ['naive', 'stillwave', 'article'] as const) {
        const value = row[way]
        expect(at(`bench-${row.id}-${way}`).dataset.value, `${row.id} ${way}`).toBe(
          typeof value === 'number' ? String(value) : ''
        )
      }
    }
    expect(at('bench-peakRss-naive').textContent).toContain('1842 MB')
    expect(at('bench-fact-material').textContent).toBe('sample.wav, 5 min · repeated, as it is short')
    expect(at('bench-fact-model').textContent).toBe('FRCRN-lite on CPU')
    expect(at('bench-row-growth').textContent).toContain('memory after 10 files')
  })

  it('says why there is no figure', async () => {
    await open()
    expect(at('bench-growth-naive').textContent).toContain('not run: would need about 14 GB')
    expect(at('bench-growth-article').textContent).toContain('not measured')
    expect(at('bench-stoi-naive').textContent).toContain('no clean track')
    expect(at('bench-stoi-article').textContent).toContain('not run')
  })

  it('says less and more, whichever way round (a slower Stillwave told as faster)', async () => {
    await open()
    expect(at('bench-peakRss-ratio').textContent).toContain('11× less')
    expect(at('bench-wallTime-ratio').textContent).toContain('2× more')
    expect(at('bench-growth-ratio').textContent).toContain('–')
    expect(ratioOf({ id: 'growth', unit: 'bytes', naive: 2e6, stillwave: 0, article: 0 })).toBeNull()
    expect(ratioOf({ id: 'siSdr', unit: 'dB', naive: 8, stillwave: 4, article: 4 })).toBeNull()
  })

  it('has the published figures beside it, and says that they are not of here', async () => {
    await open()
    expect(at('bench-peakRss-published').textContent).toContain('10,842 MB → 5,217 MB')
    expect(at('bench-wallTime-published').textContent).toContain('186 s → 153 s')
    expect(at('bench-growth-published').textContent).toContain('+1,200 MB → +320 MB')
    expect(at('bench-stoi-published').textContent).toContain('–')
    expect(at('measure-dialog').textContent).toContain(
      'on a GPU, five minutes of audio, before and after. Not measured here.'
    )
  })

  it('is exported where the person says, and says where; leaving the dialog says nothing', async () => {
    await open()
    await click('bench-export')
    expect(useToasts().list).toEqual([])
    exportedTo = '/home/a/measured.json'
    await click('bench-export')
    expect(useToasts().list[0]).toMatchObject({ tone: 'done', hint: '/home/a/measured.json' })
  })

  it('gives way to the choice for another measurement, and comes back', async () => {
    await open()
    await click('bench-again')
    expect(stage()).toBe('choose')
    await tell({ kind: 'running', step: 'prepare', fraction: 0, rows: [] })
    await tell({ kind: 'idle', report: REPORT })
    expect(stage()).toBe('report')
  })

  it('speaks Chinese', async () => {
    await open()
    applyLanguage('zh-CN', 'en')
    await flushPromises()
    expect(at('measure-dialog').textContent).toContain('并非在此测量')
  })
})
