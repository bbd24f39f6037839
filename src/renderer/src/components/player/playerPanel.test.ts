import { flushPromises, mount, type VueWrapper } from '@vue/test-utils'
import { createPinia, setActivePinia } from 'pinia'
import { TooltipProvider } from 'reka-ui'
import { h, nextTick } from 'vue'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { PlayerClip } from '../../../../shared/ipc/playerViews'
import { patchSettings } from '../../../../shared/settings/appSettings'
import { i18n } from '../../i18n'
import { fakeApi, FakeRefusal, installFake, restingSnapshot, type FakeApi } from '../../ipc/fakeApi.testkit'
import type { GraphEvents } from '../../player/listenGraph'
import type { PlaybackState } from '../../player/messages'
import { usePlayer } from '../../stores/player'
import { usePreview } from '../../stores/preview'
import { useSession } from '../../stores/session'
import { aJob } from '../list/jobs.testkit'
import PlayerPanel from './PlayerPanel.vue'

/** The way to the speakers: happy-dom has none. What is told to it is written down. */
const said: unknown[][] = []
let events: GraphEvents | null = null
vi.mock('../../player/listenGraph', () => ({
  ListenGraph: {
    open: (_clip: PlayerClip, on: GraphEvents) => {
      events = on
      const note =
        (what: string) =>
        (...all: unknown[]): null => {
          said.push([what, ...all])
          return null
        }
      const names = ['play', 'pause', 'seek', 'setLoop', 'setMix', 'setVolume', 'setReady', 'positionNow', 'close']
      return Promise.resolve({ isBlocked: false, ...Object.fromEntries(names.map((name) => [name, note(name)])) })
    }
  }
}))

const CLIP: PlayerClip = {
  token: 't1',
  jobId: 'j1',
  name: 'talk.wav',
  kind: 'file',
  sampleRateHz: 1000,
  frames: 100_000,
  channels: 1,
  sourceChannels: 6,
  signals: ['original', 'clean', 'removed'],
  offsetSec: 0,
  url: 'app://stillwave/media/t1',
  dataOffset: 80,
  progress: { token: 't1', fraction: 1, readyFrames: 100_000, error: null }
}
const LOUDNESS = {
  original: { lufs: -20, peak: 0.3 },
  clean: { lufs: -26, peak: 0.2 },
  removed: { lufs: -80, peak: 0.001 },
  isExact: true
}
const playing = (change: Partial<PlaybackState> = {}): PlaybackState => ({
  kind: 'state',
  epoch: 1,
  positionFrame: 0,
  contextFrame: 0,
  isPlaying: true,
  isStarved: false,
  isEnded: false,
  heardFrames: 0,
  ...change
})

let fake: FakeApi
let wrapper: VueWrapper | null = null

async function start(clip: PlayerClip = CLIP, answers: Parameters<typeof fakeApi>[0] = {}): Promise<VueWrapper> {
  fake = fakeApi({
    'app.snapshot': () => restingSnapshot(),
    'player.open': () => clip,
    'player.loudness': () => LOUDNESS,
    'player.peaks': ({ bins }) => ({
      channels: [{ min: new Int16Array(bins), max: new Int16Array(bins) }],
      isExact: true
    }),
    'player.tile': () => ({ bytes: new Uint8Array(65_536), isComplete: true }),
    'preview.start': () => ({ previewId: 'p1' }),
    'settings.patch': (patch) => patchSettings(restingSnapshot().settings, patch),
    ...answers
  })
  installFake(fake)
  setActivePinia(createPinia())
  await useSession().refresh()
  usePlayer()
  const made = mount(
    { render: () => h(TooltipProvider, null, { default: () => h(PlayerPanel) }) },
    { global: { plugins: [i18n] }, attachTo: document.body }
  )
  wrapper = made
  await usePlayer().openJob('j1')
  await flushPromises()
  return made
}
const press = async (on: VueWrapper, key: string, target = '[data-testid=player]'): Promise<void> => {
  await on.find(target).trigger('keydown', { key })
  await flushPromises()
}
const last = (what: string): unknown[] | undefined => said.findLast(([name]) => name === what)

beforeEach(() => {
  said.length = 0
})
afterEach(() => {
  wrapper?.unmount()
  wrapper = null
})

