import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { Quitting, type QuittingOptions } from './quitting'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

function setUp(changes: Partial<QuittingOptions> = {}): {
  quitting: Quitting
  said: string[]
  answer: (quit: boolean) => void
} {
  const said: string[] = []
  let answer: (quit: boolean) => void = () => undefined
  const quitting = new Quitting({
    isBusy: () => true,
    ask: () => {
      said.push('ask')
      return new Promise((resolve) => {
        answer = resolve
      })
    },
    close: async () => {
      said.push('close')
    },
    exit: (code) => said.push(`exit ${code}`),
    log: (line) => said.push(line),
    ...changes
  })
  return {
    quitting,
    said,
    answer: (quit) => {
      answer(quit)
    }
  }
}

describe('Quitting', () => {
  test('with nothing under way it asks nobody', async () => {
    const { quitting, said } = setUp({ isBusy: () => false })
    await quitting.request()
    expect(said).toEqual(['close', 'exit 0'])
  })

  test('in mid-batch it asks once, however often it is requested (two boxes stood on each other)', async () => {
    const { quitting, said, answer } = setUp()
    const first = quitting.request()
    await quitting.request()
    expect(said).toEqual(['ask'])
    answer(true)
    await first
    expect(said).toEqual(['ask', 'close', 'exit 0'])
  })

  test('who keeps going can quit later', async () => {
    const { quitting, said, answer } = setUp()
    const first = quitting.request()
    answer(false)
    await first
    expect(said).toEqual(['ask'])
    const second = quitting.request()
    answer(true)
    await second
    expect(said).toEqual(['ask', 'ask', 'close', 'exit 0'])
  })

  test('the system asks nobody, also while the question stands; it closes once', async () => {
    const { quitting, said, answer } = setUp()
    const asked = quitting.request()
    await quitting.now()
    expect(said).toEqual(['ask', 'close', 'exit 0'])
    answer(true)
    await asked
    await quitting.request()
    expect(said).toEqual(['ask', 'close', 'exit 0'])
  })

  test('an end that hangs is cut short after three seconds (the app stayed in the task list)', async () => {
    const { quitting, said } = setUp({ close: () => new Promise(() => undefined) })
    void quitting.now()
    await vi.advanceTimersByTimeAsync(2999)
    expect(said).toEqual([])
    await vi.advanceTimersByTimeAsync(1)
    expect(said).toEqual(['quitting took too long and was cut short', 'exit 0'])
  })

  test('an end that fails is logged, and the app still goes', async () => {
    const { quitting, said } = setUp({ close: () => Promise.reject(new Error('disk gone')) })
    expect(quitting.isLeaving).toBe(false)
    await quitting.now()
    expect(quitting.isLeaving).toBe(true)
    expect(said[0]).toContain('disk gone')
    expect(said.at(-1)).toBe('exit 0')
  })
})
