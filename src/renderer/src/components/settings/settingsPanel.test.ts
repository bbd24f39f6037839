import { flushPromises, mount, type DOMWrapper, type VueWrapper } from '@vue/test-utils'
import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { emptyQueue, reduceQueue } from '../../../../shared/jobs/reduceQueue'
import type { PreflightWarning, Snapshot } from '../../../../shared/ipc/views'
import { DEFAULT_APP_SETTINGS, patchSettings, type AppSettings } from '../../../../shared/settings/appSettings'
import { applyLanguage, i18n } from '../../i18n'
import { fakeApi, installFake, restingSnapshot, type FakeApi } from '../../ipc/fakeApi.testkit'
import { useSession } from '../../stores/session'
import { aJob } from '../list/jobs.testkit'
import SelectField from '../ui/SelectField.vue'
import SettingsPanel from './SettingsPanel.vue'

let main: AppSettings
let picked: string | null
let warnings: readonly PreflightWarning[]
let fake: FakeApi
let panel: VueWrapper

async function open(snapshot: Partial<Snapshot> = {}): Promise<void> {
  fake = fakeApi({
    'app.snapshot': () => restingSnapshot({ settings: main, ...snapshot }),
    'settings.patch': (patch) => {
      main = patchSettings(main, patch)
      return main
    },
    'settings.pickFolder': () => {
      if (picked !== null) main = patchSettings(main, { job: { output: { folder: picked } } })
      return picked === null ? null : main
    },
    'queue.preflight': ({ settings }) => ({
      example: { input: '/in/a.wav', output: `/in/${settings.output.pattern.replace('{name}', 'a')}.wav` },
      warnings,
      forecastBytes: 124_000_000,
      forecast: null,
      forecastSec: null
    })
  })
  installFake(fake)
  const pinia = createPinia()
  setActivePinia(pinia)
  panel = mount(SettingsPanel, { global: { plugins: [pinia, i18n] }, attachTo: document.body })
  await useSession().refresh()
  await settle()
}

/** Past the quiet times of typing and of the check. */
async function settle(): Promise<void> {
  await vi.advanceTimersByTimeAsync(700)
  await flushPromises()
}

const button = (words: string): VueWrapper['element'] =>
  panel.findAll('button').find((one) => one.text() === words)!.element

beforeEach(() => {
  vi.useFakeTimers()
  main = { ...DEFAULT_APP_SETTINGS, language: 'en', showAdvanced: true }
  warnings = []
  picked = null
  applyLanguage('en', 'en')
})
afterEach(() => {
  panel.unmount()
  vi.useRealTimers()
})

