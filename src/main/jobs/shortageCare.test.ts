import { describe, expect, it } from 'vitest'
import type { EngineSettings } from '../../engine/protocol'
import { AppError } from '../../shared/errors/appError'
import { EngineCrash } from '../processes/engineErrors'
import { fakeSettings } from '../processes/fakeEngine.testkit'
import { oomKillsIn } from './oomKills'
import { ShortageCare, type RunnerMemory } from './shortageCare'

interface Asked {
  readonly memory: RunnerMemory
  readonly retreats: EngineSettings[]
  readonly gaveUp: EngineSettings[]
}

function asked(answer: 'smaller' | 'cpu' | 'none'): Asked {
  const [retreats, gaveUp]: [EngineSettings[], EngineSettings[]] = [[], []]
  const memory: RunnerMemory = {
    retreat: (settings) => {
      retreats.push(settings)
      return Promise.resolve(answer)
    },
    succeeded: () => Promise.resolve(),
    gaveUp: (settings) => {
      gaveUp.push(settings)
      return Promise.resolve()
    }
  }
  return { memory, retreats, gaveUp }
}

const settings = fakeSettings()
const error = new AppError('E_MEMORY')
const killed = { code: null, signal: 'SIGKILL', lastWords: '' }

describe('ShortageCare', () => {
  it('retreats once for all files that went down with one engine (three files were three halvings)', async () => {
    const { memory, retreats } = asked('smaller')
    const care = new ShortageCare(memory)
    const key = {}
    const all = await Promise.all(['a', 'b', 'c'].map((id) => care.retreat(id, { key, settings, error })))
    expect(all).toEqual(['smaller', 'smaller', 'smaller'])
    expect(retreats).toHaveLength(1)
    expect(await care.retreat('a', { key: {}, settings, error })).toBe('smaller')
    expect(retreats).toHaveLength(2)
    expect(care.warningsOf('a')).toEqual(['W_MEMORY'])
  })

  it('tries a file once more at the floor, then gives it up and takes back what was tried for it', async () => {
    const { memory, gaveUp } = asked('none')
    const care = new ShortageCare(memory)
    expect(await care.retreat('a', { key: {}, settings, error })).toBe('smaller')
    expect(gaveUp).toHaveLength(0)
    expect(await care.retreat('a', { key: {}, settings, error })).toBe('none')
    expect(gaveUp).toHaveLength(1)
  })

  it('tells of the CPU where the device had too little', async () => {
    const care = new ShortageCare(asked('cpu').memory)
    await care.retreat('a', { key: {}, settings, error })
    expect(care.warningsOf('a')).toEqual(['W_DEVICE_FALLBACK'])
    await care.finished('a', settings)
    expect(care.warningsOf('a')).toEqual([])
  })

  it('takes an engine that was killed without a word for a crash the first time (small chunks for weeks after a kill by hand)', async () => {
    const { memory, retreats } = asked('smaller')
    const care = new ShortageCare(memory, () => 7)
    const crash = new EngineCrash(1, null, killed)
    expect(await care.retreat('a', { key: {}, settings, error: crash })).toBe('again')
    expect(await care.retreat('b', { key: {}, settings, error: crash })).toBe('again')
    expect([retreats.length, ...care.warningsOf('a')]).toEqual([0])
    expect(await care.retreat('a', { key: {}, settings, error: new EngineCrash(2, null, killed) })).toBe('smaller')
    await care.finished('b', settings)
    expect(await care.retreat('b', { key: {}, settings, error: new EngineCrash(3, null, killed) })).toBe('again')
  })

  it('believes the kernel where that has counted a kill for memory, for all files of that engine', async () => {
    let kills = 7
    const care = new ShortageCare(asked('smaller').memory, () => kills)
    kills = 8
    const crash = new EngineCrash(1, null, killed)
    for (const id of ['a', 'b']) expect(await care.retreat(id, { key: {}, settings, error: crash })).toBe('smaller')
    expect(await care.retreat('c', { key: {}, settings, error: new EngineCrash(2, null, killed) })).toBe('again')
    expect(oomKillsIn('pgfault 3\noom_kill 12\nnuma_hit 4\n')).toBe(12)
    expect(oomKillsIn('pgfault 3\n')).toBe(null)
  })

  it('is for memory only, and for engines that nobody ended', () => {
    const care = new ShortageCare(asked('smaller').memory)
    expect(care.concerns(new AppError('E_GPU_OOM'))).toBe(true)
    expect(care.concerns(new EngineCrash(1, null, killed))).toBe(true)
    expect(care.concerns(new EngineCrash(1, 'silent', killed))).toBe(false)
    expect(care.concerns(new EngineCrash(1, null, { ...killed, signal: 'SIGSEGV' }))).toBe(false)
    expect(care.concerns(new AppError('E_GPU_LOST'))).toBe(false)
    expect(new ShortageCare(undefined).concerns(new AppError('E_MEMORY'))).toBe(false)
  })
})
