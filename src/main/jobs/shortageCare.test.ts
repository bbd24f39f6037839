import { describe, expect, it } from 'vitest'
import type { EngineSettings } from '../../engine/protocol'
import { AppError } from '../../shared/errors/appError'
import { EngineCrash } from '../processes/engineErrors'
import { fakeSettings } from '../processes/fakeEngine.testkit'
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

describe('ShortageCare', () => {
  it('retreats once for all files that went down with one engine (three files were three halvings)', async () => {
    const { memory, retreats } = asked('smaller')
    const care = new ShortageCare(memory)
    const key = {}
    const all = await Promise.all(['a', 'b', 'c'].map((id) => care.retreat(id, { key, settings, error })))
    expect(all).toEqual([true, true, true])
    expect(retreats).toHaveLength(1)
    expect(await care.retreat('a', { key: {}, settings, error })).toBe(true)
    expect(retreats).toHaveLength(2)
    expect(care.warningsOf('a')).toEqual(['W_MEMORY'])
  })

  it('tries a file once more at the floor, then gives it up and takes back what was tried for it', async () => {
    const { memory, gaveUp } = asked('none')
    const care = new ShortageCare(memory)
    expect(await care.retreat('a', { key: {}, settings, error })).toBe(true)
    expect(gaveUp).toHaveLength(0)
    expect(await care.retreat('a', { key: {}, settings, error })).toBe(false)
    expect(gaveUp).toHaveLength(1)
  })

  it('tells of the CPU where the device had too little', async () => {
    const care = new ShortageCare(asked('cpu').memory)
    await care.retreat('a', { key: {}, settings, error })
    expect(care.warningsOf('a')).toEqual(['W_DEVICE_FALLBACK'])
    await care.finished('a', settings)
    expect(care.warningsOf('a')).toEqual([])
  })

  it('is for memory only, and for engines that nobody ended', () => {
    const care = new ShortageCare(asked('smaller').memory)
    const killed = { code: null, signal: 'SIGKILL', lastWords: '' }
    expect(care.concerns(new AppError('E_GPU_OOM'))).toBe(true)
    expect(care.concerns(new EngineCrash(1, null, killed))).toBe(true)
    expect(care.concerns(new EngineCrash(1, 'silent', killed))).toBe(false)
    expect(care.concerns(new EngineCrash(1, null, { ...killed, signal: 'SIGSEGV' }))).toBe(false)
    expect(care.concerns(new AppError('E_GPU_LOST'))).toBe(false)
    expect(new ShortageCare(undefined).concerns(new AppError('E_MEMORY'))).toBe(false)
  })
})
