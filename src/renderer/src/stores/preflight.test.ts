import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { Preflight } from '../../../shared/ipc/views'
import type { JobSettings } from '../../../shared/settings/jobSettings'
import { FakeRefusal, fakeApi, installFake, type FakeApi } from '../ipc/fakeApi.testkit'
import { usePreflight } from './preflight'
import { useSession } from './session'
import { useSettings } from './settings'

const answerFor = (settings: JobSettings): Preflight => ({
  example: { input: '/in/a.wav', output: `/out/${settings.output.pattern}.wav` },
  warnings: [],
  forecastBytes: settings.batch * 1e8,
  forecast: null,
  forecastSec: null
})

/** Requests to be answered by hand, in any order. */
let open: { readonly settings: JobSettings; readonly answer: () => void; readonly refuse: () => void }[]
let fake: FakeApi

beforeEach(async () => {
  vi.useFakeTimers()
  open = []
  fake = fakeApi({
    'settings.patch': () => new Promise<never>(() => undefined),
    'queue.preflight': ({ settings }) =>
      new Promise((resolve, reject) => {
        const answer = (): void => {
          resolve(answerFor(settings))
        }
        const refuse = (): void => {
          reject(new FakeRefusal({ code: 'E_IO', data: {} }))
        }
        open.push({ settings, answer, refuse })
      })
  })
  installFake(fake)
  setActivePinia(createPinia())
  await useSession().refresh()
})
afterEach(() => {
  vi.useRealTimers()
})

it('asks once for a burst of changes', async () => {
  const preflight = usePreflight()
  for (const pattern of ['a', 'ab', 'abc']) useSettings().patchSoon({ job: { output: { pattern } } })
  await vi.advanceTimersByTimeAsync(260)
  expect(open.map(({ settings }) => settings.output.pattern)).toEqual(['abc'])
  expect(preflight.checking).toBe(true)
  open[0]!.answer()
  await vi.advanceTimersByTimeAsync(0)
  expect(preflight.example?.output).toBe('/out/abc.wav')
  expect(preflight.checking).toBe(false)
})

it('drops an answer that comes after a newer question (the path of a name typed a second ago)', async () => {
  const preflight = usePreflight()
  await vi.advanceTimersByTimeAsync(260)
  useSettings().patchSoon({ job: { output: { pattern: 'new' } } })
  await vi.advanceTimersByTimeAsync(260)
  expect(open).toHaveLength(2)
  open[1]!.answer()
  await vi.advanceTimersByTimeAsync(0)
  open[0]!.answer()
  await vi.advanceTimersByTimeAsync(0)
  expect(preflight.example?.output).toBe('/out/new.wav')
})

it('says that the check could not be made, and forgets it with the next good one', async () => {
  const preflight = usePreflight()
  await vi.advanceTimersByTimeAsync(260)
  open[0]!.refuse()
  await vi.advanceTimersByTimeAsync(0)
  expect(preflight.error?.code).toBe('E_IO')
  useSettings().patchSoon({ job: { batch: 2 } })
  await vi.advanceTimersByTimeAsync(260)
  open[1]!.answer()
  await vi.advanceTimersByTimeAsync(0)
  expect(preflight.error).toBeNull()
  expect(preflight.forecastBytes).toBe(2e8)
})
