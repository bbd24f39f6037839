import { flushPromises, mount } from '@vue/test-utils'
import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { ForecastView } from '../../../../shared/ipc/views'
import { applyLanguage, i18n } from '../../i18n'
import { fakeApi, installFake } from '../../ipc/fakeApi.testkit'
import { useSession } from '../../stores/session'
import BudgetPart from './BudgetPart.vue'
import { firstBudgetMb } from './budgets'
import CostStrip from './CostStrip.vue'

const KNOWN: ForecastView = {
  state: 'known',
  chunkSec: 0.5,
  batch: 2,
  device: 'cuda',
  reason: 'budget',
  ramBytes: 180e6,
  vramBytes: 300e6,
  smallestBytes: 95.2e6,
  fitsBudget: true
}

async function textOf(component: object, forecast: ForecastView): Promise<string> {
  const example = { input: '/a', output: '/b' }
  const { ramBytes: forecastBytes } = forecast
  installFake(
    fakeApi({ 'queue.preflight': () => ({ example, warnings: [], forecastBytes, forecast, forecastSec: null }) })
  )
  const pinia = createPinia()
  setActivePinia(pinia)
  const part = mount(component, { global: { plugins: [pinia, i18n] }, props: { budgetMb: 200 } })
  await useSession().refresh()
  await vi.advanceTimersByTimeAsync(500)
  await flushPromises()
  return part.text().replace(/\s+/gu, ' ')
}

beforeEach(() => {
  vi.useFakeTimers()
  applyLanguage('en', 'en')
})
afterEach(() => {
  vi.useRealTimers()
})

it('says what a budget chooses, and what it is expected to take of both memories', async () => {
  const text = await textOf(BudgetPart, KNOWN)
  expect(text).toContain('Chunks of 0.5 s, 2 at once')
  expect(text).toContain('About 180 MB of memory · 300 MB on the card')
  expect(text).toContain('at least 96 MB')
  const strip = await textOf(CostStrip, KNOWN)
  expect(strip).toContain('and 300 MB on the card')
  expect(strip).toContain('Chosen by the budget: 0.5 s × 2')
})

it('says nothing of a shape where nothing fits (a chunk that would not run)', async () => {
  const text = await textOf(BudgetPart, { ...KNOWN, fitsBudget: false })
  expect(text).toContain('Too small: this model needs at least 96 MB.')
  expect(text).not.toContain('Chunks of')
})

it('tells of measuring, and of smaller pieces after memory ran out', async () => {
  const nothing = { ramBytes: null, vramBytes: null, smallestBytes: null, fitsBudget: null }
  const measuring: ForecastView = { ...KNOWN, ...nothing, state: 'measuring', reason: 'settings' }
  expect(await textOf(BudgetPart, measuring)).toContain('Measuring what this model takes …')
  expect(await textOf(CostStrip, measuring)).toContain('measuring …')
  expect(await textOf(CostStrip, { ...KNOWN, reason: 'memory' })).toContain('Memory ran out before')
})

it('begins a budget a little over what is needed now (a first budget that changes the run)', () => {
  expect(firstBudgetMb(KNOWN)).toBe(200)
  expect(firstBudgetMb(null)).toBe(400)
})