describe('SettingsPanel', () => {
  it('changes to overlapping with the article’s values and says what they cost', async () => {
    await open()
    expect(panel.get('[data-testid=compute-factor]').text()).toBe('1.00×')
    await panel.get('[aria-label="How chunks join"]').findAll('[role=radio]')[1]!.trigger('click')
    await settle()
    expect(main.job).toMatchObject({ join: 'overlap', chunkSec: 2, overlapSec: 0.5 })
    expect(panel.get('[data-testid=compute-factor]').text()).toBe('2.75×')
    expect(panel.get('[data-testid=memory-forecast]').text()).toBe('about 124 MB')
  })

  it('shortens the overlap with its chunk (a pair that main refuses)', async () => {
    main = patchSettings(main, { job: { join: 'overlap', chunkSec: 2, overlapSec: 0.5 } })
    await open()
    const length = panel.get<HTMLInputElement>('input[aria-label="Chunk length"]')
    await length.setValue('0.5')
    await length.trigger('blur')
    await settle()
    expect(main.job).toMatchObject({ chunkSec: 0.5, overlapSec: 0.25 })
  })

  it('shows the preset and its price, and keeps the rest away until it is asked for', async () => {
    main = { ...main, showAdvanced: false }
    await open()
    expect(panel.text()).not.toContain('How chunks join')
    expect(panel.get('[data-testid=memory-forecast]').text()).toBe('about 124 MB')
    ;(button('Advanced') as HTMLButtonElement).click()
    await settle()
    expect(panel.text()).toContain('How chunks join')
  })

  it('gives a ceiling with a loudness, and takes it away with it (a target that clips)', async () => {
    await open()
    const ways = (): DOMWrapper<Element>[] => panel.get('[aria-label="Loudness"]').findAll('[role=radio]')
    await ways()[2]!.trigger('click')
    await settle()
    expect(main.job.output).toMatchObject({ loudness: 'target', truePeakDb: -1 })
    const target = panel.get<HTMLInputElement>('input[aria-label="Target loudness"]')
    await target.setValue('-23')
    await target.trigger('blur')
    await settle()
    expect(main.job.output.targetLufs).toBe(-23)
    await ways()[0]!.trigger('click')
    await settle()
    expect(main.job.output).toMatchObject({ loudness: 'restore', truePeakDb: null })
  })

  it('limits the reduction on request, and says what strength and limit come to (the weaker one was shown)', async () => {
    await open()
    expect(panel.text()).toContain('All the noise that the model finds is taken away.')
    await panel.get('[role=switch][aria-label="Limit the reduction"]').trigger('click')
    await settle()
    expect(main.job.floorDb).toBe(20)
    const most = panel.get<HTMLInputElement>('input[aria-label="Lower noise by at most"]')
    await most.setValue('12')
    await most.trigger('blur')
    await settle()
    expect(main.job.floorDb).toBe(12)
    expect(panel.text()).toMatch(/Noise is lowered by at most 12\.?0? dB/u)
  })

  it('takes the band over 8 kHz and the channels, and says whom they are for (a switch that sets another)', async () => {
    await open()
    const ways = panel.get('[aria-label="Above 8 kHz"]').findAll('[role=radio]')
    await ways[2]!.trigger('click')
    await settle()
    expect(main.job.output.above8k).toBe('16k')
    expect(panel.text()).toContain('Results have a sample rate of 16 kHz')
    await panel.get('[aria-label="Channels"]').findAll('[role=radio]')[1]!.trigger('click')
    await settle()
    expect(main.job.output.channels).toBe('each')
    expect(panel.text()).toContain('Each channel on its own')
  })

  it('offers a track of sound only where a file has several, and takes it back (a field that does nothing)', async () => {
    await open()
    expect(panel.text()).not.toContain('Audio track')
    panel.unmount()
    const named = { isDefault: true, channels: 2, title: 'Lecture', language: 'deu' }
    const tracks = [named, { ...named, title: null, language: 'en', isDefault: false }]
    const info = { durationSec: 1, sampleRateHz: 48_000, channels: 2, bitDepth: null, format: 'AAC', tracks }
    const film = { ...aJob('f', 'film.mkv'), probe: { ok: true, info } as const }
    await open({ queue: { ...emptyQueue('e'), jobs: [film], settings: { s1: main.job } } })
    const field = panel.findAllComponents(SelectField).find((one) => one.props('modelValue') === 'default')!
    const options = field.props('options') as readonly { readonly label: string }[]
    expect(options.map(({ label }) => label)).toEqual([
      ...['The default one', 'Track 1: German · Lecture', 'Track 2: English']
    ])
    field.vm.$emit('update:modelValue', '2')
    await settle()
    expect(main.job.output.audioTrack).toBe(2)
    expect(panel.text()).toContain('A file with fewer tracks is not cleaned')
    field.vm.$emit('update:modelValue', 'default')
    await settle()
    expect(main.job.output.audioTrack).toBeNull()
  })

  it('stores no name that cannot be one, and says why', async () => {
    await open()
    const name = panel.findAll<HTMLInputElement>('input').find((input) => input.element.value === '{name}.clean')!
    await name.setValue('a/b')
    await settle()
    expect(main.job.output.pattern).toBe('{name}.clean')
    expect(name.attributes('aria-invalid')).toBe('true')
    expect(panel.text()).toContain('A name cannot have any of these')
    await name.setValue('{name}-quiet')
    await settle()
    expect(main.job.output.pattern).toBe('{name}-quiet')
    expect(panel.get('[data-testid=output-example]').text()).toContain('a-quiet.wav')
  })

  it('goes to a folder only with one, and lets the name follow the place (files with nowhere to go would all fail)', async () => {
    await open()
    const place = panel.findAllComponents(SelectField).find((one) => one.props('modelValue') === 'beside')!
    place.vm.$emit('update:modelValue', 'tree')
    await settle()
    expect(main.job.output).toMatchObject({ place: 'beside', folder: null, pattern: '{name}.clean' })
    picked = '/clean'
    place.vm.$emit('update:modelValue', 'tree')
    await settle()
    expect(main.job.output).toMatchObject({ place: 'tree', folder: '/clean', pattern: '{name}' })
  })

  it('a half-typed name is not undone by main’s word about something else', async () => {
    await open()
    const name = panel.findAll<HTMLInputElement>('input').find((input) => input.element.value === '{name}.clean')!
    await name.setValue('{name')
    fake.push({ topic: 'settings', settings: { ...main, theme: 'dark' } })
    await settle()
    expect(name.element.value).toBe('{name')
  })

  it('names what stands in the way first, and gives waiting files these settings on request', async () => {
    warnings = [
      { kind: 'settingsDiffer', count: 3 },
      { kind: 'unsupported', count: 1, example: '/in/deep/cover.dat', error: { code: 'E_UNSUPPORTED', data: {} } },
      { kind: 'disk', path: '/out', neededBytes: 4e9, freeBytes: 1e9 }
    ]
    await open()
    const kinds = panel.findAll('li').map((item) => item.attributes('data-kind'))
    expect(kinds).toEqual(['disk', 'unsupported', 'settingsDiffer'])
    expect(panel.text()).toContain('1 file cannot be read: cover.dat')
    ;(button('Apply to waiting files') as HTMLButtonElement).click()
    await settle()
    expect(fake.requestsOf('queue.applySettings')).toEqual([{}])
  })

  it('never says that nothing stands in the way of an engine that cannot start', async () => {
    await open({ engine: { kind: 'unavailable', error: { code: 'E_MODEL_DAMAGED', data: {} } } })
    expect(panel.text()).toContain('Engine not available')
    expect(panel.text()).not.toContain('Nothing stands in the way')
  })

  it('says nothing about standing in the way where no file waits', async () => {
    await open({ queue: reduceQueue(emptyQueue('e'), { type: 'runChanged', run: { kind: 'idle', because: null } }) })
    expect(panel.text()).toContain('No files are waiting.')
  })

  it('speaks Chinese the moment it is asked to', async () => {
    await open()
    applyLanguage('zh-CN', 'en')
    await settle()
    expect(panel.text()).toContain('分块衔接方式')
    // A closed list keeps the words it was first drawn with, unless it is told otherwise.
    expect(panel.findAll('[role=combobox]').map((box) => box.text())).toEqual(expect.arrayContaining(['自动', '均衡']))
    expect(panel.text()).not.toMatch(/Preset|Overlap|Strength/u)
  })
})