describe('the player', () => {
  it('tells the truth in its attributes, and takes the keys of the sheet', async () => {
    const panel = await start()
    const player = panel.get('[data-testid=player]')
    expect(player.attributes()).toMatchObject({ 'data-signal': 'clean', 'data-playing': 'false', 'data-loop': '' })
    await press(panel, '3')
    expect(player.attributes('data-signal')).toBe('removed')
    await press(panel, 'Tab')
    expect(player.attributes('data-signal')).toBe('original')
    await press(panel, ' ')
    expect(last('play')).toBeDefined()
    events!.onState(playing({ positionFrame: 31_000 }))
    await nextTick()
    expect(player.attributes()).toMatchObject({ 'data-playing': 'true', 'data-position-frames': '31000' })
    await press(panel, 'ArrowLeft')
    expect(last('seek')).toEqual(['seek', 26_000])
    expect(player.attributes('data-position-frames')).toBe('26000')
    await press(panel, 'l')
    expect(player.attributes('data-loop')).toBe('25000-27000')
    expect(last('setLoop')).toEqual(['setLoop', { fromFrame: 25_000, toFrame: 27_000 }])
    await press(panel, 'l')
    expect(last('setLoop')).toEqual(['setLoop', null])
  })

  it('brings the signals to one loudness and says by how much, and where the bound is', async () => {
    const panel = await start()
    expect(fake.requestsOf('player.loudness')).toEqual([{ token: 't1', startFrame: 0, endFrame: 100_000 }])
    expect(last('setMix')![1]).toBe('clean')
    expect(last('setMix')![2]).toBeCloseTo(10 ** (6 / 20), 6)
    const level = panel.get('[data-testid=player-level]')
    expect(level.text()).toContain('+6 dB')
    expect(level.attributes('aria-description')).toContain('Removed is raised by 30 dB at most')
    // Asked again for the loop, which may be another sound.
    await press(panel, 'l')
    expect(fake.requestsOf('player.loudness').at(-1)).toEqual({ token: 't1', startFrame: 0, endFrame: 2000 })
    await level.trigger('click')
    await flushPromises()
    expect(fake.requestsOf('settings.patch').at(-1)).toEqual({ matchLoudness: false })
    expect(last('setMix')).toEqual(['setMix', 'clean', 1])
  })

  it('offers the original alone of a file that is not done, with the reason', async () => {
    const panel = await start({ ...CLIP, signals: ['original'] })
    const [original, clean] = panel.findAll('[data-testid=player-switch] [role=radio]')
    expect(original!.attributes('disabled')).toBeUndefined()
    expect(clean!.attributes('disabled')).toBeDefined()
    expect(clean!.attributes('aria-description')).toContain('Not cleaned yet')
    await press(panel, '2')
    expect(panel.get('[data-testid=player]').attributes('data-signal')).toBe('original')
    expect(fake.requestsOf('player.loudness')).toEqual([])
  })

  it('hides in a blind round what would tell which is which, and counts over rounds', async () => {
    const panel = await start()
    await press(panel, 'b')
    const options = (): string[] => panel.findAll('[data-testid=player-switch] [role=radio]').map((one) => one.text())
    expect(options().map((text) => text[0])).toEqual(['X', 'Y'])
    expect(panel.get('[data-testid=player-level]').text()).not.toContain('dB')
    expect(panel.get('[aria-live=polite]').text()).toBe('X, paused')
    const store = usePlayer()
    const better = store.blind!.x === 'clean' ? 'X is better' : 'Y is better'
    const button = (name: string) =>
      panel.findAll('[data-testid=player-blind-bar] button').find((one) => one.text() === name)!
    await button(better).trigger('click')
    expect(panel.get('[data-testid=player-blind-bar]').text()).toContain('Clean preferred: 1 of 1')
    await button('Another round').trigger('click')
    await button('No difference').trigger('click')
    expect(panel.get('[data-testid=player-blind-bar]').text()).toContain('Clean preferred: 1 of 2. No difference: 1.')
    await press(panel, 'b')
    expect(options()[0]).toContain('Original')
  })

  it('says why a file cannot be opened and what to do, and closes what came too late', async () => {
    const panel = await start(CLIP, {
      'player.open': () => {
        throw new FakeRefusal({ code: 'E_CORRUPT', data: { detail: 'no frames' } })
      }
    })
    const alert = panel.get('[role=alert]').text()
    expect(alert).toContain(i18n.global.t('errors.E_CORRUPT.what'))
    expect(alert).toContain(i18n.global.t('errors.E_CORRUPT.next'))
    expect(alert).toContain('no frames')
  })

  it('tells of a reading that broke off, and hands on what can be read', async () => {
    const panel = await start({ ...CLIP, progress: { token: 't1', fraction: 0.2, readyFrames: 20_000, error: null } })
    const error = { code: 'E_TRUNCATED', data: {} } as const
    fake.push({ topic: 'clip', progress: { token: 't1', fraction: 0.5, readyFrames: 50_000, error } })
    await flushPromises()
    expect(last('setReady')).toEqual(['setReady', 50_000])
    expect(panel.get('[data-testid=player-trouble]').text()).toContain('could not be read to its end')
  })

  it('closes a file that leaves the list, and says so (it stayed, and could not be heard)', async () => {
    const { queue } = restingSnapshot()
    let jobs = [aJob('j1', 'talk.wav'), aJob('j2', 'other.wav')]
    const panel = await start(CLIP, { 'app.snapshot': () => restingSnapshot({ queue: { ...queue, jobs } }) })
    jobs = jobs.slice(0, 1)
    await useSession().refresh()
    await flushPromises()
    expect(panel.find('[data-testid=player-surface]').exists()).toBe(true)
    jobs = []
    await useSession().refresh()
    await flushPromises()
    expect(panel.find('[data-testid=player-surface]').exists()).toBe(false)
    expect(panel.text()).toContain('talk.wav was taken out of the list')
    expect(fake.requestsOf('player.close')).toEqual([{ token: 't1' }])
  })

  it('reads anew when it is played again after an error (it stood there for ever)', async () => {
    const panel = await start()
    events!.onState(playing({ positionFrame: 31_000 }))
    events!.onError(new Error('no answer'))
    events!.onState(playing({ positionFrame: 31_200, isPlaying: false }))
    await press(panel, ' ')
    expect(last('seek')).toEqual(['seek', 31_200])
    expect(last('play')).toBeDefined()
  })

  it('tells why a file cannot be read any more, not that a read of it failed (HTTP 410)', async () => {
    const panel = await start()
    events!.onError(new Error('HTTP 410'))
    const error = { code: 'E_SOURCE_CHANGED', data: {} } as const
    fake.push({ topic: 'clip', progress: { token: 't1', fraction: 0.5, readyFrames: 50_000, error } })
    await flushPromises()
    expect(panel.get('[data-testid=player-trouble]').text()).toContain('changed, moved or deleted')
    expect(panel.get('[data-testid=player-trouble]').text()).not.toContain('410')
  })

  it('closes the clip before it opens another, and the one that is left', async () => {
    await start()
    const player = usePlayer()
    await player.openJob('j2')
    expect(fake.requestsOf('player.close')).toEqual([{ token: 't1' }])
    await player.close()
    expect(fake.requestsOf('player.close')).toHaveLength(2)
    expect(said.filter(([name]) => name === 'close')).toHaveLength(2)
  })
})

