import { setTimeout as sleep } from 'node:timers/promises'
import { runInNewContext } from 'node:vm'
import { setFlagsFromString } from 'node:v8'
import { describe, expect, it } from 'vitest'
import { formulaStateDict } from '../model/formulaWeights'
import { buildStateful } from '../model/stateful'
import { floats, longs, startState } from '../model/running.testkit'
import { encodeModel } from '../model/onnx/writeModel'
import { openSession } from './runtime'
import { TensorLedger } from './tensorLedger'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

describe('TensorLedger', () => {
  it('counts a buffer once, however many views of it run, and what is given back once (a count below zero)', () => {
    const ledger = new TensorLedger()
    const buffer = new ArrayBuffer(100)
    ledger.hold(buffer)
    ledger.hold(buffer)
    expect(ledger.counts).toEqual({ inUse: 1, bytesInUse: 100, givenBack: 0, bytesGivenBack: 0 })
    ledger.gaveBack(buffer, 100)
    ledger.gaveBack(buffer, 100)
    expect(ledger.counts).toEqual({ inUse: 0, bytesInUse: 0, givenBack: 1, bytesGivenBack: 100 })
  })

  it('hears of what the collector takes (a count that only grows)', async () => {
    const ledger = new TensorLedger()
    const kept = new ArrayBuffer(64)
    ledger.hold(kept)
    for (let i = 0; i < 10; i++) ledger.hold(new ArrayBuffer(1000))
    for (let i = 0; i < 20 && ledger.counts.givenBack < 10; i++) {
      collect()
      await sleep(10)
    }
    expect(ledger.counts).toEqual({ inUse: 1, bytesInUse: kept.byteLength, givenBack: 10, bytesGivenBack: 10_000 })
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
    // The two states, and small ones that wait for the collector.
    expect(bytesInUse).toBeLessThan(2.2 * state.byteLength)
    expect(givenBack).toBeGreaterThanOrEqual(6)
    expect(bytesGivenBack).toBeGreaterThanOrEqual(6 * state.byteLength)
    expect(inUse).toBeLessThan(50)
    await session.release()
  })
})
