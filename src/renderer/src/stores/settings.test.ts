import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { DEFAULT_APP_SETTINGS, patchSettings, type AppSettings } from '../../../shared/settings/appSettings'
import { FakeRefusal, fakeApi, installFake, restingSnapshot, type FakeApi } from '../ipc/fakeApi.testkit'
import { useSession } from './session'
import { useSettings } from './settings'
import { joinPatches } from './settingsOverlay'
import { useToasts } from './toasts'

let main: AppSettings
let refuse = false
let fake: FakeApi

/** A main that keeps the settings, as the real one does. */
function settingsMain(): FakeApi {
  main = { ...DEFAULT_APP_SETTINGS }
  refuse = false
  return fakeApi({
    'app.snapshot': () => restingSnapshot({ settings: main }),
    'settings.patch': (patch) => {
      if (refuse) throw new FakeRefusal({ code: 'E_READ_ONLY', data: {} })
      main = patchSettings(main, patch)
      return main
    }
  })
}

async function opened(): Promise<ReturnType<typeof useSettings>> {
  setActivePinia(createPinia())
  const settings = useSettings()
  await useSession().refresh()
  return settings
}

beforeEach(() => {
  vi.useFakeTimers()
  fake = settingsMain()
  installFake(fake)
})
afterEach(() => {
  vi.useRealTimers()
})

describe('settings', () => {
  it('shows a slid value at once and sends it once, when it is quiet (a request for every pixel)', async () => {
    const settings = await opened()
    for (const strengthPercent of [90, 80, 70]) settings.patchSoon({ job: { strengthPercent } })
    expect(settings.job.strengthPercent).toBe(70)
    expect(fake.requestsOf('settings.patch')).toEqual([])
    await vi.runAllTimersAsync()
    expect(fake.requestsOf('settings.patch')).toEqual([{ job: { strengthPercent: 70 } }])
    expect(main.job.strengthPercent).toBe(70)
  })

  it('a choice takes with it what is still being typed (a name that is lost because a switch was turned)', async () => {
    const settings = await opened()
    settings.patchSoon({ job: { output: { pattern: '{name}-a' } } })
    await settings.patch({ job: { output: { place: 'subfolder' }, batch: 2 } })
    expect(main.job.output).toMatchObject({ pattern: '{name}-a', place: 'subfolder' })
    expect(main.job.batch).toBe(2)
    await vi.runAllTimersAsync()
    expect(fake.requestsOf('settings.patch')).toHaveLength(1)
  })

  it('takes a refused change back, with a word about it', async () => {
    const settings = await opened()
    refuse = true
    await settings.patch({ theme: 'dark' })
    expect(settings.current.theme).toBe('system')
    expect(useToasts().list.map((toast) => toast.error?.code)).toEqual(['E_READ_ONLY'])
  })

  it('what main says while a value is being typed does not undo the typing', async () => {
    const settings = await opened()
    settings.patchSoon({ job: { chunkSec: 4 } })
    fake.push({ topic: 'settings', settings: { ...main, theme: 'dark' } })
    expect(settings.job.chunkSec).toBe(4)
    expect(settings.current.theme).toBe('dark')
  })

  it('changes made while a request is on its way follow it, in order', async () => {
    const settings = await opened()
    const first = settings.patch({ job: { chunkSec: 2 } })
    const second = settings.patch({ job: { chunkSec: 3 } })
    expect(settings.job.chunkSec).toBe(3)
    await Promise.all([first, second])
    expect(fake.requestsOf('settings.patch')).toEqual([{ job: { chunkSec: 2 } }, { job: { chunkSec: 3 } }])
    expect(settings.job.chunkSec).toBe(3)
  })

  it('knows the preset and what it costs', async () => {
    const settings = await opened()
    expect(settings.preset).toEqual({ kind: 'builtIn', id: 'balanced' })
    expect(settings.factor).toBe(1)
    await settings.patch({ job: { join: 'overlap', chunkSec: 2, overlapSec: 0.5 } })
    expect(settings.preset).toEqual({ kind: 'builtIn', id: 'article' })
    expect(settings.factor).toBeCloseTo(2.75, 2)
  })
})

describe('joinPatches', () => {
  it('keeps fields that only one of them names, at every level', () => {
    const first = { theme: 'dark', job: { batch: 2, output: { pattern: 'x' } } } as const
    const second = { notify: false, job: { threads: 3, output: { place: 'tree' } } } as const
    expect(joinPatches(first, second)).toEqual({
      theme: 'dark',
      notify: false,
      job: { batch: 2, threads: 3, output: { pattern: 'x', place: 'tree' } }
    })
    expect(joinPatches({ theme: 'dark' }, { notify: true })).toEqual({ theme: 'dark', notify: true })
  })
})
