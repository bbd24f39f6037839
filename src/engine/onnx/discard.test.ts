import { describe, expect, it } from 'vitest'
import { formulaStateDict } from '../model/formulaWeights'
import { floats, longs, openModel, startState } from '../model/running.testkit'
import { buildStateful } from '../model/stateful'
import { discard } from './discard'

describe('discard', () => {
  it('empties a big array and leaves a small one (its memory is not worth a message)', () => {
    const [big, small] = [new Float32Array(1 << 20), new Float32Array(16)]
    discard(big)
    discard(small)
    expect(big.length).toBe(0)
    expect(small.length).toBe(16)
  })

  it('keeps the copies that the binding makes of every output from piling up over runs', async () => {
    const size = { channels: 64, cascade: 1 } as const
    const session = await openModel(buildStateful(formulaStateDict(size)))
    const state = startState(size, undefined)
    expect(state.byteLength).toBeGreaterThan(1 << 20)
    const into = { clean: floats(new Float32Array(320), [1, 320]), state_out: floats(state.slice(), [1, state.length]) }
    const inputs = {
      noisy: floats(new Float32Array(320).fill(0.1), [1, 320]),
      state: floats(state, [1, state.length]),
      first_frame: longs([0]),
      frame_count: longs([1000])
    }
    await session.run(inputs, into)
    const before = process.memoryUsage().arrayBuffers
    let highest = before
    for (let i = 0; i < 12; i++) {
      await session.run(inputs, into)
      highest = Math.max(highest, process.memoryUsage().arrayBuffers)
    }
    expect(highest - before).toBeLessThan(3 * state.byteLength)
    expect(into.state_out.data.some((value) => value !== 0)).toBe(true)
    await session.release()
  })
})
