import { describe, expect, it } from 'vitest'
import { formulaStateDict } from '../model/formulaWeights'
import { buildStateful } from '../model/stateful'
import { floats, longs, startState } from '../model/running.testkit'
import { encodeModel } from '../model/onnx/writeModel'
import { openSession } from './runtime'
import { TensorLedger } from './tensorLedger'

describe('TensorLedger', () => {
  it('counts a buffer once, however many views of it run, and what a run leaves behind once', () => {
    const ledger = new TensorLedger()
    const [kept, first, second] = [new ArrayBuffer(100), new ArrayBuffer(10), new ArrayBuffer(20)]
    ledger.ran([kept, kept, first])
    expect(ledger.counts).toEqual({ inUse: 2, bytesInUse: 110, givenBack: 0, bytesGivenBack: 0 })
    ledger.ran([kept, second])
    expect(ledger.counts).toEqual({ inUse: 2, bytesInUse: 120, givenBack: 1, bytesGivenBack: 10 })
    ledger.gaveBack(500)
    ledger.ran([kept, second])
    expect(ledger.counts).toEqual({ inUse: 2, bytesInUse: 120, givenBack: 2, bytesGivenBack: 510 })
  })

  it('counts what its owners keep as in use, whoever ran last (lanes in turn were given back at every run)', () => {
    const ledger = new TensorLedger()
    const [a, b] = [new ArrayBuffer(100), new ArrayBuffer(200)]
    for (const kept of [a, b]) ledger.keep(kept)
    for (let i = 0; i < 3; i++) for (const kept of [a, b]) ledger.ran([kept, new ArrayBuffer(1)])
    expect(ledger.counts).toEqual({ inUse: 3, bytesInUse: 301, givenBack: 5, bytesGivenBack: 5 })
    ledger.letGo(a)
    ledger.letGo(a)
    expect(ledger.counts).toEqual({ inUse: 2, bytesInUse: 201, givenBack: 6, bytesGivenBack: 105 })
  })

  it("keeps a session's account: what a run needs stays, its copies are given back (an account that says nothing is freed)", async () => {
    const size = { channels: 64, cascade: 1 } as const
    const session = await openSession(encodeModel(buildStateful(formulaStateDict(size))), { device: 'cpu', threads: 1 })
    expect(session.tensors).toEqual({ inUse: 0, bytesInUse: 0, givenBack: 0, bytesGivenBack: 0 })
    const state = startState(size, undefined)
    const into = { clean: floats(new Float32Array(320), [1, 320]), state_out: floats(state.slice(), [1, state.length]) }
    for (let i = 0; i < 6; i++) {
      await session.run(
        {
          noisy: floats(new Float32Array(320).fill(0.1), [1, 320]),
          state: floats(state, [1, state.length]),
          first_frame: longs([0]),
          frame_count: longs([1000])
        },
        into
      )
    }
    const { inUse, bytesInUse, givenBack, bytesGivenBack } = session.tensors
    expect(bytesInUse).toBeGreaterThanOrEqual(2 * state.byteLength)
    // The two states, and the small ones of the last run.
    expect(bytesInUse).toBeLessThan(2.2 * state.byteLength)
    expect(givenBack).toBeGreaterThanOrEqual(6)
    expect(bytesGivenBack).toBeGreaterThanOrEqual(6 * state.byteLength)
    expect(inUse).toBeLessThan(50)
    await session.release()
  })
})
