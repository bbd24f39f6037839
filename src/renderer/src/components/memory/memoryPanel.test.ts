import { flushPromises, mount, type DOMWrapper, type VueWrapper } from '@vue/test-utils'
import { createPinia, setActivePinia } from 'pinia'
import { TooltipProvider } from 'reka-ui'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { h } from 'vue'
import type { EngineFacts, Metrics, MetricsHistory } from '../../../../shared/ipc/memoryViews'
import type { Snapshot } from '../../../../shared/ipc/views'
import { applyLanguage, i18n } from '../../i18n'
import { fakeApi, FakeRefusal, installFake, restingSnapshot, type FakeApi } from '../../ipc/fakeApi.testkit'
import { useMemory } from '../../stores/memory'
import { useSession } from '../../stores/session'
import { installCanvas } from './canvas.testkit'
import MemoryPanel from './MemoryPanel.vue'

const NOW = 1_760_000_000_000
const SHA = 'a3f19c027be14d5586aa90be11c0ffee22d7c8b9e0f1a2b3c4d5e6f708192a3b'

const sample = (atMs: number, change: Partial<Metrics> = {}): Metrics => ({
  atMs,
  engineRssBytes: 151e6,
  enginePeakRssBytes: 169e6,
  appRssBytes: 322e6,
  totalBytes: 16e9,
  availableBytes: 8e9,
  gpu: { kind: 'unknown', why: 'none' },
  ...change
})

const FACTS: EngineFacts = {
  loaded: {
    modelName: 'FRCRN-lite',
    fileName: 'frcrn-lite.onnx',
    sizeBytes: 3_500_000,
    device: 'cpu',
    sha256: SHA,
    isVerified: true,
    graph: 'stateful',
    loadSec: 0.42
  },
  buffers: { inUse: 14, inUseBytes: 2_310_000, givenBack: 48_120, givenBackBytes: 7_921_000_000 },
  flight: { chunkSec: 1, batch: 2, lanes: 2 },
  precision: 'fp32',
  session: { ageSec: 742, runs: 3208, files: 6, generation: 1 }
}

const READY: Partial<Snapshot> = {
  engine: {
    kind: 'ready',
    device: 'cpu',
    threads: 2,
    join: 'carried',
    precision: 'fp32',
    precisionReason: null,
    pid: 7
  },
  facts: FACTS
}

let fake: FakeApi
let panel: VueWrapper
let canvas: ReturnType<typeof installCanvas>
let history: () => MetricsHistory

async function open(snapshot: Partial<Snapshot>): Promise<void> {
  fake = fakeApi({
    'app.snapshot': () => restingSnapshot(snapshot),
    'metrics.history': () => history(),
    'queue.preflight': () => ({
      example: { input: '/a', output: '/b' },
      warnings: [],
      forecastBytes: 172e6,
      forecast: null,
      forecastSec: null
    })
  })
  installFake(fake)
  const pinia = createPinia()
  setActivePinia(pinia)
  panel = mount(
    { render: () => h(TooltipProvider, () => h(MemoryPanel)) },
    { global: { plugins: [pinia, i18n] }, attachTo: document.body }
  )
  await useSession().refresh()
  await vi.advanceTimersByTimeAsync(500)
  await flushPromises()
}

async function push(...samples: readonly Metrics[]): Promise<void> {
  for (const metrics of samples) fake.push({ topic: 'metrics', metrics })
  await flushPromises()
}

const at = (testid: string): Omit<DOMWrapper<Element>, 'exists'> => panel.get(`[data-testid="${testid}"]`)
const measure = (id: string): string => at(`measure-${id}`).get('dd').text()

beforeEach(() => {
  vi.useFakeTimers({ now: NOW })
  applyLanguage('en', 'en')
  canvas = installCanvas()
  history = () => ({
    samples: [sample(NOW - 2000), sample(NOW - 1500), sample(NOW - 1000)],
    marks: [{ atMs: NOW - 1400, jobId: 'j', name: 'Harbour.wav' }]
  })
})

