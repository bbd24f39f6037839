import { describe, expect, it } from 'vitest'
import { excerptCount, FROZEN_COUNT, freezeGates, planSurvey, spreadEvenly } from './gates'

const layout = { hopSamples: 320, stateSize: 5, cascade: 1, gateSums: { offset: 1, size: 2 }, gateCount: { offset: 4 } }

describe('planSurvey', () => {
  it('takes at most 8 s whatever the chunk, in runs no longer than the chunk (would catch over 10 % of two minutes)', () => {
    for (let chunkHops = 1; chunkHops < 600; chunkHops++) {
      const plan = planSurvey(chunkHops)
      expect(plan.excerptHops * plan.baseExcerpts).toBeLessThanOrEqual(400)
      expect(plan.excerptHops * plan.baseExcerpts).toBeGreaterThanOrEqual(250)
      expect(plan.excerptHops % plan.runHops).toBe(0)
      expect(plan.runHops).toBeLessThanOrEqual(chunkHops)
    }
  })
})

describe('excerptCount', () => {
  it('grows with the file and stays under a tenth of it from two minutes on (would catch a survey that costs too much)', () => {
    for (const chunkHops of [1, 25, 50, 600]) {
      const plan = planSurvey(chunkHops)
      for (let fileHops = 6000; fileHops < 100_000; fileHops += 500) {
        expect(excerptCount(plan, fileHops) * plan.excerptHops).toBeLessThanOrEqual(0.1 * fileHops)
      }
      expect(excerptCount(plan, 6000)).toBe(plan.baseExcerpts)
      expect(excerptCount(plan, 90_000)).toBe(2 * plan.baseExcerpts)
    }
  })
})

describe('spreadEvenly', () => {
  it('takes all of few and the middle of equal parts of many', () => {
    expect(spreadEvenly(3, 8)).toEqual([0, 1, 2])
    expect(spreadEvenly(16, 8)).toEqual([1, 3, 5, 7, 9, 11, 13, 15])
    expect(spreadEvenly(9, 2)).toEqual([2, 6])
    expect(spreadEvenly(0, 8)).toEqual([])
  })
})

describe('freezeGates', () => {
  it('keeps the means and lets no later frame move them', () => {
    const state = Float32Array.of(7, 30, -6, 9, 3)
    expect(freezeGates(state, layout)).toBe(true)
    for (let frame = 0; frame < 360_000; frame++) {
      // A run adds up to 600 s of frames at once: 1e9 moved with every run of 33 frames or more.
      state[1]! += 15_000
      state[2]! += 15_000
      state[4]! += 30_000
    }
    expect(state[1]! / state[4]!).toBe(10)
    expect(state[2]! / state[4]!).toBe(-2)
    expect(state[4]).toBe(FROZEN_COUNT)
    expect([state[0], state[3]]).toEqual([7, 9])
  })

  it('leaves a state alone that has counted nothing (would catch a division by zero in every gate)', () => {
    const state = new Float32Array(5)
    expect(freezeGates(state, layout)).toBe(false)
    expect(state).toEqual(new Float32Array(5))
  })
})