describe('a preview', () => {
  it('is asked for from the playhead on, shows its progress, and opens when it is done', async () => {
    const panel = await start()
    const preview = usePreview()
    usePlayer().seek(40_000)
    preview.from = 'playhead'
    await preview.start('j1')
    expect(fake.requestsOf('preview.start')).toEqual([{ jobId: 'j1', startSec: 40, lengthSec: 15 }])
    fake.push({
      topic: 'preview',
      preview: { previewId: 'p1', jobId: 'j1', state: { kind: 'working', fraction: 0.4 } }
    })
    await flushPromises()
    expect(panel.get('[data-testid=preview-working]').text()).toContain('40%')
    fake.push({
      topic: 'preview',
      preview: { previewId: 'p1', jobId: 'j1', state: { kind: 'done', startSec: 40, lengthSec: 15, speed: 4 } }
    })
    await flushPromises()
    expect(fake.requestsOf('player.open').at(-1)).toEqual({ jobId: 'j1', previewId: 'p1' })
  })

  it('of a loop that is too short is ten seconds, of one that is too long thirty', async () => {
    await start()
    const preview = usePreview()
    preview.from = 'loop'
    usePlayer().setRegion({ fromFrame: 5000, toFrame: 7000 })
    await preview.start('j1')
    expect(fake.requestsOf('preview.start').at(-1)).toEqual({ jobId: 'j1', startSec: 5, lengthSec: 10 })
    await preview.cancel()
    expect(fake.requestsOf('preview.cancel')).toEqual([{ previewId: 'p1' }])
    usePlayer().setRegion({ fromFrame: 0, toFrame: 90_000 })
    await preview.start('j1')
    expect(fake.requestsOf('preview.start').at(-1)).toEqual({ jobId: 'j1', startSec: 0, lengthSec: 30 })
  })

  it('that fails before its answer is there is told all the same (a push that overtakes)', async () => {
    const panel = await start(CLIP, {
      'preview.start': () => {
        const error = { code: 'E_TOO_SHORT', data: {} } as const
        fake.push({ topic: 'preview', preview: { previewId: 'p2', jobId: 'j1', state: { kind: 'failed', error } } })
        return { previewId: 'p2' }
      }
    })
    await usePreview().start('j1')
    await flushPromises()
    expect(panel.get('[data-testid=preview-failed]').text()).toContain(i18n.global.t('errors.E_TOO_SHORT.what'))
    expect(usePreview().isWorking).toBe(false)
  })
})