afterEach(() => {
  panel.unmount()
  canvas.restore()
  vi.useRealTimers()
})

describe('the graph', () => {
  it('begins with what main remembers, and goes on with what is told', async () => {
    await open(READY)
    expect(at('memory-graph').attributes('data-points')).toBe('3')
    await push(sample(NOW - 500, { engineRssBytes: 155e6 }))
    expect(at('memory-graph').attributes('data-points')).toBe('4')
    expect(at('legend-engine').attributes('data-value')).toBe('155000000')
    expect(at('legend-engine').text()).toContain('155 MB')
    expect(at('legend-app').text()).toContain('322 MB')
  })

  it('has axes with units and the forecast drawn with its figure', async () => {
    await open(READY)
    await vi.advanceTimersByTimeAsync(100)
    expect(canvas.texts).toContain('forecast 172 MB')
    expect(canvas.texts).toContain('100 MB')
    expect(canvas.texts).toContain('now')
    expect(canvas.texts.some((text) => /^-\d:\d\d$/u.test(text))).toBe(true)
  })

  it('names what lies above the scale; the other scale shows it (an engine drawn as a flat line)', async () => {
    await open(READY)
    expect(at('above-limit').text()).toContain('Free for the engine 8.2 GB')
    expect(Number(at('memory-graph').attributes('data-top'))).toBeLessThan(500e6)
    const machine = panel.findAll('[role=radio]').find((one) => one.text() === 'Machine')
    await machine!.trigger('click')
    expect(panel.find('[data-testid="above-limit"]').exists()).toBe(false)
    expect(Number(at('memory-graph').attributes('data-top'))).toBeGreaterThanOrEqual(16e9)
  })

  it('held, the view stays while recording goes on; back to live takes both up', async () => {
    await open(READY)
    await at('memory-hold').trigger('click')
    const points = at('memory-graph').attributes('data-points')
    expect(at('memory-notes').text()).toContain('Held, recording goes on')
    await push(sample(NOW + 30_000), sample(NOW + 30_500))
    expect(at('memory-graph').attributes('data-view')).toBe('held')
    expect(Number(at('memory-graph').attributes('data-points')) - Number(points)).toBeLessThanOrEqual(2)
    expect(at('legend-engine').attributes('data-value')).toBe('151000000')
    await at('memory-hold').trigger('click')
    expect(at('memory-graph').attributes('data-view')).toBe('live')
    expect(useMemory().samples().length).toBe(5)
  })

  it('is moved along, zoomed and left by the keyboard alone', async () => {
    await open(READY)
    const graph = at('memory-graph')
    await graph.trigger('keydown', { key: 'ArrowLeft' })
    await vi.advanceTimersByTimeAsync(50)
    expect(at('graph-tooltip').attributes('data-at')).toBe(String(NOW - 1000))
    expect(at('tooltip-engine').attributes('data-value')).toBe('151000000')
    await graph.trigger('keydown', { key: '+' })
    expect(graph.attributes('data-view')).toBe('held')
    await graph.trigger('keydown', { key: 'Escape' })
    expect(graph.attributes('data-view')).toBe('live')
    expect(panel.find('[data-testid="graph-tooltip"]').exists()).toBe(false)
  })

  it('a line that was left out stays out of the scale', async () => {
    await open(READY)
    const top = Number(at('memory-graph').attributes('data-top'))
    await at('legend-app').trigger('click')
    expect(at('legend-app').attributes('aria-pressed')).toBe('false')
    expect(Number(at('memory-graph').attributes('data-top'))).toBeLessThan(top)
  })

  it('can be read as a table, newest first, and as a sentence', async () => {
    await open(READY)
    expect(at('memory-summary').text()).toContain('Engine 151 MB, at most 169 MB.')
    await at('memory-as-table').trigger('click')
    const rows = at('memory-table').findAll('tbody tr')
    expect(rows.length).toBe(3)
    expect(rows[0]!.text()).toContain('151 MB')
  })
})

describe('what there is no figure for', () => {
  it.each([
    ['none', 'This machine reports no GPU memory.'],
    ['unreadable', "The graphics card's memory cannot be read here."]
  ] as const)('GPU memory %s', async (why, words) => {
    history = () => ({ samples: [sample(NOW - 1000, { gpu: { kind: 'unknown', why } })], marks: [] })
    await open(READY)
    expect(at('memory-notes').text()).toContain(words)
    expect(panel.find('[data-testid="legend-gpuOurs"]').exists()).toBe(false)
  })

  it('a card that tells the sum only has no line of ours (another program’s memory shown as ours)', async () => {
    const gpu = { kind: 'known', name: 'Card', totalBytes: 8e9, oursBytes: null, othersBytes: 1.1e9 } as const
    history = () => ({ samples: [sample(NOW - 1000, { gpu })], marks: [] })
    await open(READY)
    expect(panel.find('[data-testid="legend-gpuOurs"]').exists()).toBe(false)
    expect(at('legend-gpuOthers').text()).toContain('GPU all')
    expect(at('memory-notes').text()).toContain('Card, 8 GB')
  })

  it('an engine that does not run has no memory, no peak, and says when it starts', async () => {
    history = () => ({ samples: [sample(NOW - 1000, { engineRssBytes: null, enginePeakRssBytes: 0 })], marks: [] })
    await open({})
    expect(at('memory-notes').text()).toContain('No engine is running: it starts with the first file.')
    expect(at('legend-engine').text()).toContain('–')
    expect(at('memory-peak').text()).toBe('nothing ran yet')
    expect(at('memory-forecast').attributes('data-value')).toBe('172000000')
  })

  it('a history that cannot be had is said, and the graph goes on without', async () => {
    history = () => {
      throw new FakeRefusal({ code: 'E_INTERNAL', data: {} })
    }
    await open(READY)
    await push(sample(NOW))
    expect(at('memory-notes').text()).toContain('What was measured before could not be had')
    expect(at('memory-graph').attributes('data-points')).toBe('1')
  })
})

describe('the five measures', () => {
  it('are what the engine tells of itself', async () => {
    await open(READY)
    expect(measure('loaded')).toContain('FRCRN-lite on CPU')
    expect(measure('loaded')).toContain('matches the catalog')
    expect(measure('loaded')).toContain('3.5 MB in 0.42 s')
    expect(measure('buffers')).toContain('14 in use, 2.3 MB')
    expect(measure('buffers')).toContain('48,120 given back, 7.9 GB in all')
    expect(measure('flight')).toContain('1 s × 2')
    expect(measure('flight')).toContain('2 lanes in the last run')
    expect(measure('precision')).toBe('FP32, full')
    expect(measure('session')).toContain('6 files, 3,208 runs')
    expect(measure('session')).toContain('open for 12 min 22 s')
    expect(at('sha256').attributes('data-value')).toBe(SHA)
    expect(at('sha256').text()).toBe('a3f19c02…192a3b')
  })

  it('follow the engine, and go with it (facts of an engine that is gone)', async () => {
    await open(READY)
    fake.push({ topic: 'facts', facts: { ...FACTS, session: { ...FACTS.session, files: 1, runs: 1 } } })
    await flushPromises()
    expect(measure('session')).toContain('1 file, 1 run')
    fake.push({ topic: 'engine', engine: { kind: 'stopped' } })
    await flushPromises()
    expect(measure('loaded')).toContain('Will load FRCRN-lite (3.5 MB)')
    expect(measure('session')).not.toContain('1 file')
    expect(panel.find('[data-testid="sha256"]').exists()).toBe(false)
  })

  it('do not call an own file verified', async () => {
    await open({ ...READY, facts: { ...FACTS, loaded: { ...FACTS.loaded, isVerified: false } } })
    expect(measure('loaded')).toContain('own file, nothing to compare with')
    expect(measure('loaded')).not.toContain('matches')
  })

  it('speak Chinese', async () => {
    await open(READY)
    applyLanguage('zh-CN', 'en')
    await flushPromises()
    expect(measure('loaded')).toContain('与目录一致')
    expect(at('memory-notes').text()).toContain('这台机器没有报告显存。')
  })
})
